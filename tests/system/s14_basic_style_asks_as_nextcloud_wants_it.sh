#!/usr/bin/env bash
# auth_style "basic": PROPFIND with the user's own credentials, 207 and 401 as the contract has them, and everything
# else a temporary failure; a name with a colon is refused without a request (contract 3.5; 6.5, point 9 is the same for
# Nauthilus).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
propfind='auth_style = "basic"; method = "PROPFIND"; status_code = 207;
    custom_headers = [ "Depth: 0", "X-Forwarded-For: %{rip}" ];'
sasl_postfix_new nextcloud scripted plain_get several down
users="auth=alice:app-password&auth=$(url 'Zoë:päss:word')&auth=$(url 'bob@x.example:a b%"c')"
entry nextcloud "target = \"http://$BACKEND/remote.php/dav/?status=207&header=Auth-User:%%20other&$users\";
    $propfind username_header = \"\";"
login scripted 'status=%{user}&location=/elsewhere' "$propfind"
login plain_get 'auth=alice:pw&header=Auth-User:%%20alice@virt.example' 'auth_style = "basic";'
login several 'status=%{user}' 'auth_style = "basic"; status_code = [200, 204, 207]; failure_status = [401, 403, 418];'
entry down "target = \"http://127.0.0.1:$(instance_unused_port)/\"; $propfind"
sasl_configuration
postfix_start

accepted() { # WHAT SMTPD USER PASSWORD
    expect_equal "$1" "$ACCEPTED" "$(smtp_plain "$2" "$3" "$4")"
}
refused() {
    expect_equal "$1" "$REFUSED" "$(smtp_plain "$2" "$3" "$4")"
}
later() {
    expect_match "$1" "$LATER" "$(smtp_plain "$2" "$3" "$4")"
}
header() { # NAME: of the last request
    fetch /_last | sed -n "s/^$1: //Ip" | tr -d '\r'
}

accepted "an app password" nextcloud alice app-password
last=$(fetch /_last)
expect_match "the request" 'PROPFIND /remote.php/dav/* HTTP/1.1'$'\r\n*' "$last"
expect_equal "Authorization" "Basic $(printf 'alice:app-password' | base64)" "$(header Authorization)"
expect_equal "Depth" 0 "$(header Depth)"
expect_equal "X-Forwarded-For" 127.0.0.1 "$(header X-Forwarded-For)"
expect_equal "Content-Length" '' "$(header Content-Length)"
expect_equal "Content-Type" '' "$(header Content-Type)"
expect_equal "Expect" '' "$(header Expect)"
expect_equal "the body" '' "$(last_body)"
accepted "UTF-8, a colon in the password" nextcloud Zoë 'päss:word'
expect_equal "Authorization" "Basic $(printf 'Zoë:päss:word' | base64)" "$(header Authorization)"
accepted "blanks and signs" nextcloud bob@x.example 'a b%"c'
expect_equal "the account is the name given" 1 \
    "$(smtp_auth nextcloud "AUTH PLAIN $(plain alice app-password)" 'MAIL FROM:<me@x.example>' \
        'RCPT TO:<u@virt.example>' | grep -c '^250')"
expect_log 'sasl_method=PLAIN, sasl_username=alice$'

refused "a wrong password" nextcloud alice app-passwort
refused "an unknown user" nextcloud nobody app-password
accepted "207" scripted 207 pw
refused "401" scripted 401 pw
for status in 200 201 204 206 301 302 307 400 403 404 405 412 423 429 500 502 503 507; do
    later "$status" scripted "$status" pw
done
expect_equal "requests to where redirects lead" 0 "$(fetch '/_count?path=/elsewhere')"
later "nobody listens" down alice pw
expect_log 'warning: sasl=scripted, user=<403>.*: the backend refuses more than the credentials: check target'

accepted "GET, 200" plain_get alice pw
expect_match "the request of GET" 'GET /plain_get*' "$(fetch /_last)"
refused "GET, 401" plain_get alice pq
for status in 200 204 207; do
    accepted "$status of several" several "$status" pw
done
for status in 401 403 418; do
    refused "$status of several" several "$status" pw
done
later "404 of several" several 404 pw

# A colon would end the name: nobody is asked, and it is no more than a wrong name.
fetch /_reset
for name in 'alice:app-name' ':alice' 'alice:' ':' 'a:b:c'; do
    refused "the name '$name'" nextcloud "$name" app-password
    refused "the name '$name', scripted" scripted "$name" pw
done
expect_equal "requests for names with a colon" 0 "$(fetch '/_count?path=/')"
expect_no_log 'app-passw|YWxpY2U6'
