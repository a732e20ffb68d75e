#!/usr/bin/env bash
# pfx-metrics answers every odd request as HTTP wants it, and slow, idle and greedy clients hold up nobody.
set -eu
. "$(dirname "$0")/metrics.sh"

backend_start -l inet:127.0.0.1:0
map map ''
configuration
metrics_start
pfx_standalone
expect_reply map key 'OK value-of-key'
address=inet:$METRICS

# gets STATUS BYTES: the answer to these bytes, and then the connection is closed.
gets() {
    local answer
    answer=$(printf '%b' "$2" | raw "$address" | tr -d '\0') || fail "open after '${2:0:80}'"
    expect_match "the answer to '${2:0:80}'" "HTTP/1.1 $1 *Connection: close*" "$answer"
    ANSWER=$answer
}
end='Host: a\r\nConnection: close\r\n\r\n'
gets 200 "GET /metrics HTTP/1.1\r\n$end"
expect_holds "the type" $'\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n' "$ANSWER"
length=$(sed -n 's/^Content-Length: \([0-9]*\)\r$/\1/p' <<<"$ANSWER")
expect_equal "the length" "$length" "$(fetch /metrics "$METRICS" | wc -c)"
gets 200 "HEAD /metrics HTTP/1.1\r\n$end"
expect_holds "the length to HEAD" $'\r\nContent-Length: '"$length"$'\r\n' "$ANSWER"
expect_match "the answer to HEAD, which ends there" $'*\r\nConnection: close\r\n\r' "$ANSWER"
gets 200 'GET /metrics?name[]=x HTTP/1.0\r\n\r\n'
gets 200 'GET http://other/metrics HTTP/1.0\n\n'
gets 404 "GET / HTTP/1.1\r\n$end"
gets 404 "GET /metrics/ HTTP/1.1\r\n$end"
gets 404 "POST /Metrics HTTP/1.1\r\n$end"
gets 404 "GET /../metrics HTTP/1.1\r\n$end"
for method in POST PUT DELETE OPTIONS TRACE get; do
    gets 405 "$method /metrics HTTP/1.1\r\n$end"
    expect_holds "what is allowed" $'\r\nAllow: GET, HEAD\r\n' "$ANSWER"
done
gets 405 'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'
gets 413 'GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'
gets 413 'GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
gets 400 'GET /metrics HTTP/1.1\r\n\r\n'
gets 400 'GET /metrics HTTP/2.0\r\n\r\n'
gets 400 'GET /metrics\r\n\r\n'
gets 400 'GET /metrics HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n'
gets 400 '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'
gets 400 '12:users a@b.c,'
gets 400 'request=smtpd_access_policy\n\n'
gets 400 '\0\0\0\0'
gets 400 "$(printf 'A%.0s' {1..100})"
gets 431 "GET /$(printf 'a%.0s' {1..9000}) HTTP/1.1\r\n$end"
gets 431 "GET /metrics HTTP/1.1\r\n$(printf 'X: yyyyyyyyyyyyyyyy\\r\\n%.0s' {1..3000})$end"
expect_no_log 'pfx-metrics\[.*(malformed|warning)'

# One connection, several requests: after each other, all at once, byte by byte; a half-closed client gets its answer.
answers_to() { # HOW BYTES: the status lines
    printf '%b' "$2" | "$1" "$address" | grep -a '^HTTP/1.1 ' | cut -d ' ' -f 2 | tr '\n' ' '
}
on='HTTP/1.1\r\nHost: a\r\n\r\n'
three="GET /health ${on}HEAD /metrics ${on}GET /x $on"
expect_equal "pipelined" '200 200 404 ' "$(answers_to raw_end "$three")"
expect_equal "byte by byte" '200 200 404 ' "$(answers_to raw_bytes "$three")"
expect_equal "nothing behind a mistake" '200 400 ' "$(answers_to raw "GET /health $on?\r\n$three")"
expect_equal "nothing behind close" '200 ' "$(answers_to raw "GET /health HTTP/1.1\r\n$end$three")"
exec {kept}<>"/dev/tcp/127.0.0.1/$METRICS_PORT"
for _ in 1 2 3; do
    printf 'GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n' >&"$kept"
    line=
    until [ "$line" = ok ]; do IFS= read -rt 10 -u "$kept" line || fail "no answer on a connection that is kept"; done
done
exec {kept}>&-

# Clients that stay: 1,000 that say nothing, 200 in the middle of a request, 20 that read nothing of their answers.
perl -MSocket -e '
    my ($port) = @ARGV; my @held;
    sub client {
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
        setsockopt($s, SOL_SOCKET, SO_RCVBUF, 4096);
        connect($s, sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";
        syswrite($s, $_[0]) if $_[0] ne "";
        push @held, $s;
    }
    client("") for 1 .. 1000;
    client("GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: ") for 1 .. 200;
    client("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" x 100) for 1 .. 20;
    $| = 1; print "held\n"; <STDIN>;' "$METRICS_PORT" <"$T/never" >"$T/holder" 2>&1 &
holder=$!
STARTED+=("$holder")
wait_for 20 test -s "$T/holder" || fail "the clients do not come"
expect_equal "the clients" held "$(cat "$T/holder")"
# The machine may be busy: there are three tries.
scrape_ten() { # sets SLOWEST
    local before ms
    SLOWEST=0
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        before=$(now_ms)
        scrape
        ms=$(($(now_ms) - before))
        SLOWEST=$((ms > SLOWEST ? ms : SLOWEST))
    done
}
for _ in 1 2 3; do
    scrape_ten
    [ "$SLOWEST" -gt 2000 ] || break
done
expect_at_most "milliseconds of a scrape among them" 2000 "$SLOWEST"
expect_sample 1 pfx_requests_total entry=map result=found
kill "$holder"
wait "$holder" || true
scrape

# Who asks nothing for five minutes, or does not come to the end of a request, is closed; Prometheus asks more often.
pfx_stop "$METRICS_PID"
B=$PLAIN
head -c 8 /dev/zero >"$T/clock"
export PFX_TEST_CLOCK=$T/clock
LD_PRELOAD=$B/clock.so metrics_start
established() {
    perl -ne 'BEGIN { $port = shift } $n++ if /^ *\d+: \S+:(\S{4}) \S+ 01 / && hex $1 == $port; END { print $n // 0 }' \
        "$METRICS_PORT" </proc/net/tcp
}
mkfifo "$T/go"
perl -MSocket -e '
    my ($port) = @ARGV; my @held; $| = 1;
    for my $text ("", "GET /health HTTP/1.1\r\nHost: a\r\n", "GET /health HTTP/1.1\r\nHost: a\r\n\r\n") {
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";
        syswrite($s, $text);
        push @held, $s;
    }
    sysread($held[2], my $answer, 1000) or die "no answer"; # so the others are accepted, too
    print "open\n"; <STDIN>;
    for (@held) { my $n = sysread($_, my $rest, 1000); print defined $n && $n == 0 ? "closed\n" : "still open\n"; }
    ' "$METRICS_PORT" <"$T/go" >"$T/ends" 2>&1 &
holder=$!
STARTED+=("$holder")
exec {go}>"$T/go"
wait_for 20 test -s "$T/ends" || fail "no connections"
clock_ahead 290000
is_healthy || fail "no answer after 290 s"
expect_equal "connections after 290 s" 3 "$(established)"
clock_ahead 301000
gone_all() {
    is_healthy && [ "$(established)" = 0 ]
}
wait_for 10 gone_all || fail "connections after 301 s: $(established)"
echo >&"$go"
wait "$holder" || fail "the clients: $(cat "$T/ends")"
expect_equal "how they ended" 'open closed closed closed' "$(paste -sd ' ' "$T/ends")"
pfx_stop "$METRICS_PID"
