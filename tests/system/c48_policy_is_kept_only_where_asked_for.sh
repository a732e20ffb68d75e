#!/usr/bin/env bash
# Actions are kept only where the section or the entry says so, by the attributes of cache_key or all that matter, and
# never those that tell the client to come again (A5).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
answer() { # ACTION
    echo "body=$(url "{\"result\":\"$1\"}")"
}
enabled='enabled = true; max_age = "1h"; stale_if_error = "1h";'
service never "$(answer OK)" # the top level enables maps only
service kept "$(answer REJECT)" "response_cache = { $enabled };"
service keyed "$(answer OK)" "cache_key = [ \"sender\", \"recipient\" ]; response_cache = { $enabled };"
service old "$(answer HOLD)" 'response_cache = { enabled = true; };'
temporary=('DEFER later' 'DEFER_IF_PERMIT later' 'DEFER_IF_REJECT later' '450 4.2.0 later' 'defer_if_permit later')
for i in "${!temporary[@]}"; do
    service "temporary$i" "$(answer "${temporary[i]}")" "response_cache = { $enabled };"
done
policy_configuration 'response_cache = { enabled = true; };'
pfx_standalone

# ask NAME WANTED REQUESTS ATTRIBUTE...: the action, and how many requests there were so far.
ask() {
    expect_equal "$1 ${*:4}" "$2" "$(action "$1" "${@:4}")"
    expect_equal "requests of $1 ${*:4}" "$3" "$(fetch "/_count?path=/$1?")"
}
ask never OK 1 sender=a@x.example
ask never OK 2 sender=a@x.example

ask kept REJECT 1 sender=a@x.example instance=1 queue_id=A size=1
ask kept REJECT 1 sender=a@x.example instance=2 queue_id=B size=2
ask kept REJECT 1 sender=a@x.example instance=3 client_port=99 stress=yes
ask kept REJECT 1 ccert_subject=x encryption_cipher=y sender=a@x.example recipient_count=7 server_port=25
ask kept REJECT 2 sender=b@x.example instance=1
ask kept REJECT 3 sender=a@x.example client_address=192.0.2.1
ask kept REJECT 4 sender=a@x.example client_address=192.0.2.2

ask keyed OK 1 sender=a@x.example recipient=r@x.example client_address=192.0.2.1
ask keyed OK 1 recipient=r@x.example client_address=192.0.2.2 sender=a@x.example size=1
ask keyed OK 2 sender=a@x.example recipient=s@x.example
ask keyed OK 3 sender=a@x.examplerecipient=s@x.example
ask keyed OK 4 recipient=s@x.example

ask old HOLD 1 sender=a@x.example
ask old HOLD 2 sender=a@x.example # max_age is 0s here, too
for i in "${!temporary[@]}"; do
    ask "temporary$i" "${temporary[i]}" 1 sender=a@x.example
    ask "temporary$i" "${temporary[i]}" 2 sender=a@x.example
done

kill "$BACKEND_PID"
wait "$BACKEND_PID" || true
for _ in 1 2 3; do
    expect_equal "kept" REJECT "$(action kept sender=a@x.example instance=9)"
    expect_equal "keyed" OK "$(action keyed sender=a@x.example recipient=r@x.example)"
    expect_equal "old" HOLD "$(action old sender=a@x.example)"
    expect_equal "never" "$ON_ERROR" "$(action never sender=a@x.example)"
    for i in "${!temporary[@]}"; do
        expect_equal "temporary$i" "$ON_ERROR" "$(action "temporary$i" sender=a@x.example)"
    done
done
pfx_stop
