#!/usr/bin/env bash
# smtpd, trivial-rewrite and cleanup ask: domains, mailboxes, aliases, transports; a mail is accepted, one refused, one
# deferred.
set -eu
. "$(dirname "$0")/postfix.sh"

printf '%s\t%s\n' domain:virt.example yes mailbox:user@virt.example user/ mailbox:slow@virt.example slow/ \
    alias:sales@virt.example user@virt.example transport:user@virt.example discard: >"$T/data.tsv"
backend_start -d "$T/data.tsv" -m result -l inet:127.0.0.1:0
postfix_new
for table in domain mailbox alias transport; do
    entry "$table" "target = \"http://$BACKEND/$table?key=$table:%s\";"
done
configuration
pfx=socketmap:unix:private/pfx-socketmap
postfix_main "virtual_mailbox_domains = $pfx:domain" "virtual_mailbox_maps = $pfx:mailbox" \
    "virtual_alias_maps = $pfx:alias" "transport_maps = $pfx:transport" 'smtpd_error_sleep_time = 0'
postfix_start

mapfile -t reply < <(smtp 'EHLO client.example' 'MAIL FROM:<me@elsewhere.example>' 'RCPT TO:<nobody@virt.example>' \
    'RCPT TO:<User@Virt.Example>' 'RCPT TO:<Sales@virt.example>' DATA $'Subject: test\r\n\r\nHello.\r\n.' QUIT)
expect_match "a recipient that is not there" '550 5.1.1 *User unknown*' "${reply[3]}"
expect_match "a recipient that is there" '250 2.1.5 *' "${reply[4]}"
expect_match "a recipient that is an alias" '250 2.1.5 *' "${reply[5]}"
expect_match "the message" '250 2.0.0 *queued*' "${reply[7]}"
expect_log 'to=<[Uu]ser@[Vv]irt\.[Ee]xample>.*relay=none.*status=sent'

# Each of them has asked.
for table in domain mailbox alias transport; do
    [ "$(asked "$table")" -gt 0 ] || fail "nobody asked for $table"
done

# Postfix's answer when ours is TEMP or PERM.
verdict() { # QUERY REPLY: the answer to a recipient when the map gives that reply
    sed -i "/^ *mailbox = /s/mailbox:%s[^\"]*/mailbox:%s\&$1/" "$CFG"
    postfix_reload
    wait_for 20 new_configuration "$2" || fail "the new configuration is not in force for $1"
    smtp 'EHLO client.example' 'MAIL FROM:<me@elsewhere.example>' 'RCPT TO:<user@virt.example>' QUIT | sed -n 4p
}
new_configuration() {
    [[ $(ask mailbox user@virt.example) == $1 ]]
}
expect_match "a temporary failure" '451 4.3.0 *Temporary lookup failure*' "$(verdict status=500 'TEMP *')"
expect_match "a permanent failure" '451 4.3.5 *Server configuration error*' "$(verdict status=403 'PERM *')"
expect_match "well again" '250 2.1.5 *' "$(verdict status=200 'OK *')"
