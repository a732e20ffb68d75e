#!/usr/bin/env bash
# The forms of a key are asked for one after the other, until one is found or fails; each is kept by itself (A3, Keys).
set -eu
. "$(dirname "$0")/cache.sh"

known() { # KEY...: all that the backend has from now on
    local key
    for key in "$@"; do printf '%s\tvalue-of-%s\n' "$key" "$key"; done >"$T/data.new"
    mv "$T/data.new" "$T/data"
}
asked_for() { # the keys that the backend was asked for, in order, each with a bar behind it
    local key
    fetch /_urls | sed 's/^[^=]*=//; s/&.*//; s/%/\\x/g' | while IFS= read -r key; do printf '%b|' "$key"; done
}
# expect_asked NAME KEY REPLY FORM...: that these are asked for, in this order, and no others.
expect_asked() {
    local forms=
    fetch /_reset >/dev/null
    expect_reply "$1" "$2" "$3"
    [ $# = 3 ] || forms=$(printf '%s|' "${@:4}")
    expect_equal "$1 asks for $2" "$forms" "$(asked_for)"
}

known nothing
backend_start -l inet:127.0.0.1:0 -d "$T/data"
off='response_cache = { enabled = false; };'
forms() { # NAME SETTINGS [QUERY]
    map "$1" "${3:-}" "$off recipient_delimiter = \"+\"; $2"
}
here='local_domains = ["other.example", "MX.example.com"];'
for word in exact virtual mailbox transport access sender_login domain; do
    forms "$word" "keys = \"$word\"; $here"
done
for form in full unextended localpart_full localpart localpart_full_at localpart_at catchall domain parents \
    parent_domains ip_prefixes; do
    forms "form_$form" "keys = \"$form\"; $here"
done
forms twice 'keys = ["domain", "catchall", "parents", "full", "domain"];'
forms elsewhere 'keys = "virtual"; local_domains = "example.com";'
forms folded "keys = \"virtual\"; $here"
forms unfolded "keys = \"virtual\"; fold_case = false; $here"
map several '' "$off keys = \"virtual\"; recipient_delimiter = \"+-\";"
map none '' "$off keys = \"virtual\"; recipient_delimiter = \"\";"
map standalone '' "$off keys = \"virtual\";"
forms parts 'keys = ["full", "catchall", "domain"];' 'local=%u'
forms short "keys = \"virtual\"; $here max_reply_size = 1024;"
for status in 204 404 401 503; do forms "miss_$status" 'keys = "virtual";' "miss=$status"; done
map kept '' "recipient_delimiter = \"+\"; keys = \"virtual\"; response_cache = { max_age = \"1h\"; };"
map kept_all '' "recipient_delimiter = \"+\"; keys = \"virtual\";
    response_cache = { max_age = \"1h\"; negative_max_age = \"1h\"; };"
configuration "$(cache 'enabled = true;')"
pfx_standalone

# --- Words and forms
full=user+ext@mx.example.com unextended=user@mx.example.com catchall=@mx.example.com
virtual=("$full" "$unextended" user+ext user "$catchall")
expect_asked exact "$full" 'NOTFOUND ' "$full"
expect_asked virtual "$full" 'NOTFOUND ' "${virtual[@]}"
expect_asked sender_login "$full" 'NOTFOUND ' "${virtual[@]}"
expect_asked mailbox "$full" 'NOTFOUND ' "$full" "$unextended" "$catchall"
expect_asked transport "$full" 'NOTFOUND ' "$full" "$unextended" mx.example.com .example.com .com
expect_asked transport mx.example.com 'NOTFOUND ' mx.example.com .example.com .com
expect_asked access "$full" 'NOTFOUND ' "$full" "$unextended" mx.example.com example.com com user+ext@ user@
expect_asked access mx.example.com 'NOTFOUND ' mx.example.com example.com com
expect_asked access 192.0.2.1 'NOTFOUND ' 192.0.2.1 192.0.2 192.0 192
expect_asked access 2001:db8::1 'NOTFOUND ' 2001:db8::1 2001:db8: 2001:db8 2001
expect_asked domain "$full" 'NOTFOUND ' mx.example.com
expect_asked domain mx.example.com 'NOTFOUND ' mx.example.com
expect_asked form_full "$full" 'NOTFOUND ' "$full"
expect_asked form_unextended "$full" 'NOTFOUND ' "$unextended"
expect_asked form_localpart_full "$full" 'NOTFOUND ' user+ext
expect_asked form_localpart "$full" 'NOTFOUND ' user
expect_asked form_localpart_full_at "$full" 'NOTFOUND ' user+ext@
expect_asked form_localpart_at "$full" 'NOTFOUND ' user@
expect_asked form_catchall "$full" 'NOTFOUND ' "$catchall"
expect_asked form_parents "$full" 'NOTFOUND ' mx.example.com example.com com
expect_asked form_parent_domains "$full" 'NOTFOUND ' .example.com .com
expect_asked form_ip_prefixes 192.0.2.1 'NOTFOUND ' 192.0.2.1 192.0.2 192.0 192
expect_asked twice "$full" 'NOTFOUND ' mx.example.com "$catchall" example.com com "$full"
expect_asked virtual "$unextended" 'NOTFOUND ' "$unextended" user "$catchall"
expect_asked virtual user@example.net 'NOTFOUND ' user@example.net @example.net
expect_asked elsewhere "$full" 'NOTFOUND ' "$full" "$unextended" "$catchall"
expect_asked folded User+Ext@MX.Example.COM 'NOTFOUND ' "${virtual[@]}"
expect_asked unfolded User+Ext@MX.Example.COM 'NOTFOUND ' User+Ext@MX.Example.COM User@MX.Example.COM User+Ext User \
    @MX.Example.COM

# --- Extensions
expect_asked several user-a+b@x.example 'NOTFOUND ' user-a+b@x.example user@x.example @x.example
expect_asked several user+a-b@x.example 'NOTFOUND ' user+a-b@x.example user@x.example @x.example
expect_asked several owner-list@x.example 'NOTFOUND ' owner-list@x.example @x.example
expect_asked several list-request@x.example 'NOTFOUND ' list-request@x.example @x.example
expect_asked several mailer-daemon@x.example 'NOTFOUND ' mailer-daemon@x.example @x.example
expect_asked virtual '"user+a b"@x.example' 'NOTFOUND ' '"user+a b"@x.example' user@x.example @x.example
expect_asked virtual '"a b+x"@x.example' 'NOTFOUND ' '"a b+x"@x.example' '"a b"@x.example' @x.example
expect_asked none user+ext@x.example 'NOTFOUND ' user+ext@x.example @x.example
expect_asked standalone user+ext@x.example 'NOTFOUND ' user+ext@x.example @x.example

# --- Until one is found. A form that lacks a part is passed over without a request.
for ((i = 0; i < ${#virtual[@]}; i++)); do
    known "${virtual[@]:i}"
    expect_asked virtual "$full" "OK value-of-${virtual[i]}" "${virtual[@]:0:i+1}"
done
known mx.example.com
expect_asked parts "$full" 'OK value-of-mx.example.com' "$full" mx.example.com

# --- What is not there goes on, an error ends it.
known "$catchall"
printf '%s\t\n' "$unextended" >>"$T/data"
expect_asked virtual "$full" "OK value-of-$catchall" "${virtual[@]}"
for status in 204 404; do
    expect_asked "miss_$status" "$full" "OK value-of-$catchall" "$full" "$unextended" "$catchall"
done
expect_asked miss_401 "$full" 'PERM *' "$full"
expect_asked miss_503 "$full" 'TEMP *' "$full"
printf '%s\t%02000d\n' user+ext 0 >>"$T/data"
expect_asked short "$full" 'PERM *' "$full" "$unextended" user+ext

# --- Each is kept by itself.
known "$unextended" "$catchall"
expect_asked kept user+a@mx.example.com "OK value-of-$unextended" user+a@mx.example.com "$unextended"
expect_asked kept user+a@mx.example.com "OK value-of-$unextended" user+a@mx.example.com
expect_asked kept user+b@mx.example.com "OK value-of-$unextended" user+b@mx.example.com
expect_asked kept "$unextended" "OK value-of-$unextended"
expect_asked kept other@mx.example.com "OK value-of-$catchall" other@mx.example.com "$catchall"
expect_asked kept more@mx.example.com "OK value-of-$catchall" more@mx.example.com
expect_asked kept_all user+a@mx.example.com "OK value-of-$unextended" user+a@mx.example.com "$unextended"
expect_asked kept_all user+a@mx.example.com "OK value-of-$unextended"
expect_asked kept_all user+b@mx.example.com "OK value-of-$unextended" user+b@mx.example.com
expect_asked kept_all other@mx.example.com "OK value-of-$catchall" other@mx.example.com "$catchall"
expect_asked kept_all other@mx.example.com "OK value-of-$catchall"
expect_asked kept_all user@x.example 'NOTFOUND ' user@x.example @x.example
expect_asked kept_all user+a@x.example 'NOTFOUND ' user+a@x.example
expect_asked kept_all user+a@x.example 'NOTFOUND '
pfx_stop
