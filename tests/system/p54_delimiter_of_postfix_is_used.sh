#!/usr/bin/env bash
# Under master(8) recipient_delimiter is Postfix's own, unless the entry says otherwise; and smtpd takes an alias and a
# catch-all that only another form of the recipient has (A3, Keys).
set -eu
. "$(dirname "$0")/postfix.sh"

printf '%s\t%s\n' user@d.example known @all.example known >"$T/known"
backend_start -l inet:127.0.0.1:0 -d "$T/known"
postfix_new
map own '' 'keys = "mailbox";'
map plus '' 'keys = "mailbox"; recipient_delimiter = "+";'
map off '' 'keys = "mailbox"; recipient_delimiter = "";'
map exact ''
configuration
postfix_main 'recipient_delimiter = -=' 'virtual_mailbox_domains = d.example all.example' \
    'virtual_transport = discard:' 'smtpd_recipient_restrictions = reject_unauth_destination' \
    "virtual_mailbox_maps = socketmap:unix:$SOCKET:own"
postfix_start

expect_equal "the first of Postfix" known "$(postfix_query own user-x@d.example)"
expect_equal "the second of Postfix" known "$(postfix_query own user=x-y@d.example)"
expect_equal "none of Postfix" '' "$(postfix_query own user+x@d.example)"
expect_equal "that of the entry" known "$(postfix_query plus user+x@d.example)"
expect_equal "not that of the entry" '' "$(postfix_query plus user-x@d.example)"
expect_equal "none" '' "$(postfix_query off user-x@d.example)"
expect_equal "the whole key" '' "$(postfix_query exact user-x@d.example)"

rcpt() { # ADDRESS: the reply to RCPT TO
    smtp 'EHLO client.example' 'MAIL FROM:<a@b.example>' "RCPT TO:<$1>" QUIT | sed -n 4p
}
for address in user@d.example user-x@d.example User-X@D.example anybody@all.example; do
    expect_match "RCPT TO $address" '250 *' "$(rcpt "$address")"
done
for address in other@d.example user+x@d.example; do
    expect_match "RCPT TO $address" '550 *' "$(rcpt "$address")"
done
