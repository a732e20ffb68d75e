#!/usr/bin/env bash
# Standalone: SIGTERM that comes while a reload is under way ends it; nothing stays, nothing of it is lost (A2).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map map ''
map slow 'delay=1000'
configuration 'drain_time = "5s";'

stopped() {
    grep -q '^State:[[:space:]]*T' "/proc/$PFX/status"
}
in_flight() {
    [ "$(asked slow)" -gt "$before" ]
}
for round in 1 2 3; do
    pfx_standalone
    workers=$(children "$PFX")
    expect_reply map key 'OK value-of-key'
    before=$(asked slow)
    in_background "$T/slow" "$B/client" ask "unix:$SOCKET" slow key
    wait_for 10 in_flight || fail "slow is not asked"
    kill -STOP "$PFX"
    wait_for 10 stopped || fail "it does not stop"
    kill -HUP "$PFX"
    kill -TERM "$PFX"
    kill -CONT "$PFX"
    wait_for 15 gone "$PFX" || fail "round $round: it has not ended"
    status=0
    wait "$PFX" || status=$?
    expect_equal "round $round: exit status" 0 "$status"
    wait "$JOB" || fail "round $round: no answer to a request in flight"
    expect_equal "round $round: the answer to a request in flight" 'OK value-of-key' "$(cat "$T/slow")"
    # shellcheck disable=SC2086
    wait_for 10 gone $workers || fail "round $round: workers are left"
    ! [ -e "$SOCKET" ] || fail "round $round: the socket is left"
done

# The stop comes when the reload is over: the old workers still answer, and are waited for.
pfx_standalone
expect_reply map key 'OK value-of-key'
before=$(asked slow)
in_background "$T/slow" "$B/client" ask "unix:$SOCKET" slow key
wait_for 10 in_flight || fail "slow is not asked"
started=$(grep -c 'started, version' "$LOG")
workers=$(children "$PFX")
kill -HUP "$PFX"
wait_for 10 log_has_lines $((started + 1)) 'started, version' || fail "it does not reload"
kill -TERM "$PFX"
status=0
wait "$PFX" || status=$?
expect_equal "exit status after a reload and a stop" 0 "$status"
# shellcheck disable=SC2086
! alive $workers || fail "it left before the old workers had answered"
wait "$JOB" || fail "no answer to a request of before the reload"
expect_equal "the answer to a request of before the reload" 'OK value-of-key' "$(cat "$T/slow")"
