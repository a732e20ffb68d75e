#!/usr/bin/env bash
# target_order = "random" asks each target first now and then, "listed" only the first of the list (A6).
set -eu
. "$(dirname "$0")/cache.sh"

two_backends
backend_start -l "unix:$T/third.sock" -l inet:127.0.0.1:0
chmod 666 "$T/third.sock"
for order in random listed; do
    targets $order "http://$FIRST/$order?key=%s http://$SECOND/$order?key=%s unix:$T/third.sock:/$order?key=%s" \
        "target_order = \"$order\";"
done
configuration
pfx_standalone
for order in random listed; do
    line=$(load "unix:$SOCKET" $order -n 300 -c 4 -e value-of-) || fail "load: $line"
    expect_none "$line" lost wrong
done
expect_count 300 /listed "$FIRST"
all=0
for address in "$FIRST" "$SECOND" "${BACKENDS[1]}"; do
    share=$(count /random "$address")
    [ "$share" -ge 60 ] || fail "$address has $share of 300"
    all=$((all + share))
done
expect_equal "requests" 300 "$all"
pfx_stop
