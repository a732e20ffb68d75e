#!/usr/bin/env bash
# A backend that cannot answer gives 454, once: the next AUTH of the same session works, over UNIX sockets and over TCP,
# within 9.5 s whatever the backend does; others than Postfix and Exim read of it (contract 6.5, point 5).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
down=$(instance_unused_port)
sasl_postfix_new status hang drip refused fail
scripted='status=%{user}&header=Auth-Status:%%20no'
login status "$scripted"
login hang 'hang=%{user}'
login drip 'drip=%{user}'
entry refused "target = \"http://127.0.0.1:$down/?$scripted\";"
login fail "$scripted" 'tempfail = "fail";'
login disconnect "$scripted" 'tempfail = "disconnect";'
login timed "delay=%{rport}&$scripted"
sasl_configuration 'http = { timeout = "20s"; };'
for name in status hang drip refused; do
    port=$(instance_unused_port)
    smtpd_new "$name.tcp" "inet:127.0.0.1:$port"
    pfx_standalone -L "inet:127.0.0.1:$port" "$name"
    pfx_serves "inet:127.0.0.1:$port"
    tcp=inet:127.0.0.1:$port
done
postfix_start

# Once, and by each way to fail.
for name in status status.tcp; do
    session_open "$name"
    for status in 500 503 429 401; do
        say_plain "$status" pw
        expect_match "$name, $status" "$LATER" "$REPLY"
        say_plain 403 pw
        expect_equal "$name, a wrong password after $status" "$REFUSED" "$REPLY"
        say 'AUTH LOGIN'
        expect_equal "$name, LOGIN after $status" "334 $(b64 Username:)" "$REPLY"
        say "$(b64 "$status")"
        say "$(b64 pw)"
        expect_match "$name, LOGIN, $status" "$LATER" "$REPLY"
        say 'AUTH PLAIN'
        expect_equal "$name, PLAIN after LOGIN, $status" '334 ' "$REPLY"
        say "$(plain 403 pw)"
        expect_equal "$name, a wrong password again after $status" "$REFUSED" "$REPLY"
    done
    say_plain 500 pw
    expect_match "$name, at last" "$LATER" "$REPLY"
    say_plain 200 pw
    expect_equal "$name, the next login" "$ACCEPTED" "$REPLY"
    session_close
done
expect_lines "temporary failures as smtpd saw them" 18 'Connection lost to authentication server'

for name in refused refused.tcp; do
    session_open "$name"
    say_plain 200 pw
    expect_match "$name" "$LATER" "$REPLY"
    declare "${name/./_}=$session"
done
backend_start -l "inet:127.0.0.1:$down"
# shellcheck disable=SC2154
for session in "$refused" "$refused_tcp"; do
    say_plain 200 pw
    expect_equal "the next login, when it is up" "$ACCEPTED" "$REPLY"
    session_close
done
session_open fail
say_plain 500 pw
expect_match "tempfail = fail" "$ANY_REFUSAL" "$REPLY"
say_plain 200 pw
expect_equal "the next login, tempfail = fail" "$ACCEPTED" "$REPLY"
session_close

# A backend that never ends, all at the same time. Postfix would wait 10 s.
slow=(hang hang.tcp drip drip.tcp)
sessions=()
for name in "${slow[@]}"; do
    session_open "$name"
    sessions+=("$session")
done
started=$(now_ms)
for i in 0 1 2 3; do
    printf 'AUTH PLAIN %s\r\n' "$(plain "$((i < 2 ? 1 : 900))" pw)" >&"${sessions[i]}"
done
for i in 0 1 2 3; do
    session=${sessions[i]}
    say
    expect_match "${slow[i]}" "$LATER" "$REPLY"
    expect_at_most "milliseconds of ${slow[i]}" 9500 $(($(now_ms) - started))
    say_plain 0 pw
    expect_equal "${slow[i]}, the next login" "$ACCEPTED" "$REPLY"
    session_close
done
[ $(($(now_ms) - started)) -ge 7900 ] || fail "they were not given the time of the entry"

# What the connection shows: a close, over TCP a reset, or FAIL to those who understand it.
wrong=$(auth 1 PLAIN "$(plain 500 pw)")
told=$'like FAIL\t1\tuser=500\tcode=temp_fail\ttemp\treason=.+'
goes_on=("send $(auth 2 PLAIN "$(plain 200 pw)")" $'line OK\t2\tuser=200')
dialogue "minor 0" "unix:$Q/private/status" 'hello 0' "send $wrong" end
port=$(instance_unused_port)
pfx_standalone -L "inet:127.0.0.1:$port" -L "unix:$T/timed,mode=0666" timed
pfx_serves "inet:127.0.0.1:$port"
dialogue "minor 0, TCP" "inet:127.0.0.1:$port" 'hello 0' "send $wrong" reset
for minor in 1 2 4 99; do
    dialogue "minor $minor" "unix:$Q/private/status" "hello $minor" "send $wrong" "$told" "${goes_on[@]}"
    dialogue "minor $minor, TCP" "inet:127.0.0.1:$port" "hello $minor" "send $wrong" "$told" "${goes_on[@]}"
done
serves disconnect
dialogue "disconnect, minor 2" "unix:$T/disconnect" 'hello 2' "send $wrong" end
dialogue "fail, minor 0" "unix:$Q/private/fail" 'hello 0' "send $wrong" "$told" "${goes_on[@]}"

# Others that are asked about are answered first; one that waits for the client delays nothing.
asks() { # ID USER DELAY
    auth "$1" PLAIN "$(plain "$2" pw)" "rport=$3"
}
for where in "unix:$T/timed" "inet:127.0.0.1:$port"; do
    dialogue "others in flight" "$where" 'hello 0' 'within 5000' "send $(asks 1 500 10)" "send $(asks 2 200 600)" \
        "send $(asks 3 403 1200)" "send $(asks 4 503 300)" 'line OK\t2\tuser=200' 'like FAIL\t3\tuser=403\treason=.*' \
        'within 1000' end
    dialogue "one that waits" "$where" 'hello 0' "send $(asks 1 500 300)" "send $(auth 2 LOGIN)" $'like CONT\t2\t.+' end
    dialogue "one that waits for its password" "$where" 'hello 0' "send $(asks 1 500 300)" \
        "send $(auth 2 LOGIN "$(b64 200)")" $'like CONT\t2\t.+' end
done
