#!/usr/bin/env bash
# A name server that never answers: requests to another host are answered within 50 ms, by a worker with at most 8
# resolver threads.
# Alone: it measures.
set -eu
. "$(dirname "$0")/faults.sh"
need_mount_namespace

silent_name_server
echo '127.0.0.1 backend.test' >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts

backend_start -l inet:127.0.0.1:0
map here ''
entry by_hosts "target = \"http://backend.test:${BACKEND##*:}/get/%s?\";"
for i in {1..31}; do
    entry "lost$i" "target = \"http://host$i.example/%s?\"; http = { timeout = \"8s\"; connect_timeout = \"7s\"; };"
done
configuration 'workers = 1; drain_time = "1s";'
pfx_standalone
worker=$(children "$PFX")
expect_reply by_hosts key 'OK value-of-key'
before=$(threads "$worker")
row silent_name_server
watch "$PFX"
load "unix:$SOCKET" here -c 4 -n 100 >"$T/warm" # connections that are kept
steady_begin

asking=()
for i in {1..30}; do
    in_background "$T/lost.$i" "$B/client" ask -t 20000 "unix:$SOCKET" "lost$i" key
    asking+=("$JOB")
done
many() {
    [ "$(threads "$worker")" -ge $((before + 1)) ]
}
wait_for 5 many || fail "nobody looks up"
started=$(now_ms)
most=0
for _ in 1 2 3; do
    line=$(load "unix:$SOCKET" here -c 4 -t 1000)
    expect_none "$line" lost wrong temp perm timeout notfound
    now=$(threads "$worker")
    [ "$now" -le "$most" ] || most=$now
    slowest=$(figure max_ms "$line")
    [ "$slowest" -gt 50 ] || break # one of three rounds may have met another program of the machine
done
expect_at_most "milliseconds of the slowest answer" 50 "$slowest"
[ $(($(now_ms) - started)) -lt 6500 ] || fail "the look-ups were over before the measurement"
expect_reply by_hosts key 'OK value-of-key'
expect_at_most "threads" $((1 + 8)) "$most"

wait "${asking[@]}"
for i in {1..30}; do
    sees map "$(cat "$T/lost.$i")"
done
# The look-ups go on, for longer than anybody waits; without a name server they end at once.
kill "$NAME_SERVER_PID"
steady_end
logged
silent_name_server
# It can leave while look-ups hang.
in_background /dev/null "$B/client" ask "unix:$SOCKET" lost31 key
wait_for 5 many || fail "nobody looks up"
pfx_stop
expect_all_rows
