#!/usr/bin/env bash
# postfix reload, SIGHUP to the parent, postfix stop and start, and a parent killed with -9 keep the cache: within
# max_age nothing is asked anew, and what is older still stands in for a backend that is gone (A5).
set -eu
. "$(dirname "$0")/cache.sh"

kept_postfix
old=2
expect_equal "owner and mode" "postfix 600" "$(stat -c '%U %a' "$STATE_FILE")"
for way in postfix_reload hang_up_parent postfix_anew kill_parent; do
    kill_parent() {
        kill -9 "$(pfx_parent)"
    }
    new_generation "$way"
    expect_kept "$way"
    old=$((old + 2))
    expect_count 2 /fresh
    expect_count "$old" /old
done
backend_kill
for way in postfix_reload hang_up_parent postfix_anew; do
    new_generation "$way"
    expect_kept "$way, the backend gone"
done
expect_holds "an unknown key" 'socketmap server temporary error' "$(postfix_query fresh unknown)"
expect_no_log 'cache: '
postfix_stop
