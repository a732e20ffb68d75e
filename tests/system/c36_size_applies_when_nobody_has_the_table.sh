#!/usr/bin/env bash
# "size" is that of the file; another one applies when nobody has the table any more, and until then answers stay
# (A5).
set -eu
. "$(dirname "$0")/cache.sh"

kept_postfix "$(cache 'size = "2M";') drain_time = \"30s\";"
bytes() {
    stat -c %s "$STATE_FILE"
}
expect_bytes() { # WHEN MEGABYTES
    expect_at_most "$1: bytes" $(($2 * 1024 * 1024 + 65536)) "$(bytes)"
    expect_at_most "$1: bytes" "$(bytes)" $(($2 * 1024 * 1024 - 65536))
}
expect_bytes "at first" 2
expect_equal "allocated, and not a hole" "$(($(bytes) / 512))" "$(($(stat -c %b "$STATE_FILE") / 8 * 8))"

hold 1 # so that a worker of the old generation stays
sed -i 's/"2M"/"4M"/' "$CFG"
new_generation postfix_reload
expect_bytes "while it is in use" 2
expect_kept "while it is in use"
expect_count 2 /fresh
kill "$HOLDER"
wait "$HOLDER" || true
postfix_anew
expect_kept "after a stop" # it begins with the first question
expect_bytes "after a stop" 4
expect_count 4 /fresh

sed -i 's/"4M"/"1M"/' "$CFG"
postfix_anew
expect_kept "smaller"
expect_bytes "smaller" 1
expect_kept "smaller, again"
expect_count 6 /fresh
expect_no_log 'cache: '
postfix_stop
