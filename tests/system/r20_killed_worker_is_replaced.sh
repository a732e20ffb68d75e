#!/usr/bin/env bash
# A worker killed with -9 is replaced, one after another and all at once; Postfix sees nothing of it (A2, Crash).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map map ''
configuration 'workers = 2;'
postfix_start
expect_equal "an answer" value-of-key "$(postfix_query map key)"
parent=$(pfx_parent)

two_others() { # PID...: two workers, none of them of these
    local now
    now=$(children "$parent")
    [ "$(wc -w <<<"$now")" = 2 ] && ! grep -qwF "$(tr ' ' '\n' <<<"$*")" <<<"$now"
}
expect_workers 2 "$parent"
for _ in 1 2 3; do
    victim=$(children "$parent" | head -1)
    kill -9 "$victim"
    wait_for 10 two_others "$victim" || fail "no worker in place of $victim"
    expect_equal "an answer" value-of-key "$(postfix_query map key)"
done
expect_log "warning: .*worker.*(signal 9|killed)"

mapfile -t victims < <(children "$parent")
kill -9 "${victims[@]}"
wait_for 20 two_others "${victims[@]}" || fail "no workers in place of ${victims[*]}"
expect_equal "an answer" value-of-key "$(postfix_query map key)"
expect_equal "the parent" "$parent" "$(pfx_parent)"
expect_no_log 'throttling'

# A parent that is killed takes its workers with it, and master starts another at once.
mapfile -t victims < <(children "$parent")
kill -9 "$parent"
wait_for 10 gone "${victims[@]}" || fail "the workers outlive their parent"
expect_equal "an answer of the next" value-of-key "$(postfix_query map key)"
expect_no_log 'throttling'
