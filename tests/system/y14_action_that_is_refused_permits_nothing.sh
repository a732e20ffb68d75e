#!/usr/bin/env bash
# Through smtpd: digits alone, an empty text and other answers that Postfix takes as permit do not let mail through
# (A4).
set -eu
. "$(dirname "$0")/policy.sh"

permits=(554 '450' ' OK' 'HANGUP' 'permit' '250 2.0.0 fine' 'nothing_that_is_known')
for i in "${!permits[@]}"; do
    printf '%s@x.example\t%s\n' "$i" "${permits[i]}" >>"$T/data.tsv"
done
backend_start -d "$T/data.tsv" -m result -l inet:127.0.0.1:0
policy_postfix_new
service wanted 'member=sender' 'no_value_action = "REJECT 5.7.1 nothing there";'
policy_configuration
postfix_start

for i in "${!permits[@]}"; do
    expect_equal "'${permits[i]}'" \
        '450 4.3.0 <user@virt.example>: Recipient address rejected: Service temporarily unavailable' \
        "$(recipient "$i@x.example")"
done
expect_equal "nothing there" '554 5.7.1 <user@virt.example>: Recipient address rejected: nothing there' \
    "$(recipient unknown@x.example)"
who='client=unknown\[127\.0\.0\.1\], sender=<0@x\.example>, recipient=<user@virt\.example>'
expect_log "warning: NOQUEUE: policy=wanted, $who, peer=[0-9]+, request=[0-9a-f]{16}: .*digits alone"
expect_no_log 'smtpd.*warning: (access table|unknown smtpd restriction|problem talking)'
