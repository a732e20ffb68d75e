#!/usr/bin/env bash
# The clock of the wall jumps by hours, forward and back, as after a wrong start or a resumed virtual machine: answers
# in the cache are never used for longer than they may be, times that are waited for stay as long as they are, and a
# backend that is down is asked again (A5, A6).
set -eu
. "$(dirname "$0")/faults.sh"

HOURS_MS=$((5 * 3600 * 1000))
WEEK_MS=$((7 * 24 * 3600 * 1000))
PORT=$(instance_unused_port)
backend_at "inet:127.0.0.1:$PORT"
three fresh "http://$BACKEND/fresh?key=%s"
three hang "http://$BACKEND/hang?key=%s&hang=1" 'http = { timeout = "500ms"; };'
three_configuration "workers = 1; $(cache 'max_age = "10m"; stale_if_error = "1d";')"
three_start fresh

# asks_anew BY: the answer is not used any more after a step of the clock, and the new one is.
ahead=0
wall=0
step() { # MILLISECONDS
    clock_ahead "$ahead" $((wall += $1))
}
asks_anew() {
    local before
    before=$(count /fresh?key=key)
    step "$1"
    three_see fresh
    has_count $((before + 1)) /fresh?key=key || fail "$ROW: the answer of before is used"
    before=$(count /fresh?key=key)
    three_see fresh
    expect_count "$before" /fresh?key=key
}
# What waits is not held up, nor cut short.
in_time() {
    local started
    in_background "$T/hang" "$B/client" ask "unix:$T/pfx-socketmap" hang "key$((number = ${number:-0} + 1))"
    started=$(now_ms)
    wait_for 5 has_count "$number" /hang || fail "no question"
    step "$1"
    wait "$JOB" || true
    expect_match "$ROW: what waits" 'TIMEOUT *' "$(<"$T/hang")"
    expect_at_most "$ROW: milliseconds that it waits" 2500 $(($(now_ms) - started))
    expect_at_most "$ROW: milliseconds that it may wait" $(($(now_ms) - started)) 450
    three_see fresh
}

three_see_before() {
    expect_equal "before" 'OK value-of-key' "$(map_answer fresh key)"
}
three_see_before
row clock_forward
again 5 asks_anew "$HOURS_MS"
in_time "$HOURS_MS"
logged
row clock_back
again 5 asks_anew "-$HOURS_MS"
in_time "-$HOURS_MS"
logged

# The backend goes away: what is older than it may be does not stand in for it, whichever way the clock went; and when
# the backend is back it is asked, though the clock says that it was asked tomorrow.
backend_kill
row clock_and_outage
for jump in "$WEEK_MS" "-$WEEK_MS"; do
    step "$jump"
    sees map "$(map_answer fresh "unknown$jump")"
done
step "$WEEK_MS"
step "$WEEK_MS"
sees map "$(map_answer fresh key)"
sees policy "$(policy_answer fresh)"
sees login "$(login_answer)"
logged
step "-$WEEK_MS"
backend_at "inet:127.0.0.1:$PORT"
clock_ahead $((ahead += 60000)) "$wall"
expect_equal "when it is back" 'OK value-of-key' "$(map_answer fresh key)"
expect_equal "when it is back" 'OK 7 user=user' "$(login_answer)"
three_stop
expect_all_rows
