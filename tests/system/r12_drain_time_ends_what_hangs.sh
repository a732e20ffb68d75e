#!/usr/bin/env bash
# After a reload an old worker finishes its requests, but stays no longer than drain_time (A2, Reload).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map slow 'delay=1500' 'http = { timeout = "30s"; };'
map endless 'hang=1' 'http = { timeout = "60s"; };'
configuration 'drain_time = "4s";'
postfix_start
wait_for 10 answers "unix:$SOCKET" || fail "the daemon does not start"

in_flight() { # NAME: the backend has it
    [ "$(asked "$1")" -gt 0 ]
}
in_background "$T/slow" "$B/client" ask "unix:$SOCKET" slow key
slow=$JOB
in_background "$T/endless" "$B/client" ask "unix:$SOCKET" endless key
wait_for 10 in_flight slow || fail "slow is not asked"
wait_for 10 in_flight endless || fail "endless is not asked"
old=$(pfx_processes)
started=$(now_ms)
postfix_reload
wait "$slow" || fail "no answer to a request in flight"
expect_equal "the answer to a request in flight" 'OK value-of-key' "$(cat "$T/slow")"
expect_equal "how often it was asked" 1 "$(asked slow)"
# shellcheck disable=SC2086
wait_for 15 gone $old || fail "the old generation is still there"
took=$(($(now_ms) - started))
expect_at_most "milliseconds of an endless request" 8000 "$took"
expect_at_most "milliseconds that it was granted" "$took" 3500
