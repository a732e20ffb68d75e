#!/usr/bin/env bash
# A login by password asks its backend with a token, too: fetched anew once; without one, and when it is refused, that
# is never the user's fault (contract 3.1, 3.2; DESIGN A4, A7). Beside it users' tokens are introspected with an
# assertion for that endpoint.
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"

backend_start -l inet:127.0.0.1:0
provider_start
provider_new good none idp
script none 'token status 400'
introspects idp carols '{"active":true,"username":"carol"}'
key_new pfx ES256
status='header=Auth-Status:%%20no'
login good "$status&status=%{user}" "$(backend_oidc good)"
login once "$status&once=401&status=%{user}" "$(backend_oidc good)"
login forever 'status=401' "$(backend_oidc good)"
login scope 'status=403' "$(backend_oidc good)"
login none 'status=200' "$(backend_oidc none)"
login both 'status=200' "$(backend_oidc good) $(sasl_oidc idp '' \
    "client_id = \"pfx\"; private_key_file = \"$T/keys/pfx.pem\";")"
sasl_configuration
for name in good once forever scope none both; do serves "$name"; done

says() { # NAME USER REPLY: to a client of minor 0
    dialogue "$1, $2" "unix:$T/$1" 'hello 0' "send $(auth 1 PLAIN "$(plain "$2" pw)")" "$3"
}
bearer() { # COUNT
    expect_holds "what the backend gets" "Authorization: Bearer good-$1"$'\r' "$(fetch /_last)"
}
says good 200 'line OK\t1\tuser=200'
bearer 1
says good 403 'like FAIL\t1\tuser=403\treason=.+'
says none 200 end
says once 200 'line OK\t1\tuser=200'
expect_equal "questions to the backend" 2 "$(fetch '/_count?path=/once?')"
says forever 200 end
expect_equal "questions to the backend" 2 "$(fetch '/_count?path=/forever?')"
says scope 200 end
expect_log 'warning: sasl=scope,.*status 403'
says good 200 'line OK\t1\tuser=200'

dialogue "a token" "unix:$T/both" 'hello 0' "send $(auth 1 XOAUTH2 "$(xoauth2 carol carols)")" \
    'line OK\t1\tuser=carol' "send $(auth 2 PLAIN "$(plain alice pw)")" 'line OK\t2\tuser=alice'
form=$(last_request idp introspection | cut -f 2)
assertion=$(form_member client_assertion "$form")
expect_equal "the client" pfx "$(form_member client_id "$form")"
expect_equal "the token" carols "$(form_member token "$form")"
expect_equal "iss, sub and aud" "pfx pfx $PROVIDER/idp/introspection" \
    "$(json_members "$(jwt_part "$assertion" 2)" iss sub aud)"
jwt_verifies pfx ES256 "$assertion" || fail "the assertion is not signed: $(<"$T/openssl.log")"
expect_no_log 'SECRET|Bearer|carols'
