#!/usr/bin/env bash
# 1,000 connections that stay idle, and 16 that ask: at least 0.85 of the rate without the idle ones, median of 5
# rounds.
# Alone: it measures.
set -eu
. "$(dirname "$0")/lib.sh"

B=$PLAIN
backend_start -l inet:127.0.0.1:0
map map ''
configuration
pfx_standalone

rates() { # IDLE: the rate of one round
    local line
    line=$(load "unix:$SOCKET" map -c 16 -i "$1" -t 2000) || fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound idle_closed
    figure rate "$line"
}
median() {
    printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}
rates 0 >"$T/warm"
without=()
with=()
for _ in 1 2 3 4 5; do
    without+=("$(rates 0)")
    with+=("$(rates 1000)")
done
echo "requests a second: $(median "${without[@]}") without, $(median "${with[@]}") with 1,000 idle connections"
wanted=$(($(median "${without[@]}") * 85 / 100))
expect_at_most "85 % of the rate without idle connections" "$(median "${with[@]}")" "$wanted"
pfx_stop
