#!/usr/bin/env bash
# Thousands of lookups that the cache answers: the worker allocates for its connections, and nothing for a lookup.
set -eu
. "$(dirname "$0")/cache.sh"

B=$PLAIN # under the sanitizers nothing is used again
QUESTIONS=4000
CONNECTIONS=16
MANY=1000000000

backend_start -l inet:127.0.0.1:0
map map ''
configuration "workers = 1; $(cache 'size = "1M"')"
head -c 16 /dev/zero >"$T/alloc"
export PFX_TEST_ALLOC=$T/alloc
LD_PRELOAD=$B/alloc.so pfx_standalone

ask_all() {
    local line
    line=$(load "unix:$SOCKET" map -c "$CONNECTIONS" -k 50 -n "$QUESTIONS") || fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound
}
ask_all
before=$(asked map)
perl -e 'open my $f, "+<", shift or die; syswrite $f, pack "qq", @ARGV' "$T/alloc" "$(children "$PFX")" "$MANY"
ask_all
allocations=$((MANY - $(od -A n -t d8 -j 8 "$T/alloc")))
expect_equal "requests to the backend" "$before" "$(asked map)"
echo "$allocations allocations for $QUESTIONS lookups over $CONNECTIONS connections"
[ "$allocations" -gt 0 ] || fail "they are not counted"
expect_at_most "allocations" $((4 * CONNECTIONS)) "$allocations"
pfx_stop
