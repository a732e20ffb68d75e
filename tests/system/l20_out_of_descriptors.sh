#!/usr/bin/env bash
# Out of descriptors a worker waits without spinning and without a flood of lines; max_connections is kept; all goes on
# after.
set -eu
. "$(dirname "$0")/faults.sh"

chmod 1777 "$T"
backend_start -l inet:127.0.0.1:0
map map ''

release() {
    kill "$HOLDER"
    wait_for 20 answers_again || fail "no answer after the clients have gone"
    sees map "$(ask map key)"
}
answers_again() {
    timeout 5 "$B/client" ask "unix:$SOCKET" map key >/dev/null 2>&1
}

# A worker that runs out of them all the same.
configuration 'workers = 1; max_connections = 1000;'
pfx_standalone
expect_reply map key 'OK value-of-key'
row out_of_descriptors
watch "$PFX"
worker=$(children "$PFX")
limit "$worker" --nofile=40:4096
run_out() {
    hold 200
    expect_idle "$worker"
    release
}
again 2 run_out
logged
expect_at_most "lines about it" 3 "$(grep -Ec 'accept|Too many open files' "$LOG")"
pfx_stop

# A user without privileges whose limit is below what max_connections needs.
: >"$LOG"
setpriv --reuid=nobody --regid=nogroup --clear-groups bash -c 'ulimit -n 60; exec "$@"' - \
    "$(public_copy)" -L "unix:$SOCKET" -C "$CFG" >>"$LOG" 2>&1 </dev/null &
PFX=$!
STARTED+=("$PFX")
pfx_serves "unix:$SOCKET"
expect_log 'warning: .*descriptors'
hold 200
expect_idle "$(children "$PFX")"
release
pfx_stop

# As root the limit is raised to what max_connections needs.
: >"$LOG"
configuration 'workers = 1; max_connections = 300;'
bash -c 'ulimit -Sn 60; exec "$@"' - "$(public_copy)" -L "unix:$SOCKET,mode=0666" -C "$CFG" >>"$LOG" 2>&1 </dev/null &
PFX=$!
STARTED+=("$PFX")
pfx_serves "unix:$SOCKET"
hold 200
expect_reply map key 'OK value-of-key'
release

# max_connections: no more are accepted, the others wait, and a warning comes before.
hold 299
worker=$(children "$PFX")
expect_log 'warning: .*connections.*300'
expect_reply map key 'OK value-of-key'
kill "$HOLDER"
hold 320
expect_idle "$worker"
sockets() {
    find "/proc/$worker/fd" -lname 'socket:*' | wc -l
}
expect_at_most "sockets of the worker" 315 "$(sockets)"
release
pfx_stop
expect_all_rows
