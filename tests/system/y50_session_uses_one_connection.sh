#!/usr/bin/env bash
# A session of many recipients, and the sessions after it, use one connection to the daemon, and that one connection to
# the backend.
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
policy_postfix_new wanted
postfix_main 'smtpd_recipient_limit = 1000' 'smtpd_recipient_overshoot_limit = 1000'
service wanted "body=$(url '{"result":"DUNNO"}')"
policy_configuration 'log_level = "debug";'
postfix_start

workers() {
    # shellcheck disable=SC2046
    children $(pfx_parent)
}
held() {
    # shellcheck disable=SC2046
    connections $(workers)
}
session_open
say 'RCPT TO:<user1@virt.example>'
expect_equal "the first recipient" '250 2.1.5 Ok' "$REPLY"
first=$(held)
expect_equal "connections after one recipient" 1 "$(wc -w <<<"$first")"
for i in {2..100}; do
    say "RCPT TO:<user$i@virt.example>"
    expect_equal "recipient $i" '250 2.1.5 Ok' "$REPLY"
done
expect_equal "the connection after 100 recipients" "$first" "$(held)"
session_close
for _ in 1 2 3; do
    expect_equal "a later session" '250 2.1.5 Ok' "$(recipient me@x.example)"
done
expect_equal "the connection after four sessions" "$first" "$(held)"
expect_equal "requests" 103 "$(asked wanted)"
expect_equal "connections to the backend" 1 "$(fetch /_conns)"
# What postlogd is too slow to read is counted, and the count is in the log.
written=$(grep -c 'policy=wanted, .*source=backend' "$LOG")
dropped=$(sed -n 's/.*warning: \([0-9]*\) log lines dropped.*/\1/p' "$LOG" | awk '{ n += $1 } END { print n + 0 }')
expect_equal "lines about requests, written and dropped" 103 $((written + dropped))
expect_equal "those who asked" 1 \
    "$(grep -o 'policy=wanted, .*peer=[0-9]*' "$LOG" | sed 's/.*peer=//' | sort -u | wc -l)"
