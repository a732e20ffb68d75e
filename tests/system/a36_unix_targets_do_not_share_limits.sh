#!/usr/bin/env bash
# Two targets on UNIX sockets are two hosts: one that hangs does not use up the connections of the other.
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0 -l unix:"$T/one.sock" -l unix:"$T/two.sock"
chmod 666 "$T/one.sock" "$T/two.sock"
entry hanging "target = \"unix:$T/one.sock:/hanging?hang=1&key=%s\"; http = { timeout = \"20s\"; };"
entry well "target = \"unix:$T/two.sock:/well?key=%s\"; http = { timeout = \"20s\"; };"
configuration 'workers = 1; max_connections_per_host = 1; drain_time = "1s";'
pfx_standalone

in_background "$T/hanging" "$B/client" ask -t 30000 "unix:$SOCKET" hanging key
in_flight() {
    [ "$(asked hanging)" -gt 0 ]
}
wait_for 10 in_flight || fail "the one that hangs is not asked"
for i in 1 2 3; do
    started=$(now_ms)
    expect_reply well "key$i" "OK value-of-key$i"
    expect_at_most "milliseconds of the other" 1000 $(($(now_ms) - started))
done
alive "$JOB" || fail "the one that hangs has an answer: $(<"$T/hanging")"
kill "$JOB"
pfx_stop
