#!/usr/bin/env bash
# Two targets, and the first hangs: answers come from the second within attempt_timeout, and at once when the first
# counts as down; when it comes back it is used again ("Outage", A6).
# Alone: it measures.
set -eu
. "$(dirname "$0")/cache.sh"

B=$PLAIN
ATTEMPT_MS=700
two_backends
targets map "http://$FIRST/map?key=%s http://$SECOND/map?key=%s" \
    'retry_interval = "2s"; http = { attempt_timeout = "700ms"; timeout = "5s"; };'
configuration
pfx_standalone
expect_reply map key0 'OK value-of-key0'
expect_count 1 /map "$FIRST"
expect_count 0 /map "$SECOND"

backend_hang "$FIRST_PID"
for i in 1 2 3 4 5; do
    took ms expect_reply map "slow$i" "OK value-of-slow$i"
    expect_at_most "milliseconds until the second answers" $((ATTEMPT_MS + 100)) "$ms"
    expect_at_most "milliseconds that the first has" "$ms" "$ATTEMPT_MS"
done
expect_log "$(down_line "http://$FIRST")the backend did not answer in time; retry in [12] s"
for i in {1..50}; do
    took ms expect_reply map "fast$i" "OK value-of-fast$i"
    expect_at_most "milliseconds until the second answers, the first being down" 200 "$ms"
done
line=$(load "unix:$SOCKET" map -t 3000 -c 4 -e value-of-) || fail "load: $line"
expect_none "$line" lost wrong
expect_at_most "the longest, also while the first is probed" 200 "$(figure max_ms "$line")"
expect_no_log "$(down_line "http://$SECOND")"

backend_go_on "$FIRST_PID"
first_answers() {
    back=$((back + 1))
    [ "$(ask map "back$back")" = "OK value-of-back$back" ] && log_has "$(up_line "http://$FIRST")"
}
back=0
took ms wait_for 10 first_answers
log_has "$(up_line "http://$FIRST")" || fail "the first is back, and not used again"
expect_at_most "milliseconds until the first is used again" 2400 "$ms"
asked_before=$(count /map "$SECOND")
for i in 1 2 3; do
    expect_reply map "again$i" "OK value-of-again$i"
    expect_count 1 "/map?key=again$i" "$FIRST"
done
expect_count "$asked_before" /map "$SECOND"
pfx_stop
