#!/usr/bin/env bash
# Through smtpd: with the backend down or slow mail is deferred, or accepted with on_error = "DUNNO", within the time
# budget; when it is back it decides (A4).
set -eu
. "$(dirname "$0")/policy.sh"

port=$(instance_unused_port)
BACKEND=127.0.0.1:$port
policy_postfix_new
postfix_main 'open = check_policy_service { unix:private/pfx-policy, policy_context=open }' \
    'closed = check_policy_service { unix:private/pfx-policy, policy_context=closed }' \
    'slow = check_policy_service { unix:private/pfx-policy, policy_context=slow }' \
    'smtpd_restriction_classes = open, closed, slow'
recipient_restrictions \
    'check_recipient_access inline:{ open@virt.example=open, closed@virt.example=closed, slow@virt.example=slow }'
answer="body=$(url '{"result":"REJECT 5.7.1 the backend is back"}')"
service open "$answer" 'on_error = "DUNNO";'
service closed "$answer"
service slow 'delay=20000' 'http = { timeout = "1s"; };'
policy_configuration
postfix_start

decides() { # WHAT REPLY RECIPIENT
    local wanted=${2/USER/<$3@virt.example>: Recipient address rejected}
    expect_equal "$1" "$wanted" "$(recipient me@x.example "$3@virt.example")"
}
is_back() {
    [ "$(recipient me@x.example open@virt.example)" != '250 2.1.5 Ok' ]
}
deferred='450 4.3.0 USER: Service temporarily unavailable'
decides "down, on_error = DUNNO" '250 2.1.5 Ok' open
decides "down" "$deferred" closed
backend_start -l "inet:$BACKEND"
back='554 5.7.1 USER: the backend is back'
wait_for 10 is_back || fail "the backend is back, and not asked"
decides "back, on_error = DUNNO" "$back" open
decides "back" "$back" closed
started=$(now_ms)
decides "slow" "$deferred" slow
expect_at_most "milliseconds of a slow backend" 2900 $(($(now_ms) - started))
kill "$BACKEND_PID"
wait "$BACKEND_PID" || true
decides "down again" "$deferred" closed
decides "down again, on_error = DUNNO" '250 2.1.5 Ok' open
expect_no_log 'problem talking to server'
