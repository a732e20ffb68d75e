#!/usr/bin/env bash
# A daemon that is killed while it makes its files, for want of memory or by hand, leaves at most one unfinished file of
# each kind, which the next start makes use of: a loop of such starts does not fill the disk (A5).
#
# Slow: strace(1) is for make check-all.
set -eu
. "$(dirname "$0")/lib.sh"
B=$PLAIN # the sanitizers do not bear strace

backend_start -l inet:127.0.0.1:0
map users ''
configuration 'response_cache = { enabled = true; size = "1M"; };'
killed() {
    strace -qqf -o "$T/trace" -e trace=fallocate -e inject=fallocate:signal=KILL \
        "$B/pfx-socketmap" -L "unix:$SOCKET" -C "$CFG" >>"$LOG" 2>&1 &
    wait "$!" 2>"$T/killed" || true
    grep -q 'killed by SIGKILL' "$T/trace" || fail "it is not killed: $(tail -3 "$T/trace")"
}
for _ in 1 2 3; do killed; done
expect_at_most "files after three starts that were killed" 2 "$(find "$STATE" -type f | wc -l)"
pfx_standalone
expect_equal "files" $'pfx-cache\npfx-stats' "$(find "$STATE" -type f -printf '%f\n' | sort)"
expect_reply users key 'OK value-of-key'
expect_no_log 'in memory only'
pfx_stop
