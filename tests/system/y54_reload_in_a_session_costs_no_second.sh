#!/usr/bin/env bash
# postfix reload in mid-session: the session's connection is served by the old worker, without the second that smtpd
# waits when it is closed; later sessions meet the new configuration; an old worker leaves with its last client, and
# after drain_time at the latest (A2, Reload).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
policy_postfix_new
service wanted "body=$(url '{"result":"REJECT generation-0"}')"
policy_configuration 'drain_time = "60s";'
postfix_start

# recipient_is GENERATION LIMIT: the next recipient of the session is answered by that generation, within LIMIT ms.
recipient_is() {
    local started
    started=$(now_ms)
    say 'RCPT TO:<user@virt.example>'
    expect_match "a recipient" "554 5.7.1 *: generation-$1" "$REPLY"
    expect_at_most "milliseconds of a recipient" "$2" $(($(now_ms) - started))
}
reload() { # DRAIN-TIME GENERATION: and the parent before is gone
    sed -i "s/generation-[0-9]*/generation-$2/; s/drain_time = \"[^\"]*\"/drain_time = \"$1\"/" "$CFG"
    old_parent=$(pfx_parent)
    # shellcheck disable=SC2046
    old_workers=$(children $old_parent)
    # shellcheck disable=SC2086
    old_connections=$(connections $old_workers)
    postfix_reload
    wait_for 10 gone "$old_parent" || fail "the old parent stays"
}

session_open
recipient_is 0 5000
reload 60s 1
expect_equal "connections of the session" 1 "$(wc -w <<<"$old_connections")"
for _ in {1..10}; do
    recipient_is 0 900
done
# shellcheck disable=SC2086
expect_equal "the connection of the session" "$old_connections" "$(connections $old_workers)"
expect_match "another session" '554 5.7.1 *: generation-1' "$(recipient me@x.example)"
recipient_is 0 900
session_close
# shellcheck disable=SC2086
wait_for 10 gone $old_workers || fail "the old workers outlive their last client"

# drain_time is nearly over before the session is: smtpd comes again, and no recipient is lost.
reload 1s 2
session_open
recipient_is 2 5000
reload 1s 3
# shellcheck disable=SC2086
wait_for 10 gone $old_workers || fail "the old workers outlive drain_time"
recipient_is 3 3000
session_close
expect_log 'pfx-policyd\[[0-9]+\]: drain_time is nearly over, idle connections closed: 1'
expect_no_log 'problem talking to server|bad command startup|exit status|killed by signal'
