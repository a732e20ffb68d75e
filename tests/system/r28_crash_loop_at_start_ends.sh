#!/usr/bin/env bash
# Workers that die at once, again and again, before anything was served, end the parent with status 1 (A2, Crash).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map map ''
configuration 'workers = 2;'
# The search for leaks at the end has a child, too, and who kills that one stops the end for ever.
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 in_background "$LOG" "$B/pfx-socketmap" -L "unix:$SOCKET,mode=0666" -C "$CFG"
PFX=$JOB

# kills its workers as they come; true when the parent has gone.
kill_workers() {
    local pid
    alive "$PFX" || return 0
    for pid in $(children "$PFX"); do
        kill -9 "$pid" || true
    done
    return 1
}
wait_for 60 kill_workers || fail "the parent goes on for ever"
status=0
wait "$PFX" || status=$?
expect_equal "exit status of the parent" 1 "$status"
expect_log 'fatal: '

# The same after a request: it goes on, and heals when the dying ends.
pfx_standalone
expect_reply map key 'OK value-of-key'
deaths=0
kill_some() {
    ! kill_workers || fail "the parent gives up, though it has served"
    deaths=$((deaths + 1))
    [ "$deaths" -ge 100 ]
}
wait_for 60 kill_some || true
wait_for 60 answers "unix:$SOCKET" || fail "no worker any more"
expect_reply map key 'OK value-of-key'
pfx_stop
