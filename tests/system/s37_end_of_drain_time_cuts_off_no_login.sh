#!/usr/bin/env bash
# A client whose logins follow each other without a pause is served by the old worker until drain_time is nearly over,
# and then by the new one: no login is cut off, neither while the service is asked nor between two messages of LOGIN
# (A2, Reload).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
sasl_postfix_new demo
login demo 'status=403&header=Auth-Status:%%20no&delay=250'
sasl_configuration 'drain_time = "5s";'
postfix_start

session_open demo
say_plain user pw
expect_equal "before" "$REFUSED" "$REPLY"
parent=$(pfx_parent)
mapfile -t workers < <(children "$parent")
kill -HUP "$parent"
logins=0
while alive "${workers[@]}"; do
    say_plain user pw
    expect_equal "PLAIN, login $logins" "$REFUSED" "$REPLY"
    say 'AUTH LOGIN'
    expect_match "LOGIN, login $logins" '334 *' "$REPLY"
    say "$(b64 user)"
    expect_match "LOGIN, login $logins: the name" '334 *' "$REPLY"
    say "$(b64 pw)"
    expect_equal "LOGIN, login $logins: the password" "$REFUSED" "$REPLY"
    logins=$((logins + 1))
done
[ "$logins" -ge 3 ] || fail "only $logins rounds: the old worker did not serve its client"
say_plain user pw
expect_equal "after" "$REFUSED" "$REPLY"
session_close
expect_no_log 'Connection lost|drain_time is over|bad command startup'
