#!/usr/bin/env bash
# After known traffic pfx-stats holds the sums of all workers, by daemon, section and entry; a reload, a killed worker
# and another start continue them (A9).
set -eu
. "$(dirname "$0")/cache.sh"

PORT=$(instance_unused_port)
backend_at "inet:127.0.0.1:$PORT"
nobody=127.0.0.1:$(instance_unused_port)
map found ''
map kept '' 'response_cache = { enabled = true; max_age = "1h"; };'
map stale '' 'response_cache = { enabled = true; max_age = "0s"; };'
map nothing "body=$(url '{"result":null}')"
map perm 'status=401'
map temp 'status=500'
map slow 'hang=1' 'http = { timeout = "300ms"; };'
map slow_enough 'delay=500'
entry refused "target = \"http://$nobody/?key=%s\"; retry_interval = \"1h\";"
configuration 'workers = 2;'
pfx_standalone

counts() { # ENTRY NAME=NUMBER...
    local pair
    for pair in "${@:2}"; do
        expect_equal "$1: ${pair%=*}" "${pair#*=}" "$(counter "pfx-socketmap/socket_maps/$1" "${pair%=*}")"
    done
}
ask_some() { # NAME COUNT [PREFIX]: keys, each another
    local i
    for ((i = 0; i < $2; i++)); do ask "$1" "${3:-key}$i" >"$T/reply"; done
}
ask_some found 10
for _ in 1 2 3 4 5; do expect_reply kept key 'OK value-of-key'; done
ask_some stale 3
ask_some nothing 3
ask_some perm 2
ask_some temp 4
ask_some slow 2
ask_some refused 6
line=$(timeout 60 "$B/client" storm "unix:$SOCKET" slow_enough -c 50 -k 1 -e value-of-) || fail "storm: $line"
printf 'no netstring' | raw "unix:$SOCKET" >"$T/raw" || true

counts found found=10 backend_requests=10 cache_fresh=0 in_flight=0 timed=10
counts kept found=5 backend_requests=1 cache_fresh=4 timed=5
counts stale found=3 backend_requests=3 cache_stale=0
counts nothing notfound=3 found=0 backend_requests=3
counts perm perm=2 backend_unexpected=2
counts temp temp=4 backend_unexpected=4
counts slow timeout=2 backend_timed_out=2 backend_requests=2
tried=$(counter pfx-socketmap/socket_maps/refused backend_requests) # 2, and the probes of the time that it took
counts refused temp=6 backend_not_connected="$tried" backend_down=$((6 - tried))
expect_at_most "requests to a backend that is down" 4 "$tried"
requests=$(fetch '/_count?path=/slow_enough?')
counts slow_enough found=50 backend_requests="$requests" coalesced=$((50 - requests)) in_flight=0 timed=50
[ "$(counter pfx-socketmap/socket_maps/slow_enough sum_ms)" -ge $((50 * 400)) ] || fail "the sum of the times"
expect_equal "malformed requests" 1 "$(counter pfx-socketmap// malformed)"
expect_equal "workers" 2 "$(counter pfx-socketmap// workers_started)"
expect_equal "open connections" 0 "$(counter pfx-socketmap// connections_open)"
connections=$(counter pfx-socketmap// connections)
expect_at_most "connections that were made" "$connections" $((36 + 50))

# Old answers, and a worker that is killed while questions wait: what it had in flight is no more.
backend_hang
in_background "$T/waiting" "$B/client" ask "unix:$SOCKET" found waiting
waits() {
    [ "$(counter pfx-socketmap/socket_maps/found in_flight)" = 1 ]
}
wait_for 5 waits || fail "no request in flight"
mapfile -t workers < <(children "$PFX")
kill -9 "${workers[@]}"
replaced() {
    [ "$(counter pfx-socketmap// workers_started)" = 4 ]
}
wait_for 10 replaced || fail "workers are not replaced"
wait "$JOB" || true # it has asked the next worker, and got an answer or none
backend_go_on
ask found again >"$T/reply"
counts found in_flight=0
backend_kill
ask_some stale 3
counts stale found=6 cache_stale=3
counts kept found=5 cache_fresh=4

# A reload, and a start of its own.
kill -HUP "$PFX"
wait_for 10 log_has_lines 2 'started, version' || fail "no reload"
wait_for 10 answers "unix:$SOCKET" || fail "no answer after the reload"
expect_reply kept key 'OK value-of-key'
counts kept found=6 cache_fresh=5 backend_requests=1
counts temp temp=4
pfx_stop
pfx_standalone
expect_reply kept key 'OK value-of-key'
counts kept found=7 cache_fresh=6
expect_equal "workers" 8 "$(counter pfx-socketmap// workers_started)"
expect_equal "mode" 600 "$(stat -c %a "$STATE/pfx-stats")"
pfx_stop
