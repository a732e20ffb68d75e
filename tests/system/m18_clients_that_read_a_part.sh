#!/usr/bin/env bash
# Clients that read a part of a long answer, and then no more, hold what they were given in memory: who comes after
# them is refused until they leave, and the daemon does not grow beyond its bound.
set -eu
. "$(dirname "$0")/metrics.sh"
B=$PLAIN # memory is measured

ENTRIES_COUNT=3000
BOUND_KB=$((128 * 1024))               # of answers that are not read, pfx-metrics(8)
OVERHEAD_KB=$((64 * 1024 + 32 * 1024)) # the text that is being written, and the process itself

backend_start -l inet:127.0.0.1:0
for i in $(seq "$ENTRIES_COUNT"); do
    ENTRIES+="    m$i = { target = \"http://$BACKEND/map?key=%s\"; };"$'\n'
done
configuration 'workers = 1;'
pfx_standalone
metrics_start
worker=$(children "$METRICS_PID")
fetch /metrics "$METRICS" >"$T/whole"
size=$(wc -c <"$T/whole")
rooms=$((BOUND_KB * 1024 / size)) # more answers cannot wait at once
[ "$rooms" -ge 3 ] && [ "$rooms" -le 20 ] || fail "an answer of $size bytes is none to try this with"

# Each reads all but 8 MB, more than the kernel keeps for it, and stays. Prints the status of each answer.
mkfifo "$T/go"
perl -MSocket -e '
    my ($port, $clients, $part) = @ARGV; my @held; $| = 1;
    for (1 .. $clients) {
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
        setsockopt($s, SOL_SOCKET, SO_RCVBUF, 65536);
        connect($s, sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";
        syswrite($s, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        my ($got, $status) = (0, "none");
        while ($got < $part) {
            my $n = sysread($s, my $text, 65536) or last;
            $status = $1 if $got == 0 && $text =~ m{^HTTP/1.1 (\d+)};
            $got += $n;
            last if $status ne "200";
        }
        print "$status\n";
        push @held, $s;
    }
    print "held\n"; <STDIN>;' "$METRICS_PORT" $((rooms + 5)) $((size - 8 * 1024 * 1024)) <"$T/go" >"$T/statuses" 2>&1 &
holder=$!
STARTED+=("$holder")
exec {go}>"$T/go"
wait_for 60 log_has '^held$' "$T/statuses" || fail "the clients: $(cat "$T/statuses")"
answered=$(grep -cx 200 "$T/statuses")
expect_at_most "answers that wait" "$rooms" "$answered"
[ "$answered" -ge $((rooms / 2)) ] || fail "only $answered of $rooms answers may wait"
expect_equal "clients that are refused" $((rooms + 5 - answered)) "$(grep -cx 503 "$T/statuses")"
peak_kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$worker/status")
expect_at_most "kB of memory" $((BOUND_KB + OVERHEAD_KB)) "$peak_kb"
expect_equal "what is said" 'other clients do not read their answers' "$(fetch /metrics "$METRICS")"
expect_equal "health" '200 OK' "$(status /health)"

# They leave, and their room is free.
exec {go}>&-
wait "$holder" || true
is_answered() {
    [ "$(status /metrics)" = '200 OK' ]
}
wait_for 10 is_answered || fail "refused for ever: $(fetch /metrics "$METRICS")"
