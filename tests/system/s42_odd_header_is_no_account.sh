#!/usr/bin/env bash
# What an answer says in headers that are not well-formed lets nobody in as somebody else, does not reach the answers
# after it on the same connection, and hurts no worker (http.h; RFC 9112, sections 2.2 and 5).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
# What the client names as its session goes before all headers of the answer.
login folded 'first=%{session}&header=Auth-User:%%20account&header=Auth-Status:%%20no' 'reason_to_client = true;'
login folded_basic 'first=%{session}&header=Auth-User:%%20account' 'auth_style = "basic";'
login nameless 'status=%{session}&header=:%%20evil' 'auth_style = "form"; username_header = ""; reason_header = "";
    reason_to_client = true;'
login nameless_json 'status=%{session}&header=:%%20evil' 'username_header = ""; reason_header = "";'
login cr 'status=%{session}&header=Auth-User:%%20admin%%0dx'
login cr_end 'status=%{session}&header=Auth-User:%%20admin%%0d'
login cr_other 'status=%{session}&header=X-Other:%%20a%%0dAuth-User:%%20admin'
login two 'status=%{session}&header=Auth-User:%%20account&header=auth-user:%%20account'
login two_none 'status=%{session}&header=Auth-User:&header=Auth-User:'
reasons='header=Auth-Status:%%20a&header=Auth-Status:%%20b'
login others "status=%{session}&header=X-User:%%20a&header=X-User:%%20b&$reasons"
sasl_configuration

now() { # NAME: the daemon serves that entry
    [ -z "${PFX:-}" ] || pfx_stop
    ADDRESS=unix:$T/$1
    serves "$1"
    worker=$(children "$PFX")
}
replies() { # WHAT REPLY SESSION
    expect_match "$1" "$2" "$(reply alice pw 2 "session=$3")"
}
ok=$'OK\t7\tuser='
refusal=$'FAIL\t7\tuser=alice\treason='
later=$'FAIL\t7\tuser=alice\tcode=temp_fail\ttemp\treason=*'

for name in folded folded_basic; do
    now "$name"
    fetch /_reset
    for blanks in ' ' '   ' ' evil' ' Auth-User: evil' "  $(long 200)" ' : evil' ' x: y'; do
        for _ in 1 2; do
            replies "$name: a good answer" "${ok}account" 'X-First: x'
            replies "$name: a first line '${blanks:0:20}'" "@(${ok}account|$later)" "$blanks"
        done
    done
    replies "$name: a good answer at last" "${ok}account" ''
    expect_equal "$name: the worker" "$worker" "$(children "$PFX")"
    expect_equal "$name: requests" 29 "$(asked "$name")"
done

for name in nameless nameless_json; do
    now "$name"
    replies "$name: 200" "${ok}alice" 200
    replies "$name: 403" "$refusal$WRONG" 403
done
expect_no_log evil

for name in cr cr_end cr_other; do
    now "$name"
    replies "$name" "$later" 200
    expect_equal "$name, minor 0" closed "$(reply alice pw 0 session=200)"
    expect_log "warning: sasl=$name, user=<alice>.*: the backend's answer is not valid HTTP"
done
for name in two two_none; do
    now "$name"
    replies "$name: of an account" "$later" 200
    expect_log "warning: sasl=$name, user=<alice>.*: there is more than one username_header"
done
now others
replies "two of another header" "${ok}alice" 200
replies "two reasons" "$refusal$WRONG" 403
expect_no_log 'user=admin|killed by'
pfx_stop
