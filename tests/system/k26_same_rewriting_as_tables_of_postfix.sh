#!/usr/bin/env bash
# cleanup rewrites recipients the same way, and trivial-rewrite sends them the same way, whether the tables are files of
# Postfix or pfx is asked.
set -eu
. "$(dirname "$0")/tables.sh"

extends="propagate_extension = true; local_domains = [\"$LOCAL\"];"
table canonical virtual "$extends" <<'END'
old@canon.example	new@canon.example
ext@canon.example	to+own@canon.example
twice@canon.example	old@canon.example
both@canon.example	user@virt.example
one@canon.example	@mx.example
"john doe"@canon.example	john.doe@canon.example
@all.canon.example	@canon.example
END
table alias virtual "$extends" <<'END'
user@virt.example	box@mx.example
user+own@virt.example	own@mx.example
boss@virt.example	one@mx.example, two@mx.example three+has@mx.example
chain@virt.example	user@virt.example
self@virt.example	self@virt.example, copy@mx.example
"john doe"@virt.example	"jane doe"@mx.example
blank@virt.example	"has blank"@mx.example
grün@virt.example	blau@bücher.example
käse@virt.example	cheese@mx.example
person@virt.example	@mx.example
postmaster@virt.example	admin@mx.example
owner@virt.example	never@mx.example
bare@virt.example	someone
@all.example	@virt.example
@into.example	catch@mx.example
sales	seller@mx.example
sales+own	own@mx.example
END
table transport transport <<'END'
user+full@route.example	discard:full
user@route.example	discard:user
"john doe"@route.example	discard:quoted
grün@route.example	discard:grün
dot.@route.example	discard:unquoted
dot.@dot.example	discard:unquoted
route.example	discard:domain
.route.example	discard:subdomain
mx.route.example	discard:mx
.deep.mx.route.example	discard:deep
bücher.example	discard:bücher
.test	discard:test
*	discard:any
@route.example	discard:never
test	discard:never
END

# What becomes of a recipient, and the text of the transport that it gets.
cat >"$T/wanted" <<'END'
old@canon.example => new@canon.example (any)
Old+Ext@Canon.Example => new+Ext@canon.example (any)
ext@canon.example => to+own@canon.example (any)
ext-x@canon.example => to+own-x@canon.example (any)
twice+y@canon.example => new+y@canon.example (any)
both+x@canon.example => box+x@mx.example (any)
one+x@canon.example => one+x@mx.example (any)
"john doe+x y"@canon.example => "john.doe+x y"@canon.example (any)
a+B@all.canon.example => a+B@canon.example (any)
"a b+c"@all.canon.example => "a b+c"@canon.example (any)
nobody@canon.example => nobody@canon.example (any)
user@virt.example => box@mx.example (any)
User+Ext@virt.example => box+Ext@mx.example (any)
user+own@virt.example => own@mx.example (any)
user-x+y@virt.example => box-x+y@mx.example (any)
user+x-y@virt.example => box+x-y@mx.example (any)
user+a%b.example@virt.example => box+a%b.example@mx.example (any)
user+@virt.example => box+@mx.example (any)
user+ü@virt.example => box+ü@mx.example (any)
"user+x y"@virt.example => "box+x y"@mx.example (any)
boss@virt.example => one@mx.example (any)
boss@virt.example => two@mx.example (any)
boss@virt.example => three+has@mx.example (any)
boss+x@virt.example => one+x@mx.example (any)
boss+x@virt.example => two+x@mx.example (any)
boss+x@virt.example => three+has+x@mx.example (any)
chain+x@virt.example => box+x@mx.example (any)
self+x@virt.example => self+x@virt.example (any)
self+x@virt.example => copy+x@mx.example (any)
"john doe"@virt.example => "jane doe"@mx.example (any)
"john doe+x"@virt.example => "jane doe+x"@mx.example (any)
"john doe+x y"@virt.example => "jane doe+x y"@mx.example (any)
blank@virt.example => "has blank"@mx.example (any)
blank+x@virt.example => "has blank+x"@mx.example (any)
grün+Ü@virt.example => blau+Ü@bücher.example (bücher)
KÄSE@virt.example => cheese@mx.example (any)
person@virt.example => person@mx.example (any)
person+x@virt.example => person+x@mx.example (any)
postmaster+x@virt.example => admin+x@mx.example (any)
owner-x@virt.example => owner-x@virt.example (any)
bare+x@virt.example => someone+x@mail.example.test (test)
user+x@all.example => box+x@mx.example (any)
nobody+x@all.example => nobody+x@virt.example (any)
x+y@into.example => catch@mx.example (any)
Sales+x@mail.example.test => seller+x@mx.example (any)
sales+own@mail.example.test => own@mx.example (any)
sales@virt.example => sales@virt.example (any)
user+x@route.example => user+x@route.example (user)
USER+FULL@Route.example => USER+FULL@Route.example (full)
other+full@route.example => other+full@route.example (domain)
"other one"@route.example => "other one"@route.example (domain)
"john doe"@route.example => "john doe"@route.example (quoted)
"john doe+x"@route.example => "john doe+x"@route.example (quoted)
grün+x@route.example => grün+x@route.example (grün)
GRÜN@route.example => GRÜN@route.example (grün)
"dot."@dot.example => "dot."@dot.example (unquoted)
"dot."@route.example => "dot."@route.example (unquoted)
a@sub.route.example => a@sub.route.example (subdomain)
a@mx.route.example => a@mx.route.example (mx)
a@sub.mx.route.example => a@sub.mx.route.example (subdomain)
a@deep.mx.route.example => a@deep.mx.route.example (subdomain)
a@a.deep.mx.route.example => a@a.deep.mx.route.example (deep)
a@bücher.example => a@bücher.example (bücher)
a@here.test => a@here.test (test)
a@nowhere.example => a@nowhere.example (any)
END

# What pfx cannot do as Postfix does: letters other than those of ASCII are not folded; and trivial-rewrite asks a table
# for "dot." and dot. before the domain, but a socketmap gets the two as questions of their own.
sed -e 's/^\(KÄSE@.*\) => .*/\1 => \1 (any)/' \
    -e '/^\(GRÜN\|"dot."\)@route/s/(.*/(domain)/' "$T/wanted" >"$T/otherwise"
[ "$(diff "$T/wanted" "$T/otherwise" | grep -c '^>')" = 3 ] || fail "no three recipients fare otherwise"

tables_postfix_new 'canonical_maps = ${tables}canonical' 'canonical_classes = envelope_recipient' \
    'virtual_alias_maps = ${tables}alias' 'transport_maps = ${tables}transport'
message() {
    local commands
    mapfile -t commands < <(sed 's/ => .*//' "$T/wanted" | sort -u | sed 's/.*/RCPT TO:<&>/')
    smtp 'EHLO client.example' 'MAIL FROM:<> SMTPUTF8' "${commands[@]}" DATA \
        $'Subject: test\r\n\r\nHello.\r\n.' QUIT >/dev/null
    expect_log ': removed$'
}
# The log has no orig_to for a recipient that was not rewritten.
arrived() { # KIND
    sed -nE -e 's/.* to=<(.*)>, orig_to=<(.*)>, relay=.*, status=sent (\(.*\))$/\2 => \1 \3/p' -e t \
        -e 's/.* to=<(.*)>, relay=.*, status=sent (\(.*\))$/\1 => \1 \2/p' "$T/maillog.$1" | sort
}
same() { # KIND WANTED
    with_tables "$1" message
    diff <(sort "$2") <(arrived "$1") >"$T/diff" || fail "$1: wanted (<), got (>): $(cat "$T/diff")"
}
same text "$T/wanted"
same one "$T/otherwise"
same all "$T/otherwise"
