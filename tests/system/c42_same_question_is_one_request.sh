#!/usr/bin/env bash
# Clients that ask a worker the same at the same time share one request; another key, another entry, and a policy
# request with one other attribute have their own (A5).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
count() {
    fetch "/_count?path=/$1"
}
DAEMON=pfx-socketmap
answers() {
    ask_at "$1" no_such_entry key >/dev/null 2>&1
}
map slow 'delay=700'
map other 'delay=700'
map failing 'delay=700&status=500'
configuration 'workers = 1;'
pfx_standalone
in_background "$T/other" "$B/client" storm "unix:$SOCKET" other -c 1 -k 1 -e value-of-
other=$JOB
line=$(timeout 60 "$B/client" storm "unix:$SOCKET" slow -c 50 -k 1 -e value-of-) || fail "storm: $line"
expect_none "$line" lost wrong
expect_equal "requests for one key of 50 clients" 1 "$(count slow)"
wait "$other" || fail "the other entry: $(cat "$T/other")"
expect_equal "requests of the other entry" 1 "$(count other)"
line=$(timeout 60 "$B/client" storm "unix:$SOCKET" slow -c 50 -k 5 -p more -e value-of-) || fail "storm: $line"
expect_equal "requests for five keys" 5 "$(count 'slow?key=more')"
line=$(timeout 60 "$B/client" storm "unix:$SOCKET" failing -c 20 -k 1) || fail "storm: $line"
expect_equal "TEMP for all" 20 "$(figure temp "$line")"
expect_equal "requests that fail" 1 "$(count failing)"

has_asked() { # NAME KEY
    [ "$(count "$1?key=$2")" -ge 1 ]
}
# Whoever leaves takes only itself away; the last one takes the request.
in_background "$T/stays" "$B/client" ask "unix:$SOCKET" slow stay
stays=$JOB
in_background "$T/leaves" "$B/client" ask "unix:$SOCKET" slow stay
wait_for 5 has_asked slow stay || fail "nothing is asked"
kill "$JOB"
wait "$JOB" || true
wait "$stays" || fail "the one that stays: $(cat "$T/stays")"
expect_equal "the one that stays" 'OK value-of-stay' "$(<"$T/stays")"
expect_equal "requests" 1 "$(count 'slow?key=stay')"
pfx_stop

# Policies: all attributes are the same, or it is another question.
ENTRIES=
DAEMON=pfx-policyd
SOCKET=$T/policy
service slow "delay=700&body=$(url '{"result":"DUNNO"}')"
policy_configuration 'workers = 1;'
answers() {
    policy "$1" policy_context=no_such_entry >/dev/null 2>&1
}
pfx_standalone
ask_three() { # ATTRIBUTE...: the instance of the third is another
    local instance jobs=()
    for instance in "${@}"; do
        action slow sender=a@x.example "instance=$instance" >"$T/action.$instance.${#jobs[@]}" &
        jobs+=($!)
    done
    wait "${jobs[@]}"
}
before=$(count slow)
ask_three same same same
expect_equal "requests of three that are the same" $((before + 1)) "$(count slow)"
ask_three one two three
expect_equal "requests of three that are not" $((before + 4)) "$(count slow)"
for file in "$T"/action.*; do
    expect_equal "the action" DUNNO "$(<"$file")"
done
pfx_stop
