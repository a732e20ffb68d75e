#!/usr/bin/env bash
# A host with two addresses, of which one never answers: the other is used, and the socket that lost the race leaves no
# trace that delays the next connection.
set -eu
. "$(dirname "$0")/lib.sh"
need_mount_namespace

backend_start -l inet:127.0.0.1:0
port=${BACKEND##*:}
# A listener whose queue is full: whoever connects waits.
perl -MSocket=:all -e '
    my $address = pack_sockaddr_in6($ARGV[0], Socket::inet_pton(AF_INET6, "::1")); my @held;
    socket(my $s, PF_INET6, SOCK_STREAM, 0) or die;
    bind($s, $address) or die "bind: $!";
    listen($s, 0) or die;
    for (1 .. 4) {
        socket(my $c, PF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0) or die;
        connect($c, $address);
        push @held, $c;
    }
    $| = 1; print "held\n"; <STDIN>;' "$port" <"$T/never" >"$T/held" &
STARTED+=("$!")
wait_for 10 test -s "$T/held" || fail "no listener on ::1"
printf '127.0.0.1 localhost\n::1 dual.test\n127.0.0.1 dual.test\n' >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts

entry dual "target = \"http://dual.test:$port/get/%s?close=1\";"
entry late "target = \"http://127.0.0.1:$port/get/%s?close=1&delay=700\";"
configuration 'workers = 1; http = { timeout = "5s"; connect_timeout = "2s"; };'
pfx_standalone

for round in 1 2 3; do
    expect_reply dual "key$round" "OK value-of-key$round"
    began=$(now_ms)
    expect_reply late "key$round" "OK value-of-key$round"
    expect_at_most "milliseconds until a late answer" 1500 $(($(now_ms) - began))
done
expect_no_log 'epoll_ctl'
pfx_stop
