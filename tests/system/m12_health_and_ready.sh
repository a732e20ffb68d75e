#!/usr/bin/env bash
# /health says that pfx-metrics runs, /ready that it can read configuration and counters, and else why not.
set -eu
. "$(dirname "$0")/metrics.sh"

backend_start -l inet:127.0.0.1:0
map map ''
configuration 'workers = 2;'

# The log tells the path and the reason; the client neither.
not_ready() { # REASON
    expect_equal "health" '200 OK' "$(status /health)"
    expect_equal "not ready" '503 Service Unavailable' "$(status /ready)"
    expect_equal "why it is not ready" 'the counters cannot be read: the log tells why' "$(fetch /ready "$METRICS")"
    expect_log "pfx-metrics\\[[0-9]+\\]: warning: not ready: $STATE/pfx-stats: $1"
    scrape
    expect_sample 0 pfx_up
    expect_sample none pfx_requests_total
}
ready() {
    expect_equal "health" '200 OK' "$(status /health)"
    expect_equal "ready" '200 OK' "$(status /ready)"
    scrape
    expect_sample 1 pfx_up
}

# Before any daemon has counted, and from then on. It makes no file itself.
metrics_start
expect_workers 1 "$METRICS_PID" # whatever the configuration says
not_ready "No such file or directory"
expect_equal "what it has made" '' "$(ls "$STATE")"
pfx_standalone
expect_reply map key 'OK value-of-key'
ready
expect_sample 1 pfx_requests_total daemon=pfx-socketmap entry=map result=found

# Counters of another version, and a file of somebody else.
cp "$STATE/pfx-stats" "$T/saved"
printf 'other' | dd of="$STATE/pfx-stats" conv=notrunc status=none
not_ready 'not of this version of pfx'
: >"$STATE/pfx-stats.empty"
mv "$STATE/pfx-stats.empty" "$STATE/pfx-stats"
not_ready 'not of this version of pfx'
if [ "$(id -u)" = 0 ]; then
    chown root "$STATE/pfx-stats"
    chmod 600 "$STATE/pfx-stats"
    not_ready 'Permission denied'
fi
rm "$STATE/pfx-stats"
not_ready 'No such file or directory'
pfx_stop
pfx_standalone
expect_reply map key 'OK value-of-key'
ready
pfx_stop
ready # counters outlive who counts

# -w counts; a reload keeps the listener; a broken configuration is refused then.
pfx_stop "$METRICS_PID"
metrics_start -w 3
expect_workers 3 "$METRICS_PID"
echo 'broken' >>"$CFG"
kill -HUP "$METRICS_PID"
expect_log 'pfx-metrics\[[0-9]+\]: error: not reloaded'
ready
pfx_stop "$METRICS_PID"
result=0
timeout 20 "$B/pfx-metrics" -L "inet:$METRICS" -C "$CFG" >>"$LOG" 2>&1 || result=$?
expect_equal "exit status with a broken configuration" 78 "$result"

# Under master(8) it runs with such a configuration, and says so.
STATE=
postfix_new
echo "$METRICS inet n - n - 1 $(instance_command "$B/pfx-metrics")" >>"$T/etc/master.cf"
echo 'broken' >"$CFG"
postfix_start
expect_equal "health" 'ok' "$(fetch /health "$METRICS")"
expect_equal "why it is not ready" 'the configuration cannot be used: the log tells why' "$(fetch /ready "$METRICS")"
expect_log 'pfx-metrics\[[0-9]+\]: error: .*pfx\.cfg:[0-9]+: syntax error'
configuration
postfix_reload
expect_reply map key 'OK value-of-key'
is_ready() {
    [ "$(fetch /ready "$METRICS")" = ready ]
}
wait_for 10 is_ready || fail "not ready: $(fetch /ready "$METRICS")"
scrape
expect_sample 1 pfx_requests_total entry=map
