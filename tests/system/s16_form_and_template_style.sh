#!/usr/bin/env bash
# auth_style "form" sends the members form-encoded, "template" what the administrator wrote; failure_status says which
# answers are a wrong password, and reason_to_client who reads why (contract 6.5, point 9, for other backends than
# Nauthilus).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
reason="header=$(url 'Auth-Status: Konto gesperrt: seit gestern')"
login form 'status=%{session}' 'auth_style = "form";'
login form_all 'header=Auth-User:%%20account' 'auth_style = "form"; default_local_port = 465; method = "POST";'
login json "status=%{session}&$reason" 'failure_status = [403, 422];'
login json_any "status=%{session}" 'reason_header = "";'
login told "status=%{session}&$reason" 'auth_style = "form"; reason_to_client = true;'
login untold "status=%{session}&$reason" 'auth_style = "form";'
login other_header "status=%{session}&header=X-Why:%%20because&header=X-Who:%%20somebody" \
    'reason_header = "X-Why"; username_header = "x-who"; reason_to_client = true;'
login dirty "status=403&header=$(url $'Auth-Status: a\tb\x01c\x7fd\xe4\xf6')" 'reason_to_client = true;'
login endless "status=403&header=Auth-Status:%%20$(long 3000)" 'reason_to_client = true;'
login empty 'status=%{session}&header=Auth-Status:&header=Auth-User:' 'reason_to_client = true;'
peers='"who":"%{rip}:%{rport} %{lip}:%{lport}","how":"%{mechanism} %{service} %{session} 100%%"'
login text 'status=%{session}' "auth_style = \"template\"; method = \"PATCH\";
    payload = $(quoted "{\"u\":\"%{user}\",\"p\":\"%{password}\",$peers}");"
login group '' 'auth_style = "template"; payload = { login = { name = "%{user}"; secret = "<%{password}>"; }; n = 1; };'
login pairs '' 'auth_style = "template"; content_type = "application/x-www-form-urlencoded";
    payload = "user=%{user}&pass=%{password}&x=%%";'
login url 'user=%{user}' 'auth_style = "basic";
    custom_headers = [ "X-User: <%{user}>", "X-How: %{mechanism}/%{service}" ];'
entry gap "target = \"http://$BACKEND/gap/%{session}/%{rport}?%{lport}\";"
entry dots "target = \"http://$BACKEND/dots/%{user}\"; auth_style = \"basic\";"
sasl_configuration

# now NAME: the daemon serves that entry.
now() {
    [ -z "${PFX:-}" ] || pfx_stop
    ADDRESS=unix:$T/$1
    serves "$1"
}
replies() { # WHAT REPLY STATUS [USER]: to a login, the backend's answer having that status
    expect_match "$1" "$2" "$(reply "${4:-alice}" pw 2 "session=$3")"
}
ok=$'OK\t7\tuser=alice'
refusal=$'FAIL\t7\tuser=alice\treason='
later=$'FAIL\t7\tuser=alice\tcode=temp_fail\ttemp\treason=*'

now form
replies "form, 200" "$ok" 200
expect_equal "the form" 'username=alice&password=pw&protocol=smtp&method=plain&client_ip=192.0.2.7&'\
'local_ip=127.0.0.1&external_session_id=200' "$(last_body)"
expect_match "the request" $'POST /form?*\r\nContent-Type: application/x-www-form-urlencoded\r\n*' "$(fetch /_last)"
replies "form, 401" "$refusal$WRONG" 401
replies "form, 403" "$refusal$WRONG" 403
for status in 201 204 302 400 404 429 500 503; do
    replies "form, $status" "$later" "$status"
done
now form_all
expect_equal "form" $'OK\t7\tuser=account' "$(reply 'a&b=c+d@ä' 'p%w d&x="y"' 2 $'secured\trport=1\tsession=s')"
expect_equal "the form, escaped" 'username=a%26b%3Dc%2Bd%40%C3%A4&password=p%25w%20d%26x%3D%22y%22&protocol=smtp&'\
'method=plain&client_ip=192.0.2.7&client_port=1&local_ip=127.0.0.1&local_port=465&ssl=on&external_session_id=s' \
    "$(last_body)"
expect_match "the method" 'POST *' "$(fetch /_last)"

now json
replies "json, 403" "$refusal$WRONG" 403
replies "json, 422 in failure_status" "$refusal$WRONG" 422
replies "json, 401" "$later" 401
now json_any
replies "json without reason_header, 403" "$refusal$WRONG" 403

now told
replies "the reason is told" "${refusal}Konto gesperrt: seit gestern" 403
replies "a temporary failure tells nothing" "$later" 500
[[ $(reply alice pw 2 session=500) != *gesperrt* ]] || fail "a temporary failure tells the reason"
now untold
replies "the reason is not told" "$refusal$WRONG" 403
expect_log 'sasl=untold, .*: denied: Konto gesperrt: seit gestern$'
now other_header
replies "another header's reason" "${refusal}because" 403
replies "another header's account" $'OK\t7\tuser=somebody' 200
now dirty
replies "bytes that are not printable" "${refusal}a?b?c?d??" 403
now endless
expect_equal "bytes of the longest reason" $((${#refusal} + 200)) "$(reply alice pw | tr -d '\n' | wc -c)"
now empty
replies "an empty reason" "$refusal$WRONG" 403
replies "an empty account" "$ok" 200

now text
replies "template" "$ok" 200
expect_equal "the template" "$(reply 'a"b\c' $'p"w\td' 2 $'rport=1\tlport=2\tsession=200')" $'OK\t7\tuser=a"b\\c'
expect_equal "the payload" '{"u":"a\"b\\c","p":"p\"w\td","who":"192.0.2.7:1 127.0.0.1:2","how":"PLAIN smtp 200 100%"}' \
    "$(last_body)"
expect_match "the method" 'PATCH *' "$(fetch /_last)"
replies "template, 401" "$refusal$WRONG" 401
replies "template, 403" "$refusal$WRONG" 403
replies "template, 404" "$later" 404
now group
expect_equal "a payload that is a group" $'OK\t7\tuser=al"ice' "$(reply 'al"ice' 'p"w')"
expect_equal "the payload" '{"login":{"name":"al\"ice","secret":"<p\"w>"},"n":1}' "$(last_body | tr -d ' \n')"
now pairs
expect_equal "a payload of pairs" $'OK\t7\tuser=a&b' "$(reply 'a&b' 'p=w ä')"
expect_equal "the payload" 'user=a%26b&pass=p%3Dw%20%C3%A4&x=%' "$(last_body)"
now url
expect_equal "placeholders elsewhere" $'OK\t7\tuser=a b/c' "$(reply 'a b/c' pw)"
expect_match "the URL and the headers" $'GET /url?user=a%20b%2Fc HTTP*\r\nX-User: <a b/c>\r\n*X-How: PLAIN/smtp\r\n*' \
    "$(fetch /_last)"

# What Postfix does not tell leaves a gap in the path: that is the administrator's mistake, and nobody's password.
now gap
expect_equal "nothing is missing" $'OK\t7\tuser=alice' "$(reply alice pw 2 $'rport=1\tsession=s')"
expect_match "the URL" 'POST /gap/s/1? HTTP*' "$(fetch /_last)"
fetch /_reset
for told in '' rport=1 session=s rport=x$'\t'session=s "rport=1"$'\t'"session=$(long 256)"; do
    expect_match "a gap, '${told:0:20}'" "$later" "$(reply alice pw 2 "$told")"
    expect_equal "a gap, minor 0" closed "$(reply alice pw 0 "$told")"
done
expect_log 'warning: sasl=gap, user=<alice>, .*: what is asked does not fit into the request$'
now dots
for user in . .. ../x 'x/..' '..\x'; do
    expect_equal "the name $user" $'FAIL\t7\tuser='"$user"$'\treason='"$WRONG" "$(reply "$user" pw)"
done
expect_equal "requests with a gap or dots" 0 "$(fetch '/_count?path=/')"
expect_equal "the name ..." $'OK\t7\tuser=...' "$(reply ... pw)"
pfx_stop
PFX=

# What cannot be an entry: it is said once at the start, and such a login is a temporary failure.
ENTRIES=
wrong=()
wrong() { # NAME SETTINGS COMPLAINT
    login "$1" '' "$2"
    wrong+=("$1" "$3")
}
wrong password_in_url 'custom_headers = "X: %{password}";' '%\{password\}'
wrong payload_of_json 'payload = "x";' 'auth_style "json" makes the payload'
wrong payload_of_form 'auth_style = "form"; payload = "x";' 'auth_style "form" makes the payload'
wrong no_payload 'auth_style = "template";' 'needs a payload'
wrong two_credentials 'auth_style = "basic"; http_auth_basic = "a:b";' 'cannot stand beside it'
wrong too_slow 'http = { timeout = "9100ms"; };' 'must be at most 9s'
wrong xoauth2 'mechanisms = ["XOAUTH2", "PLAIN"];' 'sasl_oidc_auth'
wrong unknown_placeholder 'auth_style = "template"; payload = "%{pass}";' 'payload: unknown placeholder'
wrong number_as_type 'content_type = 5;' 'content_type: must be '
wrong number_as_type_of_form 'auth_style = "form"; content_type = 5;' 'content_type: must be '
wrong get_with_json 'method = "GET";' 'method must be "POST"'
wrong get_with_form 'auth_style = "form"; method = "GET";' 'method must be "POST"'
wrong success_by_401 'auth_style = "basic"; failure_status = 403; status_code = 401;' 'status_code 401: a login '
wrong success_by_500 'status_code = [200, 500];' 'status_code 500: a login succeeds by 200 to 299 only'
wrong oidc 'backend_oidc_auth = { };' 'configuration_uri is required'
sasl_configuration 'http = { timeout = "20s"; };'
for ((i = 0; i < ${#wrong[@]}; i += 2)); do
    : >"$LOG"
    now "${wrong[i]}"
    expect_match "${wrong[i]}" "$later" "$(reply alice pw)"
    expect_log "error: .*: .*${wrong[i + 1]}"
done
pfx_stop
expect_no_log 'p"w|"password":'

# Another daemon reads that section, too: it says so, and serves.
ENTRIES=
login number '' 'content_type = 5;'
sasl_configuration "socket_maps = { m = { target = \"http://$BACKEND/m?key=%s\"; value_field = \"result\"; }; };"
DAEMON=pfx-socketmap
answers() { # ADDRESS
    ask_at "$1" no_such_entry key >/dev/null 2>&1
}
: >"$LOG"
pfx_standalone
expect_reply m key 'OK value-of-key'
expect_log 'pfx-socketmap.*warning: .*dovecot_sasl\.number\.content_type: must be '
pfx_stop
