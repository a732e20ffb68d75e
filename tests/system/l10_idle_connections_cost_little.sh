#!/usr/bin/env bash
# 16 connections that ask, and 1,000 that stay idle besides: a request takes at most 1 / 0.85 of the CPU time that it
# takes without them, in the median of the rounds. Rates would tell of whatever else the machine does.
# Alone: it measures.
set -eu
. "$(dirname "$0")/lib.sh"

B=$PLAIN
ROUNDS=15
backend_start -l inet:127.0.0.1:0
map map ''
configuration
pfx_standalone

cpu_ns() { # of the workers
    local pid
    for pid in $(children "$PFX"); do cat "/proc/$pid"/task/*/schedstat; done |
        awk '{ sum += $1 } END { printf "%.0f", sum }'
}
cost() { # nanoseconds a request
    local line before
    before=$(cpu_ns)
    line=$(load "unix:$SOCKET" map -c 16 -t 600) || fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound
    echo $((($(cpu_ns) - before) / $(figure requests "$line")))
}
serves() { # COUNT: the workers have more descriptors than that
    local pid
    [ "$(for pid in $(children "$PFX"); do find "/proc/$pid/fd" -type l; done | wc -l)" -gt "$1" ]
}
serves_few() {
    ! serves 500
}
cost >"$T/warm"
for ((i = 0; i < ROUNDS; i++)); do
    without=$(cost)
    hold 1000
    wait_for 10 serves 1000 || fail "not all are accepted"
    with=$(cost)
    serves 1000 || fail "idle connections are closed"
    kill "$HOLDER"
    wait "$HOLDER" || true
    wait_for 10 serves_few || fail "not all are closed"
    echo "$((100 * without / with)) per cent: $with ns with, $without ns without"
done >"$T/rounds"
sort -n "$T/rounds"
median=$(sort -n "$T/rounds" | sed -n "$(((ROUNDS + 1) / 2))p")
[ "${median%% *}" -ge 85 ] || fail "$median"
pfx_stop
