#!/usr/bin/env bash
# When the time is over the answer is TIMEOUT, within the budget, wherever the backend dawdles (A4, "time over").
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0 -l silent:127.0.0.1:0

slow=()
slow() { # NAME QUERY
    map "$1" "$2" 'http = { timeout = "500ms"; };'
    slow+=("$1")
}
slow no_answer 'hang=1'
slow late_header 'delay=20000'
slow late_body 'bodydelay=20000'
slow dripping 'bytes=100000&drip=50'
entry silent_tls "target = \"https://${BACKENDS[1]}/?key=%s\"; http = { timeout = \"500ms\"; };"
entry silent_http "target = \"http://${BACKENDS[1]}/?key=%s\"; http = { timeout = \"500ms\"; };"
slow+=(silent_tls silent_http)

# Connecting has a limit of its own, and what cannot be connected is TEMP as any other failure to connect.
entry connecting "target = \"https://${BACKENDS[1]}/?key=%s\";
    http = { timeout = \"20s\"; connect_timeout = \"300ms\"; };"
map in_time 'delay=100' 'http = { timeout = "10s"; };'
configuration
pfx_standalone

for name in "${slow[@]}"; do
    started=$(now_ms)
    expect_reply "$name" key 'TIMEOUT *'
    took=$(($(now_ms) - started))
    expect_at_most "milliseconds until the answer of $name" 2500 "$took"
    expect_at_most "milliseconds that $name was granted" "$took" 500
done
started=$(now_ms)
expect_reply connecting key 'TEMP *'
expect_at_most "milliseconds of connecting" 2500 $(($(now_ms) - started))
expect_log 'warning: .*no_answer'
expect_reply in_time key 'OK value-of-key'
pfx_stop
