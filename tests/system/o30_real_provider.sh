#!/usr/bin/env bash
# A real provider, Debian's glewlwyd, through TLS: tokens for a backend by each method that it knows, and a user's token
# through smtpd by AUTH XOAUTH2 and AUTH OAUTHBEARER: 235; revoked or expired: the JSON challenge, then 535; when the
# provider is gone: 454.
# Slow: it needs glewlwyd.
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"
. "$(dirname "$0")/glewlwyd.sh"

glewlwyd_new
backend_start -l inet:127.0.0.1:0
secret="client_secret = $(quoted "$GLEWLWYD_SECRET");"
trust="tls = { root_ca = \"$T/certs/ca.pem\"; };"
at() { # ISSUER [SETTINGS]: what a group holds
    echo "configuration_uri = \"$1/.well-known/openid-configuration\"; $trust ${2:-}"
}

# --- Tokens for a backend

with() { # NAME CLIENT
    map "$1" '' "backend_oidc_auth = { $(at "$ISSUER" "scopes = [\"mail\", \"send\"]; $2") };"
}
with basic "client_id = \"basic\"; $secret auth_method = \"client_secret_basic\"; basic_encoding = \"raw\";"
with auto "client_id = \"basic\"; $secret basic_encoding = \"raw\";"
with post "client_id = \"post\"; $secret auth_method = \"client_secret_post\";"
with encoded "client_id = \"basic\"; $secret"
for algorithm in $GLEWLWYD_ALGORITHMS; do
    with "$algorithm" "client_id = \"keys\"; private_key_file = \"$T/keys/$algorithm.pem\"; key_id = \"$algorithm\";"
done
map untrusted '' "backend_oidc_auth = { $(trust='' && at "$ISSUER" "client_id = \"basic\"; $secret") };"
configuration
DAEMON=pfx-socketmap
ask_map() { # NAME GLOB
    local reply
    reply=$(ask_at "unix:$T/map" "$1" key) || fail "no reply for $1"
    expect_match "$1" "$2" "$reply"
}
answers() {
    ask_at "$1" no_such_entry key >/dev/null 2>&1
}
pfx_standalone -L "unix:$T/map,mode=0666"
pfx_serves "unix:$T/map"
for name in basic auto post $GLEWLWYD_ALGORITHMS; do
    client=$name
    case $name in auto) client=basic ;; [REP]*) client=keys ;; esac
    ask_map "$name" 'OK value-of-key'
    token=$(fetch /_last | sed -n 's/^Authorization: Bearer \([^\r]*\)\r*$/\1/p')
    jwt_verifies glewlwyd RS256 "$token" || fail "$name: this is no token: $token"
    expect_equal "whose token $name has" "$client mail send" "$(json_members "$(jwt_part "$token" 2)" client_id scope)"
done
ask_map encoded 'TEMP *' # glewlwyd does not decode
ask_map untrusted 'TEMP *'
expect_log 'warning: oidc=https:.*status 403'
pfx_stop

# --- A user's token

ENTRIES=
DAEMON=pfx-saslbridge
sasl_postfix_new introspection jwks brief brief_jwks
in_chroot=$(instance_command "$PLAIN/$DAEMON") # where the sanitizers do not find what they need
sed -i "/^\(introspection\|jwks\) /s|- - n - 1 .*|- - y - 1 $in_chroot|" "$T/etc/master.cf"
mailer="client_id = \"mailer\"; $secret basic_encoding = \"raw\"; required_scopes = \"mail\";"
# glewlwyd names the scopes as audience.
verified="validation = \"jwks\"; audience = [\"mail\", \"mail send\"]; required_claims = \"type=access_token\";
    clock_skew = \"0s\"; claimed_name = \"ignore\";"
token_entry() { # NAME ISSUER [SETTINGS]
    entry "$1" "mechanisms = [\"XOAUTH2\", \"OAUTHBEARER\"]; sasl_oidc_auth = { $(at "$2" "$mailer ${3:-}") };"
}
token_entry introspection "$ISSUER"
token_entry jwks "$ISSUER" "$verified account_claim = [\"email\"];"
token_entry brief "$BRIEF_ISSUER"
token_entry brief_jwks "$BRIEF_ISSUER" "$verified"
sasl_configuration
postfix_start

message() { # MECHANISM TOKEN
    if [ "$1" = XOAUTH2 ]; then xoauth2 alice "$2"; else oauthbearer alice "$2"; fi
}
logs_in() { # NAME REPLY TOKEN: by both mechanisms, as an initial response and continued
    local how
    for how in XOAUTH2 OAUTHBEARER; do
        expect_match "$1, $how" "$2" "$(smtp_auth "$1" "AUTH $how $(message "$how" "$3")")"
        expect_match "$1, $how, continued" "$2" "$(smtp_auth "$1" "AUTH $how" "$(message "$how" "$3")")"
    done
}
is_told() { # NAME ISSUER TOKEN STATUS STATUS: the challenges of XOAUTH2 and OAUTHBEARER, then 535
    local how json="{\"status\":\"$4\",\"schemes\":\"bearer\",\"scope\":\"mail\"}"
    for how in XOAUTH2 OAUTHBEARER; do
        session_open "$1"
        say "AUTH $how $(message "$how" "$3")"
        expect_equal "$1: the challenge of $how" "334 $(b64 "$json")" "$REPLY"
        say AQ==
        expect_match "$1: $how" "$ANY_REFUSAL" "$REPLY"
        session_close
        json="{\"status\":\"$5\",\"scope\":\"mail\",\"openid-configuration\":\"$2/.well-known/openid-configuration\"}"
    done
}
sends() { # NAME TOKEN ACCOUNT: the account is the token's
    session_open "$1"
    say "AUTH XOAUTH2 $(xoauth2 alice "$2")"
    expect_equal "$1" "$ACCEPTED" "$REPLY"
    say 'MAIL FROM:<alice@example.test>'
    say 'RCPT TO:<user@virt.example>'
    expect_equal "$1: a recipient" '250 2.1.5 Ok' "$REPLY"
    session_close
    expect_log "sasl_method=XOAUTH2, sasl_username=$3\$"
}
token=$(user_token 'mail send')
for name in introspection jwks; do logs_in "$name" "$ACCEPTED" "$token"; done
sends introspection "$token" alice
sends jwks "$token" 'alice@example\.test'
poor=$(user_token send)
is_told introspection "$ISSUER" "$poor" 403 insufficient_scope
expect_match "another's name" "$ANY_REFUSAL" "$(smtp_auth introspection "AUTH XOAUTH2 $(xoauth2 bob "$token")")"
for name in introspection jwks; do is_told "$name" "$ISSUER" "${token%?????}AAAAA" 401 invalid_token; done

revoke_token "$token"
is_told introspection "$ISSUER" "$token" 401 invalid_token
logs_in jwks "$ACCEPTED" "$token" # nobody is asked

token=$(user_token mail "$BRIEF_ISSUER")
is_over() {
    [[ $(introspect "$token" "$BRIEF_ISSUER") == *'"active":false'* ]]
}
wait_for 10 is_over || fail "a token does not end"
for name in brief brief_jwks; do is_told "$name" "$BRIEF_ISSUER" "$token" 401 invalid_token; done

# --- The provider is gone, and comes back.

token=$(user_token)
glewlwyd_stop
logs_in introspection "$LATER" "$token"
logs_in jwks "$ACCEPTED" "$token"
glewlwyd_start
logs_in introspection "$ACCEPTED" "$token"
expect_no_log "s3cret|${token:0:60}"
