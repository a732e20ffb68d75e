#!/usr/bin/env bash
# postfix reload, and SIGHUP to the parent, amid 64 connections that ask without pause and 500 that come at once:
# nothing is lost or refused, the new configuration is in force, and the old generation leaves within drain_time (A2,
# Reload).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map busy ''
map generation "body=$(url '{"result":"generation-0"}')"
configuration 'drain_time = "3s";'
postfix_start
wait_for 10 answers "unix:$SOCKET" || fail "the daemon does not start"

in_background "$T/load" "$B/client" load "unix:$SOCKET" busy -c 64 -t 20000
load=$JOB
hold 1 # an idle connection, as a smtpd between two sessions has it, is no reason to stay

in_force() {
    [ "$(ask generation key)" = "OK generation-$1" ]
}
round=0
for way in postfix_reload hangup postfix_reload hangup; do
    round=$((round + 1))
    old=$(pfx_processes)
    parent=$(pfx_parent)
    expect_equal "parents" 1 "$(wc -w <<<"$parent")"
    sed -i "s/generation-[0-9]*/generation-$round/" "$CFG"
    in_background "$T/storm.$round" "$B/client" storm "unix:$SOCKET" busy -c 500
    case $way in
    hangup) kill -HUP "$parent" ;;
    *) postfix_reload ;;
    esac
    wait_for 10 in_force "$round" || fail "$way: the new configuration is not in force"
    wait "$JOB" || fail "$way: the storm: $(cat "$T/storm.$round")"
    expect_none "$(cat "$T/storm.$round")" lost wrong temp perm timeout
    # shellcheck disable=SC2086
    wait_for 8 gone $old || fail "$way: the old generation is still there"
done
wait "$load" || fail "load: $(cat "$T/load")"
expect_none "$(cat "$T/load")" lost wrong temp perm timeout notfound
expect_no_log 'bad command startup|exit status|killed by signal'
postfix_stop
nothing_of_pfx() {
    [ -z "$(pfx_processes)" ]
}
wait_for 2 nothing_of_pfx || fail "left after postfix stop: $(pfx_processes)"
