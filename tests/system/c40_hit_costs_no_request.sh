#!/usr/bin/env bash
# A fresh answer in the cache costs no request, whichever worker or daemon has asked before; after max_age it is asked
# anew, once (A5).
set -eu
. "$(dirname "$0")/cache.sh"

backend_start -l inet:127.0.0.1:0
map kept '' 'response_cache = { max_age = "1h"; };'
map short '' 'response_cache = { max_age = "1s"; };'
map never '' 'response_cache = { enabled = false; };'
map folded '' 'response_cache = { max_age = "1h"; };'
map large 'bytes=99000' 'response_cache = { max_age = "1h"; };'
configuration "workers = 4; $(cache 'stale_if_error = "1d";')"
pfx_standalone
first=$PFX

line=$(load "unix:$SOCKET" kept -n 2000 -k 10 -c 1 -e value-of-) || fail "load: $line"
expect_none "$line" lost wrong
expect_count 10 /kept
line=$(load "unix:$SOCKET" kept -n 2000 -k 10 -c 16 -e value-of-) || fail "load: $line"
expect_none "$line" lost wrong
expect_count 10 /kept

expect_reply folded Some.Key 'OK value-of-some.key'
expect_reply folded sOME.kEY 'OK value-of-some.key'
expect_count 1 /folded

for i in 1 2 3; do expect_reply never key 'OK value-of-key'; done
expect_count 3 /never

for _ in 1 2 3; do
    reply=$(ask large key)
    expect_equal "bytes of the largest that a reply holds" $((3 + 99000)) "${#reply}"
done
expect_count 1 /large

# Another daemon of the same state_directory, and a table of the same kind.
SOCKET=$T/other
pfx_standalone
for i in {0..9}; do expect_reply kept "key$i" "OK value-of-key$i"; done
expect_count 10 /kept

expect_reply short key 'OK value-of-key'
asked_again() {
    expect_reply short key 'OK value-of-key'
    has_count 2 /short
}
took ms wait_for 5 asked_again
expect_at_most "milliseconds until max_age is over" 2000 "$ms"
expect_at_most "milliseconds of max_age" "$ms" 700

kill -TERM "$first"
wait "$first"
pfx_stop
