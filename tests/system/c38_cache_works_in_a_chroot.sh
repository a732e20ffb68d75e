#!/usr/bin/env bash
# chroot = y: the same table, which is opened before, is written and read, also by a worker in the place of a dead one
# and after a reload (A2, A5).
set -eu
. "$(dirname "$0")/cache.sh"

B=$PLAIN # sanitizers need more inside
kept_postfix
postfix_stop
sed -i "/^$SERVICE/s/unix - - n/unix - - y/" "$T/etc/master.cf"
postfix_start
expect_kept "in the chroot"
parent=$(pfx_parent)
expect_equal "the root" "$Q" "$(readlink "/proc/$parent/root")"
expect_count 2 /fresh
expect_count 4 /old
expect_equal "a new one" value-of-new "$(postfix_query fresh new)"
mapfile -t workers < <(children "$parent")
kill -9 "${workers[@]}"
wait_for 10 gone "${workers[@]}" || fail "workers that were killed are there"
expect_equal "a new one" value-of-new "$(postfix_query fresh new)"
new_generation postfix_reload
expect_equal "a new one" value-of-new "$(postfix_query fresh new)"
expect_count 3 /fresh
expect_no_log 'cache: '
postfix_stop
