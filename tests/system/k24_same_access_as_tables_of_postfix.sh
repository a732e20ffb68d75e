#!/usr/bin/env bash
# access(5): the same verdict on each recipient, sender, name in HELO and client, whether the tables are files of
# Postfix or pfx is asked.
set -eu
. "$(dirname "$0")/tables.sh"

table recipient access <<'END'
user+full@dom.virt.example	REJECT full
user@dom.virt.example	REJECT unextended
dom.virt.example	REJECT 5.7.9 domain
mx.dom.virt.example	DUNNO
open.virt.example	OK
END
table sender access <<'END'
<>	REJECT null sender
user+full@mx.dom.example	REJECT full
user@mx.dom.example	450 4.7.1 unextended
"john doe"@dom.example	REJECT quoted
grün@dom.example	REJECT grün
user@good.dom.example	DUNNO
good.dom.example	OK
dom.example	REJECT 5.7.9 domain
deferred.dom.example	DEFER later
permit.dom.example	DEFER_IF_PERMIT perhaps
example.net	554 5.7.1 parent
dot.@dot.example	REJECT unquoted
dot.@dom.example	REJECT unquoted
bücher.example	REJECT bücher
spam	REJECT top level
friend+full@	REJECT local part with extension
friend@	REJECT local part
@dom.org	REJECT never asked for
.example.com	REJECT never asked for
[192.0.2.1]	REJECT literal
END
table helo 'full parents' <<'END'
mx.helo.example	REJECT host
helo.example	REJECT parent
[192.0.2.1]	REJECT literal
198.51.100.1	REJECT address
192.0.2	REJECT never asked for
END
table client access <<'END'
mx.client.example	REJECT host
client.example	REJECT parent
good.client.example	OK
dunno.client.example	DUNNO
192.0.2.1	REJECT address
192.0.2	REJECT 24 bits
192	REJECT 8 bits
198.51.100.7	OK
198.51.100	REJECT 24 bits
2001:db8::1	REJECT address
2001:db8	REJECT 32 bits
2001	REJECT 16 bits
unknown	DUNNO
END

recipient user+full@dom.virt.example ': full'
recipient User+Full@Dom.Virt.Example ': full'
recipient user+other@dom.virt.example ': unextended'
recipient other+full@dom.virt.example ': domain'
recipient user@sub.dom.virt.example ': domain'
recipient user@mx.dom.virt.example "$YES"
recipient user@sub.mx.dom.virt.example "$YES"
recipient nobody@open.virt.example "$YES"

sender '' 'null sender'
sender user+full@mx.dom.example ': full'
sender User+FULL@Mx.dom.example ': full'
sender user+x@mx.dom.example ': unextended'
sender user-full@mx.dom.example ': unextended'
sender other@mx.dom.example ': domain'
sender '"john doe"@dom.example' ': quoted'
sender '"John Doe+x"@dom.example' ': quoted'
sender '"john doe"@mx.dom.example' ': domain'
sender '"dot."@dot.example' ': unquoted'
sender '"dot.+x"@dot.example' ': unquoted'
# smtpd asks a table for "dot." and dot. before the domain. A socketmap gets the two as questions of their own.
sender '"dot."@dom.example' ': unquoted' ': domain'
sender grün+x@dom.example ': grün'
sender GRÜN@dom.example ': grün'
sender user+x@good.dom.example "$YES"
sender a@good.dom.example "$YES"
sender a@deep.good.dom.example "$YES"
sender a@deferred.dom.example ': later'
sender a@permit.dom.example ': perhaps'
sender a@example.net ': parent'
sender a@a.b.c.d.e.f.g.h.example.net ': parent'
sender a@notexample.net "$YES"
sender a@shop.bücher.example ': bücher'
sender a@some.spam ': top level'
sender friend+full@where.test ': local part with extension'
sender friend+x@where.test ': local part'
sender friend-full@where.test ': local part'
sender Friend@Where.test ': local part'
sender friend@mx.dom.example ': domain'
sender a@dom.org "$YES"
sender a@mx.example.com "$YES"
sender a@[192.0.2.1] ': literal'
sender a@here.test "$YES"

helo MX.Helo.example ': host'
helo deep.mx.helo.example ': host'
helo other.helo.example ': parent'
helo helo.example. "$YES"
helo '[192.0.2.1]' ': literal'
helo 198.51.100.1 ': address'
helo 192.0.2.1 "$YES"

client mx.client.example 203.0.113.1 ': host'
client MX.Client.example 203.0.113.1 ': host'
client deep.mx.client.example 203.0.113.1 ': host'
client other.client.example 192.0.2.1 ': parent'
client good.client.example 192.0.2.1 "$YES"
client dunno.client.example 192.0.2.1 "$YES"
client other.test 192.0.2.1 ': address'
client '[UNAVAILABLE]' 192.0.2.1 "$YES"
client other.test 192.0.2.10 ': 24 bits'
client other.test 192.0.20.1 ': 8 bits'
client other.test 198.51.100.7 "$YES"
client other.test 198.51.100.70 ': 24 bits'
client other.test 19.0.2.1 "$YES"
client other.test IPV6:2001:db8::1 ': address'
client other.test IPV6:2001:db8:0:0:0::1 ': address'
client other.test IPV6:2001:DB8::2 ': 32 bits'
client other.test IPV6:2001:db8:1::1 ': 32 bits'
client other.test IPV6:2001:db80::1 ': 16 bits'
client other.test IPV6:2002:db8::1 "$YES"

tables_postfix_new 'virtual_mailbox_domains = virt.example dom.virt.example sub.dom.virt.example mx.dom.virt.example
    sub.mx.dom.virt.example open.virt.example' 'virtual_mailbox_maps = static:here' \
    'smtpd_relay_restrictions = reject_unauth_destination' 'smtpd_recipient_restrictions =
    check_client_access ${tables}client, check_helo_access ${tables}helo, check_sender_access ${tables}sender,
    check_recipient_access ${tables}recipient'
postconf -c "$T/etc" -e 'inet_protocols = all' # or XCLIENT takes no address of IPv6
same_replies
