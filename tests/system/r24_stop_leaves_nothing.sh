#!/usr/bin/env bash
# postfix stop, and the sudden end of master, amid requests and idle connections leave no process (A2).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map endless 'hang=1' 'http = { timeout = "60s"; };'
map map ''
configuration 'drain_time = "2s";'
in_flight() {
    [ "$(asked endless)" -gt "$1" ]
}
nothing_of_pfx() {
    [ -z "$(pfx_processes)" ]
}
begin() {
    local before
    before=$(asked endless)
    postfix_start
    in_background /dev/null "$B/client" load "unix:$SOCKET" map -c 32 -i 32 -t 3000
    in_background /dev/null "$B/client" ask "unix:$SOCKET" endless key
    wait_for 10 in_flight "$before" || fail "the backend is not asked"
}

begin
postfix_stop
wait_for 1 nothing_of_pfx || fail "left after postfix stop: $(pfx_processes)"

begin
kill -9 "$MASTER"
wait_for 10 nothing_of_pfx || fail "left after the end of master: $(pfx_processes)"
wait_for 30 gone_with_master || fail "processes of Postfix outlive master"
POSTFIX_RUNS=
