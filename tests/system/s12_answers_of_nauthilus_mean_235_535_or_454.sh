#!/usr/bin/env bash
# What Nauthilus answers, row by row, and what smtpd says then; the body it is sent has the members it knows, and no
# others (contract 6.5, point 9; the table of 3.2).
set -eu
. "$(dirname "$0")/sasl.sh"

nauthilus_start alice:wonderland:alice@virt.example bob:builder 'Zoë:pass"word\\:' \
    'control:pw:a\x01b' 'delete:pw:a\x7fb' 'tab:pw:a\tb' 'escape:pw:a\x1b[31mb' 'latin1:pw:Zo\xeb' \
    "endless:pw:$(long 1025)" "longest:pw:$(long 1024)"
sasl_postfix_new nauthilus bare worded outside disabled slow absent silent cr_user cr_status two_users
nauthilus nauthilus
nauthilus bare 'status=%{user}&location=/elsewhere&body=null' # without Auth-Status
nauthilus worded 'status=%{user}&header=Auth-Status:%%20Richtlinie%%3A%%20nein&body=null'
entry outside "target = \"http://$BACKEND/api/v1/auth/json\"; http_auth_basic = \"bridge:wrong\";"
nauthilus cr_user 'status=200&header=Auth-User:%%20admin%%0dx'
nauthilus cr_status 'status=403&header=Auth-Status:%%20no%%0dx&body=null'
nauthilus two_users 'status=200&header=Auth-User:%%20alice&header=Auth-User:%%20admin'
nauthilus slow 'delay=20000' 'http = { timeout = "1s"; };'
entry disabled "target = \"http://$BACKEND/api/v1/auth/cbor\"; http_auth_basic = \"$BACK_CHANNEL\";"
entry absent "target = \"http://127.0.0.1:$(instance_unused_port)/api/v1/auth/json\";"
entry silent 'target = "http://host.invalid/api/v1/auth/json"; http = { timeout = "2s"; };'
sasl_configuration
postfix_start

accepted() { # WHAT SMTPD USER [PASSWORD]
    expect_equal "$1" "$ACCEPTED" "$(smtp_plain "$2" "$3" "${4:-pw}")"
}
refused() {
    expect_equal "$1" "$REFUSED" "$(smtp_plain "$2" "$3" "${4:-pw}")"
}
later() { # and a line in the log tells why
    expect_match "$1" "$LATER" "$(smtp_plain "$2" "$3" "${4:-pw}")"
    expect_log "warning: sasl=$2, user=<.*: target=http://.*: ${5:-}"
}

# Success: the account of Auth-User, else the name.
accepted "Auth-User" nauthilus alice wonderland
expect_equal "what smtpd has Nauthilus asked" '{"username":"alice","password":"wonderland","protocol":"smtp",'\
'"method":"plain","client_ip":"127.0.0.1","local_ip":"127.0.0.1"}' "$(last_body)"
expect_match "the request" $'POST /api/v1/auth/json? HTTP/1.1\r\n*\r\nContent-Type: application/json\r\n*' \
    "$(fetch /_last)"
accepted "no Auth-User" nauthilus bob builder
accepted "the longest account" nauthilus longest
accepted "200 without a body that Nauthilus would send" bare 200

# Wrong credentials, brute force, policy: 403 with Auth-Status, whatever it says.
refused "a wrong password" nauthilus alice wrong
refused "an unknown user" nauthilus nobody
refused "a policy that says no" worded 403

# Everything else is nobody's password.
later "403 without Auth-Status" bare 403 '' 'failure_status without reason_header: check'
later "401 of the back channel" outside alice wonderland 'the backend refuses pfx: check http_auth_basic'
later "401 with Auth-Status" worded 401 '' 'the backend refuses pfx: check http_auth_basic'
later "400, a name that Nauthilus does not take" nauthilus 'al(ice)' wonderland 'unexpected status'
later "404, an endpoint that is not enabled" disabled alice '' 'the backend does not know the URL'
for status in 500 502 503 504 507; do
    later "$status" bare "$status" '' 'the backend reports an error of its own'
    later "$status with Auth-Status" worded "$status" '' 'the backend reports an error of its own'
done
for status in 408 425 429; do
    later "$status" bare "$status" '' 'the backend asks to come back later'
done
for status in 400 402 405 406 409 410 413 415 418 422 431; do
    later "$status" bare "$status" '' 'unexpected status'
done
for status in 201 202 203 204 205 206 207 226; do
    later "$status" bare "$status" '' 'unexpected status'
done
for status in 300 301 302 303 304 307 308; do
    later "$status" bare "$status" '' 'the backend redirects'
done
expect_equal "requests to where redirects lead" 0 "$(fetch '/_count?path=/elsewhere')"
later "slow" slow alice
later "nobody listens" absent alice
later "no such host" silent alice

# An account that Postfix would show, and use, as another one.
for user in control delete tab escape latin1 endless; do
    later "an account that is not usable, $user" nauthilus "$user" pw 'the account in username_header'
done
# Nor one that depends on who reads the header.
later "a CR in Auth-User" cr_user alice pw "the backend's answer is not valid HTTP"
later "a CR in Auth-Status" cr_status alice pw "the backend's answer is not valid HTTP"
later "two of Auth-User" two_users alice pw 'there is more than one username_header'
expect_no_log 'sasl_username=(a[^l]|Zo|xx)'
expect_lines "logins that were refused" 3 'SASL PLAIN authentication failed: invalid'
postfix_stop
POSTFIX_RUNS=

# Every member, and every member's escaping.
ENTRIES=
nauthilus bare
nauthilus settled '' 'protocol = "submission"; default_local_port = 587;'
sasl_configuration
SOCKET=$T/s
sends() { # WHAT BODY AUTH-FIELDS RESPONSE [MECHANISM]
    talk "unix:$T/$ENTRY" 'hello 2' "send AUTH\t1\t${5:-PLAIN}\t$3\tresp=$4" show >"$T/reply" 2>&1
    expect_equal "$1" "$2" "$(last_body)"
}
all=$'service=smtp\tlip=192.0.2.1\trip=2001:db8::7\tlport=25\trport=40000\tsession=a/b+c\tsecured'
alice=$(plain alice wonderland)
ENTRY=bare
serves bare
sends "all members" '{"username":"alice","password":"wonderland","protocol":"smtp","method":"plain",'\
'"client_ip":"2001:db8::7","client_port":"40000","local_ip":"192.0.2.1","local_port":"25","ssl":"on",'\
'"external_session_id":"a/b+c"}' "$all" "$alice"
expect_equal "and Nauthilus accepts them" $'OK\t1\tuser=alice@virt.example' "$(<"$T/reply")"
sends "few members" '{"username":"alice","password":"wonderland","protocol":"imap","method":"plain"}' \
    $'protocol=imap\tlip=\trip=\tnologin\tunknown=1\tmethod=x\tuser_agent=y\tclient_id=z' "$alice"
sends "bytes that need care" '{"username":"Zoë","password":"pass\"word\\","protocol":"smtp","method":"plain",'\
'"client_ip":"192.0.2.7"}' $'service=smtp\trip=192.0.2.7\tsecured=other' "$(plain Zoë 'pass"word\')"
expect_equal "and Nauthilus accepts them" $'OK\t1\tuser=Zoë' "$(<"$T/reply")"
# What is no address, no port, or longer than 255 bytes is as if the client had not said it.
alone='{"username":"alice","password":"wonderland","protocol":"smtp","method":"plain"}'
for address in localhost 192.0.2 192.0.2.256 0300.1.1.1 ' 192.0.2.7' '192.0.2.7"' '[192.0.2.7]' '[::1]' ::g 1:2 \
    '::1%lo' x "$(long 256)" "192.0.2.7$(long 300)"; do
    sends "no address: ${address:0:20}" "$alone" "service=smtp"$'\t'"lip=$address"$'\t'"rip=$address" "$alice"
done
for number in x 1x x1 -1 +1 ' 1' 1.0 0x10 100000 123456 '1"' '٣' "$(long 300)"; do
    sends "no port: ${number:0:20}" "$alone" "service=smtp"$'\t'"lport=$number"$'\t'"rport=$number" "$alice"
done
sends "addresses and ports" "${alone%\}}"',"client_ip":"::ffff:192.0.2.7","client_port":"65535","local_ip":"::1",'\
'"local_port":"0"}' $'service=smtp\trip=::ffff:192.0.2.7\tlip=::1\trport=65535\tlport=0' "$alice"
sends "a session of 255 bytes" "${alone%\}}"",\"external_session_id\":\"$(long 255)\"}" \
    "service=smtp"$'\t'"session=$(long 255)" "$alice"
sends "a session of 256 bytes" "$alone" "service=smtp"$'\t'"session=$(long 256)" "$alice"
sends "a service of 255 bytes" "${alone/smtp/$(long 255)}" "service=$(long 255)" "$alice"
sends "a service of 256 bytes" "${alone/\"protocol\":\"smtp\",/}" "service=$(long 256)" "$alice"
sends "a password with control bytes" '{"username":"alice","password":"a\tb\r\nc\u0001'$'\x7f''","protocol":"smtp",'\
'"method":"plain"}' service=smtp "$(b64 '\0alice\0a\tb\r\nc\x01\x7f')"
pfx_stop
ENTRY=settled
serves settled
sends "protocol and default_local_port" '{"username":"alice","password":"wonderland","protocol":"submission",'\
'"method":"plain","client_ip":"192.0.2.7","local_port":"587"}' $'service=smtp\trip=192.0.2.7' "$alice"
sends "a port that is known" '{"username":"alice","password":"wonderland","protocol":"submission",'\
'"method":"plain","local_port":"25"}' $'service=smtp\tlport=25' "$alice"
dialogue "LOGIN" "unix:$T/settled" 'hello 0' "send $(auth 3 LOGIN "$(b64 alice)")" "line CONT\t3\t$(b64 Password:)" \
    "send CONT\t3\t$(b64 wonderland)" 'line OK\t3\tuser=alice@virt.example'
expect_equal "LOGIN" '{"username":"alice","password":"wonderland","protocol":"submission","method":"login",'\
'"client_ip":"192.0.2.7","local_ip":"127.0.0.1","local_port":"587"}' "$(last_body)"
pfx_stop
expect_no_log 'wonderland|wrong'
