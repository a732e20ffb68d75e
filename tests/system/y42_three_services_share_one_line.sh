#!/usr/bin/env bash
# Through smtpd: three services of one Postfix, one line of pfx-policy, policy_context tells them apart; while the
# configuration is broken all mail is deferred (A2, A4).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
policy_postfix_new
ports=("$SMTP_PORT")
for name in second third; do
    ports+=("$(instance_unused_port)")
    cat >>"$T/etc/master.cf" <<END
127.0.0.1:${ports[-1]} inet n - n - - smtpd
    -o { smtpd_recipient_restrictions = reject_unauth_destination,
         check_policy_service { unix:private/pfx-policy, policy_context=$name } }
END
done
recipient_restrictions 'check_policy_service { unix:private/pfx-policy, policy_context=first }'
for name in first second third; do
    service "$name" "body=$(url "{\"result\":\"REJECT the $name\"}")"
done
policy_configuration
postfix_start

i=0
for name in first second third; do
    SMTP_PORT=${ports[i++]}
    expect_equal "the $name" "554 5.7.1 <user@virt.example>: Recipient address rejected: the $name" \
        "$(recipient me@x.example)"
done
expect_equal "parents" 1 "$(pfx_parent | wc -l)"

becomes() { # REPLY: after a reload
    wait_for 20 replies "$1" || fail "no '$1', but $(recipient me@x.example)"
}
replies() {
    [ "$(recipient me@x.example)" = "$1" ]
}
cp "$CFG" "$T/good.cfg"
sed 's/policy_services = {/policy_services = /' "$T/good.cfg" >"$CFG"
postfix_reload
becomes '450 4.3.0 <user@virt.example>: Recipient address rejected: Service temporarily unavailable'
expect_log 'pfx-policyd\[[0-9]+\]: error: .*pfx\.cfg:[0-9]+: .*syntax'
cp "$T/good.cfg" "$CFG"
postfix_reload
becomes '554 5.7.1 <user@virt.example>: Recipient address rejected: the third'
expect_no_log 'problem talking to server'
