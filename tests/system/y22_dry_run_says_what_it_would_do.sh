#!/usr/bin/env bash
# dry_run: the backend is asked, "would: ACTION" is logged with the queue id, and the answer is DUNNO (A4).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
policy_postfix_new ask
service ask "body=$(url '{"result":"REJECT 5.7.1 no"}')" 'dry_run = true;'
policy_configuration
postfix_start

mapfile -t reply < <(smtp 'EHLO client.example' 'MAIL FROM:<me@x.example>' 'RCPT TO:<one@virt.example>' \
    'RCPT TO:<two@virt.example>' DATA $'Subject: test\r\n\r\nHello.\r\n.' QUIT)
expect_equal "the first recipient" '250 2.1.5 Ok' "${reply[3]}"
expect_equal "the second recipient" '250 2.1.5 Ok' "${reply[4]}"
expect_match "the message" '250 2.0.0 Ok: queued as *' "${reply[6]}"
id=${reply[6]##* }
line='policy=ask, client=unknown\[127\.0\.0\.1\], sender=<me@x\.example>'
end='peer=[0-9]+, request=[0-9a-f]{16}: would: REJECT 5\.7\.1 no$'
expect_log "pfx-policyd\[[0-9]+\]: NOQUEUE: $line, recipient=<one@virt\.example>, $end"
expect_log "pfx-policyd\[[0-9]+\]: $id: $line, recipient=<two@virt\.example>, $end"
expect_equal "requests" 2 "$(asked ask)"
postfix_stop

# What it would do on an error and with nothing there; a queue id cannot forge a line.
ENTRIES=
service nothing "body=$(url '{"result":null}')" 'dry_run = true; no_value_action = "OK nothing";'
service broken 'status=500' 'dry_run = true;'
policy_configuration
SOCKET=$T/s LOG=$T/log
pfx_standalone
expect_equal "nothing there" DUNNO "$(action nothing)"
expect_log 'NOQUEUE: policy=nothing, .*: would: OK nothing$'
expect_equal "an error" DUNNO "$(action broken)"
expect_log "NOQUEUE: policy=broken, .*: would: $ON_ERROR\$"
expect_equal "an odd queue id" DUNNO \
    "$(action nothing queue_id=$'A\rB\e[31m' client_name=host client_address=192.0.2.1)"
expect_log 'A\?B\?\[31m: policy=nothing, client=host\[192\.0\.2\.1\], .*would: '
pfx_stop
