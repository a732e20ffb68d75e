#!/usr/bin/env bash
# postmap -q through a daemon that master(8) started: found, not found, TEMP and PERM (the rows that Postfix shows
# differently).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map found ''
map not_found "body=$(url '{"result":null}')"
map temporary 'status=503'
map late 'hang=1' 'http = { timeout = "300ms"; };'
map permanent 'status=401'
configuration
postfix_start

expect_equal "found" value-of-user@example.com "$(postfix_query found user@example.com)"
expect_equal "a key with a space" 'value-of-"john doe"@example.com' "$(postfix_query found '"john doe"@example.com')"

status=0
out=$(postfix_query not_found user@example.com) || status=$?
expect_equal "not found: output and exit status" " 1" "$out $status"
for reply in 'temporary temporary' 'late timeout' 'permanent permanent' 'no_such_map permanent'; do
    status=0
    out=$(postfix_query "${reply% *}" user@example.com) || status=$?
    expect_match "the reply of ${reply% *}" "*socketmap server ${reply#* } error: *" "$out"
    expect_equal "the exit status of ${reply% *}" 1 "$status"
done
expect_log 'postfix/pfx-socketmap\[[0-9]+\]: warning: .*permanent.*401'

# Many keys over one connection, as postmap reads them.
for i in {1..200}; do echo "user$i@example.com"; done >"$T/keys"
postmap -c "$T/etc" -q - "socketmap:unix:$SOCKET:found" <"$T/keys" >"$T/values"
expect_equal "answers to 200 keys" "$(sed 's/.*/&\tvalue-of-&/' "$T/keys")" "$(cat "$T/values")"
