#!/usr/bin/env bash
# 1,000 connections that stay idle, and 16 that ask: at least 0.85 of the rate without the idle ones, and at most
# 1 / 0.85 of the CPU time of a request; medians of the rounds. Both tell of whatever else the machine does, too, with
# its processors and their memory, and have five tries.
# Alone: it measures.
set -eu
. "$(dirname "$0")/lib.sh"

B=$PLAIN
ROUNDS=5
backend_start -l inet:127.0.0.1:0
map map ''
configuration
pfx_standalone

workers_ms() {
    local pid sum=0
    for pid in $(children "$PFX"); do sum=$((sum + $(cpu_ms "$pid"))); done
    echo "$sum"
}
round() { # IDLE: requests a second, and nanoseconds of CPU time that one takes
    local line before
    before=$(workers_ms)
    line=$(load "unix:$SOCKET" map -c 16 -i "$1" -t 2000) || fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound idle_closed
    echo "$(figure rate "$line") $((($(workers_ms) - before) * 1000000 / $(figure requests "$line")))"
}
median() { # FIELD FILE
    cut -d ' ' -f "$1" "$T/$2" | sort -n | sed -n "$(((ROUNDS + 1) / 2))p"
}
measure() { # sets RATE and CPU, per cent
    local i
    rm -f "$T/without" "$T/with"
    for ((i = 0; i < ROUNDS; i++)); do
        round 0 >>"$T/without"
        round 1000 >>"$T/with"
    done
    RATE=$((100 * $(median 1 with) / $(median 1 without)))
    CPU=$((100 * $(median 2 without) / $(median 2 with)))
    echo "of the rate $RATE %, CPU time without them $CPU % of that with them"
}
round 0 >"$T/warm"
for _ in 1 2 3 4 5; do
    measure
    [ "$RATE" -lt 85 ] || [ "$CPU" -lt 85 ] || break
done
expect_at_most "per cent of the rate that are wanted" "$RATE" 85
expect_at_most "per cent of the CPU time that are wanted" "$CPU" 85
pfx_stop
