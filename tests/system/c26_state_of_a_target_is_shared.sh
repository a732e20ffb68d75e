#!/usr/bin/env bash
# A target that is down is known to all workers and all entries of a daemon, is probed by one request at a time, and
# comes back for all (A6).
set -eu
. "$(dirname "$0")/cache.sh"

backend_start -l inet:127.0.0.1:0
limits='retry_interval = "1s"; http = { timeout = "400ms"; };'
map one '' "$limits"
map other '' "$limits"
configuration 'workers = 4;'
pfx_standalone
expect_reply one key 'OK value-of-key'

backend_hang
line=$(load "unix:$SOCKET" one -n 40 -c 8 -k 40) || fail "load: $line"
expect_log "$(down_line "http://$BACKEND")"
expect_lines "lines" 1 "$(down_line "http://$BACKEND")"

# Nobody waits for it, whichever worker or entry, but for the one that is the probe: 3 seconds, a probe each second.
line=$(load "unix:$SOCKET" other -t 3000 -c 8 -k 100000000) || fail "load: $line"
expect_equal "told to come again" "$(figure requests "$line")" $(($(figure temp "$line") + $(figure timeout "$line")))
expect_at_most "probes, each of which waits for its time-out" 4 "$(figure timeout "$line")"
expect_at_most "probes" "$(figure timeout "$line")" 1
expect_at_most "99 % of the others, in microseconds" 100000 "$(figure p99_us "$line")"

backend_go_on
is_up() {
    ask other "key$((number += 1))" >/dev/null
    log_has "$(up_line "http://$BACKEND")"
}
number=0
wait_for 5 is_up || fail "it does not come back"
for entry in one other one other one other one other; do
    expect_reply $entry key 'OK value-of-key'
done
pfx_stop
