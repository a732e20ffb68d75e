#!/usr/bin/env bash
# A name server that never answers: requests to another host are answered within 50 ms, by a worker with at most 8
# resolver threads.
# Alone: it measures.
set -eu
. "$(dirname "$0")/lib.sh"
need_mount_namespace

# A name server of our own: port 53 of a loopback address that only this process uses. Nobody reads what comes.
address=127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
perl -MSocket -e '
    socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_in(53, inet_aton($ARGV[0]))) or die "bind: $!";
    $| = 1; print "bound\n"; <STDIN>;' "$address" <"$T/never" >"$T/bound" 2>&1 &
STARTED+=($!)
wait_for 10 log_has bound "$T/bound" || fail "no name server: $(cat "$T/bound")"
echo "nameserver $address" >"$T/resolv.conf"
echo 'hosts: files dns' >"$T/nsswitch.conf"
mount --bind "$T/resolv.conf" /etc/resolv.conf
mount --bind "$T/nsswitch.conf" /etc/nsswitch.conf
echo '127.0.0.1 backend.test' >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts

backend_start -l inet:127.0.0.1:0
map here ''
entry by_hosts "target = \"http://backend.test:${BACKEND##*:}/get/%s?\";"
for i in {1..30}; do
    entry "lost$i" "target = \"http://host$i.example/%s?\"; http = { timeout = \"8s\"; connect_timeout = \"7s\"; };"
done
configuration 'workers = 1; drain_time = "1s";'
pfx_standalone
worker=$(children "$PFX")
expect_reply by_hosts key 'OK value-of-key'
before=$(threads "$worker")

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
    expect_match "the answer about host$i" '@(TEMP|TIMEOUT) *' "$(cat "$T/lost.$i")"
done
# It can leave while look-ups hang.
in_background /dev/null "$B/client" ask "unix:$SOCKET" lost1 key
wait_for 5 many || fail "nobody looks up"
pfx_stop
