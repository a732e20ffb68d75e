#!/usr/bin/env bash
# The log tells that a target went down and why, each minute how many were answered from the cache and how many
# refused, and that it is up (A9).
set -eu
. "$(dirname "$0")/cache.sh"

PORT=$(instance_unused_port)
backend_at "inet:127.0.0.1:$PORT"
map map '' 'retry_interval = "1h";'
configuration "workers = 1; $(cache 'max_age = "0s";')"
pfx_with_clock
origin=http://127.0.0.1:$PORT
expect_reply map key 'OK value-of-key'
expect_no_log 'down|up after'

backend_kill
for i in 1 2 3; do expect_reply map "unknown$i" 'TEMP *'; done
expect_log "warning: backend $origin down: cannot connect to the backend; retry in [12] s\$"
expect_lines "lines" 1 'backend.*down'

# 5 from the cache, 3 refused and 1 before, as nobody asks meanwhile when a probe is due: the clock stands still.
for _ in 1 2 3 4 5; do expect_reply map key 'OK value-of-key'; done
for i in 1 2; do expect_reply map "unknown$i" 'TEMP *'; done
expect_no_log 'down since'
clock_ahead 61000
expect_reply map key 'OK value-of-key'
expect_log "warning: backend $origin down since [0-2][0-9]:[0-5][0-9]:[0-5][0-9], 6 from cache, 3 refused\$"
for i in 1 2 3; do expect_reply map key 'OK value-of-key'; done
expect_lines "lines" 1 'down since'
clock_ahead 122000
expect_reply map key 'OK value-of-key'
expect_lines "lines" 2 'down since'

backend_at "inet:127.0.0.1:$PORT"
clock_ahead 3700000
is_up() {
    ask map key >/dev/null
    log_has "$(up_line "$origin")"
}
wait_for 10 is_up || fail "no line that it is up"
expect_log "backend $origin up after 3(69|70)[0-9] s\$"
expect_lines "lines" 1 "backend $origin down: "
expect_reply map unknown1 'OK value-of-unknown1'
pfx_stop
