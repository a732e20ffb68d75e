#!/usr/bin/env bash
# While a request probes a target that is down, and waits, others get their answer at once, also those that ask the
# same: an old one, or that the backend is down (A6).
set -eu
. "$(dirname "$0")/cache.sh"

backend_start -l inet:127.0.0.1:0
map plain '' 'http = { timeout = "4s"; };'
map kept '' 'http = { timeout = "4s"; }; response_cache = { enabled = true; max_age = "0s"; stale_after = "3s"; };'
configuration 'workers = 1;'
pfx_with_clock
expect_reply kept key 'OK value-of-key'
backend_hang
line=$(load "unix:$SOCKET" plain -n 5 -k 5 -c 5) || fail "load: $line"
expect_log "$(down_line "http://$BACKEND")"

# probe_begin NAME KEY: a question that is the probe; returns when it is on its way.
probe_begin() {
    before=$(requests_of "$1")
    clock_ahead $((ahead += 100000))
    in_background "$T/probe" "$B/client" ask "unix:$SOCKET" "$@"
    wait_for 5 is_asked || fail "no probe"
}
is_asked() {
    [ "$(requests_of plain)" -gt "$before" ]
}
requests_of() { # NAME
    counter "pfx-socketmap/socket_maps/$1" backend_requests
}
at_once() { # NAME KEY REPLY
    took ms expect_reply "$@"
    expect_at_most "milliseconds for $1 $2 while a probe is on its way" 1500 "$ms"
}
ahead=0
probe_begin plain probed
at_once plain another 'TEMP *'
at_once kept key 'OK value-of-key'
at_once plain probed 'TEMP *'
alive "$JOB" || fail "the probe ended too early to tell"
wait "$JOB" || true
expect_match "the probe" 'T* *' "$(<"$T/probe")"
backend_go_on
pfx_stop
