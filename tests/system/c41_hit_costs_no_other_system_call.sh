#!/usr/bin/env bash
# A hundred answers from the cache cost no system calls but those that read, write and wait for events (A5).
# Slow: strace(1) is for make check-all.
set -eu
. "$(dirname "$0")/cache.sh"

B=$PLAIN
HITS=100
backend_start -l inet:127.0.0.1:0
map kept '' 'response_cache = { max_age = "1h"; };'
configuration "workers = 1; $(cache 'enabled = true;')"
pfx_standalone
expect_reply kept key 'OK value-of-key'

# One connection: a question, a pause until the line "go", then the others.
mkfifo "$T/go"
in_background "$T/asked" perl -MSocket -e '
    my ($path, $go, $hits) = @ARGV;
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
    connect($s, sockaddr_un($path)) or die "connect: $!";
    my ($question, $answer) = ("8:kept key,", "15:OK value-of-key,");
    my $ask = sub {
        my $got = "";
        syswrite($s, $question);
        while (length($got) < length($answer)) { sysread($s, $got, 100, length($got)) or die "closed"; }
        $got eq $answer or die $got;
    };
    $| = 1;
    $ask->();
    print "ready\n";
    open(my $f, "<", $go) or die;
    <$f>;
    $ask->() for 1 .. $hits;
    print "done\n";
    <$f>' "$SOCKET" "$T/go" "$HITS"
exec {go}<>"$T/go"
is_told() { # WORD
    grep -qx "$1" "$T/asked"
}
wait_for 10 is_told ready || fail "the first: $(cat "$T/asked")"

worker=$(children "$PFX")
expect_equal "workers" 1 "$(wc -w <<<"$worker")"
in_background "$T/strace" strace -f -p "$worker" -o "$T/calls"
wait_for 10 log_has attached "$T/strace" || fail "strace: $(cat "$T/strace")"
echo go >&"$go"
wait_for 10 is_told done || fail "the others: $(cat "$T/asked")"
kill -INT "$JOB"
wait "$JOB" || true
expect_count 1 /kept

calls() {
    sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$T/calls" | sort | uniq -c
}
calls
allowed='read|recvfrom|recvmsg|write|sendto|sendmsg|epoll_wait|epoll_pwait'
expect_equal "other system calls" "" "$(calls | grep -vwE "$allowed" || true)"
[ "$(wc -l <"$T/calls")" -ge $((2 * HITS)) ] || fail "strace saw little: $(calls)"
exec {go}>&-
pfx_stop
