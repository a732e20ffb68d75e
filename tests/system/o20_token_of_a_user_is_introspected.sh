#!/usr/bin/env bash
# XOAUTH2 and OAUTHBEARER, with tokens that the provider is asked about: the account is the token's, a wrong token gets
# the JSON challenge before FAIL, a provider that fails is a temporary failure (contract 2.3 to 2.6, 5.4, 5.6; 6.5,
# points 8 and 10).
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"

backend_start -l inet:127.0.0.1:0
provider_start
provider_new idp
token_entry users '' 'http = { timeout = "2s"; };'
token_entry scoped 'required_scopes = ["mail", "send"];'
token_entry ignoring 'claimed_name = "ignore";'
token_entry claims 'audience = ["mailserver", "smtp"]; account_claim = ["mail.address", "upn"];
    required_claims = "kind=access"; scopes = "mail";' 'oauth_properties = "plaintext";'
token_entry poor 'required_scopes = "mail"; auth_method = "client_secret_post";'
login both 'status=200' "$(sasl_oidc idp)"
sasl_configuration
for name in users scoped ignoring claims poor both; do serves "$name"; done

later=$(($(date +%s) + 600))
ago=$(($(date +%s) - 600))
knows() { # TOKEN MEMBERS: an active one
    introspects idp "$1" "{\"active\":true,$2}"
}
knows good "\"username\":\"alice@x.example\",\"sub\":\"77\",\"scope\":\"openid mail send\",\"exp\":$later,\"nbf\":$ago"
knows a+b/c.d-e_f~g== '"username":"alice@x.example"'
knows sub '"sub":"bob"'
knows listed '"username":"alice@x.example","scope":["mail","send"],"token_type":"Bearer"'
knows no_account '"scope":"mail"'
knows empty_account '"username":"","sub":""'
knows number_account '"username":5'
knows control_account '"username":"alice\tnologin"'
knows expired "\"username\":\"alice\",\"exp\":$ago"
knows not_yet "\"username\":\"alice\",\"nbf\":$later"
knows other_issuer '"username":"alice","iss":"https://elsewhere.example"'
knows refresh '"username":"alice","token_type":"refresh_token"'
knows unscoped '"username":"alice","scope":"openid mail"'
knows claimed '"aud":["x","smtp"],"kind":"access","upn":"u","mail":{"address":"alice@x.example"},"username":"eve"'
knows claimed_otherwise '"aud":"mailserver","kind":"access","upn":"alice@x.example"'
knows foreign '"aud":"web","kind":"access","upn":"alice"'
knows no_audience '"kind":"access","upn":"alice"'
knows other_kind '"aud":"smtp","kind":"id","upn":"alice"'
knows other_account '"aud":"smtp","kind":"access","username":"alice","sub":"alice"'
introspects idp inactive '{"active":false,"username":"alice"}'
introspects idp words '{"active":"true","username":"alice"}'
introspects idp nothing '{"username":"alice"}'

message() { # MECHANISM NAME TOKEN
    if [ "$1" = XOAUTH2 ]; then xoauth2 "$2" "$3"; else oauthbearer "$2" "$3"; fi
}
both=(XOAUTH2 OAUTHBEARER)
accepts() { # ENTRY NAME TOKEN ACCOUNT
    local how text
    for how in "${both[@]}"; do
        text=$(message "$how" "$2" "$3")
        dialogue "$1, $how, $3" "unix:$T/$1" 'hello 0' "send $(auth 1 "$how" "$text")" "line OK\t1\tuser=$4" \
            "send $(auth 2 "$how")" 'line CONT\t2\t' "send CONT\t2\t$text" "line OK\t2\tuser=$4"
    done
}
refuses() { # ENTRY TOKEN STATUS STATUS SCOPE REASON: with the challenges of XOAUTH2 and OAUTHBEARER
    local how status=$3 dummy
    for how in "${both[@]}"; do
        for dummy in '' AQ== '=' 'no base64!' "$(b64 'anything at all')"; do
            dialogue "$1, $how, $2, answered '$dummy'" "unix:$T/$1" 'hello 0' \
                "send $(auth 5 "$how" "$(message "$how" alice "$2")")" \
                "line CONT\t5\t$(challenge "$how" "$status" "$5")" \
                "send CONT\t5\t$dummy" "line FAIL\t5\tuser=alice\treason=$6"
        done
        status=$4
    done
}
invalid() { # ENTRY SCOPE TOKEN...
    local token
    for token in "${@:3}"; do refuses "$1" "$token" 401 invalid_token "$2" 'invalid token'; done
}

accepts users alice@x.example good alice@x.example
accepts users ALICE@X.EXAMPLE good alice@x.example
accepts users alice@x.example a+b/c.d-e_f~g== alice@x.example
IFS=$'\t' read -r authorization form _ <<<"$(last_request idp introspection)"
expect_equal "Authorization" "Basic $(b64 pfx:SECRET)" "$authorization"
expect_equal "the token" a+b/c.d-e_f~g== "$(form_member token "$form")"
expect_equal "its kind" access_token "$(form_member token_type_hint "$form")"
accepts users bob sub bob
accepts scoped alice@x.example good alice@x.example
accepts scoped alice@x.example listed alice@x.example
accepts ignoring eve good alice@x.example
accepts claims alice@x.example claimed alice@x.example
accepts claims alice@x.example claimed_otherwise alice@x.example
dialogue "no name" "unix:$T/users" 'hello 0' "send $(auth 1 OAUTHBEARER "$(oauthbearer '' good)")" \
    'line OK\t1\tuser=alice@x.example'
dialogue "PLAIN beside" "unix:$T/both" 'hello 0' "send $(auth 1 PLAIN "$(plain carol pw)")" 'line OK\t1\tuser=carol' \
    "send $(auth 2 XOAUTH2 "$(xoauth2 bob sub)")" 'line OK\t2\tuser=bob'
for how in "${both[@]}"; do
    dialogue "$how, another's name" "unix:$T/users" 'hello 0' "send $(auth 3 "$how" "$(message "$how" eve good)")" \
        'like FAIL\t3\tuser=eve\tcode=authz_fail\treason=[a-z ]+' "send $(auth 3 "$how" "$(message "$how" bob sub)")" \
        'line OK\t3\tuser=bob'
done

invalid users '' unknown inactive no_account empty_account number_account control_account expired not_yet other_issuer \
    refresh
invalid claims mail foreign no_audience other_kind other_account
refuses scoped unscoped 403 insufficient_scope 'mail send' 'insufficient scope'
refuses poor sub 403 insufficient_scope mail 'insufficient scope'
for quit in "send CANCEL\t5" "send $(auth 4 XOAUTH2)|line CONT\t4\t"; do # a client of minor 0 forgets the first
    IFS='|' read -ra steps <<<"$quit"
    dialogue "no answer to the challenge" "unix:$T/users" 'hello 0' "send $(auth 5 XOAUTH2 "$(xoauth2 a unknown)")" \
        'like CONT\t5\t.+' "${steps[@]}" "send CONT\t5\t" 'like FAIL\t5\treason=.+' \
        "send $(auth 5 XOAUTH2 "$(xoauth2 bob sub)")" 'line OK\t5\tuser=bob'
done
expect_holds "the client of the entry poor" 'client_id=pfx&client_secret=SECRET' \
    "$(grep SECRET "$PROVIDERS/idp/requests")"

# --- What is no answer

before=$(requests idp introspection)
malformed() { # MECHANISM TEXT
    dialogue "malformed: $2" "unix:$T/users" 'hello 0' "send $(auth 5 "$1" "$(b64 "$2")")" 'like FAIL\t5\t.*reason=.+'
}
malformed XOAUTH2 'auth=Bearer good\001\001'
malformed XOAUTH2 'user=alice\001auth=Basic good\001\001'
malformed OAUTHBEARER 'p=tls-unique,,\001auth=Bearer good\001\001'
malformed OAUTHBEARER 'n,a=alice,\001auth=Bearer good\001'
expect_equal "questions about malformed messages" "$before" "$(requests idp introspection)"
fails() { # WHAT TOKEN
    local how line
    for how in "${both[@]}"; do
        line=$(auth 5 "$how" "$(message "$how" alice "$2")")
        dialogue "$1" "unix:$T/users" 'hello 0' 'within 4000' "send $line" end
        dialogue "$1, minor 2" "unix:$T/users" 'hello 2' 'within 4000' "send $line" \
            'like FAIL\t5\tuser=alice\tcode=temp_fail\ttemp\treason=.+'
    done
}
fails "active is a text" words
fails "active is not there" nothing
for line in 'status 401' 'status 403' 'status 400' 'status 500' 'body <html>' 'body []' 'hang 1'; do
    script idp "introspection $line"
    fails "$line" good
done
script idp
accepts users alice@x.example good alice@x.example
provider_stop
fails "a provider that is gone" good
expect_log 'warning: '
expect_no_log 'SECRET|a\+b/c|dXNlcj|bixhP'
handshake=$(talk "unix:$T/claims" 'within 1000' show show show show; talk "unix:$T/users" show show show)
expect_match "the handshake" \
    $'*MECH\tXOAUTH2\tplaintext\nMECH\tOAUTHBEARER\tplaintext\nSPID*MECH\tXOAUTH2\nMECH\tOAUTHBEARER' "$handshake"
