#!/usr/bin/env bash
# Scraped through master(8) under load, the counters are well-formed and never go back; in the end they are those of
# the backend and of who asked (A9), and a reload of Postfix continues them.
set -eu
. "$(dirname "$0")/metrics.sh"

backend_start -l inet:127.0.0.1:0
nobody=127.0.0.1:$(instance_unused_port)
postfix_new
echo "$METRICS inet n - n - 1 $(instance_command "$B/pfx-metrics")" >>"$T/etc/master.cf"
map users ''
map kept '' 'response_cache = { enabled = true; max_age = "1h"; };'
map failing 'status=500'
entry refused "target = \"http://$nobody/?key=%s\"; retry_interval = \"1h\";"
configuration 'workers = 2;'
postfix_start

ask users first >"$T/reply" # one worker has begun to count, so there is something to see
expect_equal "ready" 'ready' "$(fetch /ready "$METRICS")"

# Three loads at a time, and scrapes for as long as one of them lasts.
loads=()
begin_load() { # NAME ARGUMENTS...
    in_background "$T/load.$1" timeout 120 "$B/client" load "unix:$SOCKET" "$@"
    loads+=("$JOB")
}
begin_load users -n 20000 -c 16 -k 5000 -e value-of-
begin_load kept -n 10000 -c 8 -k 50 -e value-of-
begin_load failing -n 3000 -c 4
scrapes=0
last=0
while alive "${loads[@]}"; do
    scrape
    total=$(sample pfx_requests_total)
    [ "$total" -ge "$last" ] || fail "$total requests after $last"
    last=$total
    scrapes=$((scrapes + 1))
done
[ "$scrapes" -ge 5 ] || fail "only $scrapes scrapes under load"
wait "${loads[@]}" || true # that of failing finds no good answers
for _ in 1 2 3 4; do ask refused key >"$T/reply"; done

scrape
for name in users kept failing; do
    line=$(tail -1 "$T/load.$name")
    requests=$(figure requests "$line")
    [ "$name" != users ] || requests=$((requests + 1))
    expect_none "$line" lost
    expect_sample "$requests" pfx_requests_total "entry=$name"
    expect_sample "$requests" pfx_request_duration_seconds_count "entry=$name"
    expect_sample "$requests" pfx_request_duration_seconds_bucket "entry=$name" le=+Inf
    expect_sample 0 pfx_requests_in_flight "entry=$name"
    asked=$(fetch "/_count?path=/$name?")
    expect_sample "$asked" pfx_backend_requests_total "entry=$name" daemon=pfx-socketmap section=socket_maps
done
expect_sample 20001 pfx_requests_total entry=users result=found
shared=$(sample pfx_coalesced_requests_total entry=users)
expect_sample $((20001 - shared)) pfx_backend_requests_total entry=users
fresh=$(sample pfx_cache_answers_total entry=kept kind=fresh)
shared=$(sample pfx_coalesced_requests_total entry=kept)
expect_sample $((10000 - fresh - shared)) pfx_backend_requests_total entry=kept
expect_sample 50 pfx_cache_records
expect_sample 3000 pfx_requests_total entry=failing result=temp
expect_sample "$(fetch '/_count?path=/failing?')" pfx_backend_failures_total entry=failing cause=unexpected
expect_sample 4 pfx_requests_total entry=refused result=temp
refused=$(sample pfx_backend_failures_total entry=refused cause=not_connected)
expect_sample $((4 - refused)) pfx_backend_down_total entry=refused
expect_sample 2 pfx_workers_started_total daemon=pfx-socketmap
expect_sample 1 pfx_generations_total daemon=pfx-socketmap
[ "$(sample pfx_connections_total daemon=pfx-socketmap)" -ge 28 ] || fail "connections: $(sample pfx_connections_total)"
expect_sample none pfx_workers_started_total daemon=pfx-metrics
expect_sample 1 pfx_build_info "version=$("$B/pfx-metrics" -V | sed 's/.* //')"
expect_equal "what the counters say" "$(STATE=$T/data counter pfx-socketmap/socket_maps/users found)" \
    "$(sample pfx_requests_total entry=users result=found)"

# The manual explains what there is, and nothing else.
expect_equal "metrics in pfx-metrics(8)" "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$T/scrape" | sort)" \
    "$(sed -n 's/^\.It Li \(pfx_[a-z_]*\).*/\1/p' "$TOP/man/pfx-metrics.8" | sort)"

# A reload: another parent, other workers, the same counters; a scrape never fails.
postfix_reload
ask users again >"$T/reply"
has_continued() {
    scrape
    [ "$(sample pfx_generations_total daemon=pfx-socketmap)" = 2 ]
}
wait_for 10 has_continued || fail "no second generation"
expect_sample 20002 pfx_requests_total entry=users result=found
expect_no_log 'throttling|fatal: |pfx-metrics\[.*warning'
