#!/usr/bin/env bash
# With restrictions = true an answer may name restrictions and restriction classes, without it may not (A4).
set -eu
. "$(dirname "$0")/policy.sh"

printf '%s@x.example\t%s\n' class greylisted list 'reject_unauth_destination, greylisted' plain 'REJECT 5.7.1 plain' \
    >"$T/data.tsv"
backend_start -d "$T/data.tsv" -m result -l inet:127.0.0.1:0
policy_postfix_new
postfix_main 'smtpd_restriction_classes = greylisted' \
    'greylisted = check_recipient_access static:{450 4.2.0 greylisted}'
service allowed 'member=sender' 'restrictions = true;'
service refused 'member=sender'
policy_configuration
recipient_restrictions 'check_policy_service { unix:private/pfx-policy, policy_context=allowed }'
postfix_start

greylisted='450 4.2.0 <user@virt.example>: Recipient address rejected: greylisted'
expect_equal "a class" "$greylisted" "$(recipient class@x.example)"
expect_equal "a list" "$greylisted" "$(recipient list@x.example)"
expect_equal "an action" \
    '554 5.7.1 <user@virt.example>: Recipient address rejected: plain' "$(recipient plain@x.example)"
for sender in class list; do
    expect_equal "a $sender where none may be" "$ON_ERROR" "$(action refused "sender=$sender@x.example")"
done
expect_log 'warning: NOQUEUE: policy=refused, .*a word that access\(5\) does not know'
