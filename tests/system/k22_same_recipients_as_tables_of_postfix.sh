#!/usr/bin/env bash
# smtpd knows the same recipients, whether its tables are files of Postfix or pfx is asked: candidate by candidate, or
# all in one request.
set -eu
. "$(dirname "$0")/tables.sh"

table mailbox mailbox <<'END'
user@virt.example	1
plus+tag@virt.example	1
john.doe@virt.example	1
"john doe"@virt.example	1
"john doe+box"@virt.example	1
"quo\"te"@virt.example	1
"a@b"@virt.example	1
dot.@virt.example	1
grün@virt.example	1
user@bücher.example	1
日本@例え.example	1
user@xn--bcher-kva.example	1
postmaster@virt.example	1
mailer-daemon@virt.example	1
mailer@virt.example	1
double@virt.example	1
owner@virt.example	1
owner-x@virt.example	1
list@virt.example	1
straße@virt.example	1
νίκος@virt.example	1
+lead@virt.example	1
user@sub.catch.example	1
@catch.example	1
local	1
local@	1
virt.example	1
END
table relay mailbox <<'END'
user@relay.example	1
@mx.relay.example	1
END
table local virtual "local_domains = \"$LOCAL\";" <<END
user	1
plus+tag	1
"john doe"	1
full@$LOCAL	1
END
table relayed parents <<'END'
relay.example	1
END
table alias virtual <<'END'
alias.example	anything
info@alias.example	user@virt.example, owner@virt.example
@open.alias.example	user@virt.example
open.alias.example	anything
END

for address in user@virt.example USER@Virt.Example user+x@virt.example User+X@VIRT.example user-x@virt.example \
    user+@virt.example user++@virt.example user+a-b@virt.example user-a+b@virt.example plus+tag@virt.example \
    PLUS+TAG@virt.example john.doe@virt.example john.doe+x@virt.example '"john doe"@virt.example' \
    '"John Doe"@virt.example' '"john doe+box"@virt.example' '"john doe+x"@virt.example' '"john doe+a b"@virt.example' \
    '"quo\"te"@virt.example' '"quo\"te+x"@virt.example' '"user"@virt.example' '"user+x y"@virt.example' \
    '"dot."@virt.example' '"dot.+x"@virt.example' '"a@b"@virt.example' '"a@b+c"@virt.example' '"a@b+c@d"@virt.example' \
    grün@virt.example grün+x@virt.example GRÜN@virt.example user@bücher.example user+x@Bücher.example \
    user@BÜCHER.example user+ü@virt.example 日本@例え.example 日本+x@例え.example user@xn--bcher-kva.example \
    postmaster@virt.example postmaster+x@virt.example Mailer-Daemon@virt.example mailer-daemon+x@virt.example \
    mailer-x@virt.example double-bounce+x@virt.example owner-x@virt.example owner+list@virt.example \
    list-other@virt.example +lead@virt.example user@sub.catch.example user+x@sub.catch.example nobody@catch.example \
    nobody+x@Catch.Example '"no body"@catch.example' ñ@catch.example user@relay.example user+x@relay.example \
    nobody@mx.relay.example info@alias.example info+x@alias.example INFO@alias.example nobody@open.alias.example \
    user "User+x@$LOCAL" "plus+tag@$LOCAL" "\"john doe+x\"@$LOCAL" "full+x@$LOCAL"; do
    recipient "$address" "$YES"
done
for address in nobody@virt.example user.x@virt.example plus@virt.example plus+tags@virt.example plus-tag@virt.example \
    plus+tag+x@virt.example johndoe@virt.example john@virt.example +x@virt.example '"user x"@virt.example' \
    gruen@virt.example grun@virt.example user@bucher.example user@sub.virt.example nobody@sub.catch.example \
    double-bounce@virt.example owner-y@virt.example owner-x+y@virt.example x-request@virt.example \
    list-request@virt.example list+x-request@virt.example local@virt.example lead@virt.example +lead+x@virt.example \
    nobody@relay.example nobody@deep.mx.relay.example nobody@alias.example "nobody@$LOCAL" "plus+x@$LOCAL"; do
    recipient "$address" "$NO"
done
# smtpd folds what it asks for as Unicode says, ß to ss and the last letter of νίκος to that of its middle; a table is
# folded in the same way when it is read, a backend is not.
recipient straße@virt.example "$YES" "$NO"
recipient νίκος@virt.example "$YES" "$NO"

tables_postfix_new 'virtual_mailbox_domains = virt.example sub.virt.example catch.example sub.catch.example
    bücher.example bucher.example 例え.example xn--bcher-kva.example' 'virtual_mailbox_maps = ${tables}mailbox' \
    'relay_domains = ${tables}relayed' 'relay_recipient_maps = ${tables}relay' 'virtual_alias_maps = ${tables}alias'
postconf -c "$T/etc" -e "mydestination = $LOCAL" 'local_recipient_maps = ${tables}local'
same_replies
