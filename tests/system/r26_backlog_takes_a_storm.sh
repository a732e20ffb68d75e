#!/usr/bin/env bash
# Connections that come while nobody accepts wait in a long queue, though Postfix made it for 100 (A2, backlog of 4096).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map map ''
configuration
postfix_start
wait_for 10 answers "unix:$SOCKET" || fail "the daemon does not start"
mapfile -t workers < <(children "$(pfx_parent)")
kill -STOP "${workers[@]}"
perl -MSocket -MFcntl -e '
    my ($path, $count) = @ARGV; my @held; my $refused = 0;
    for (1 .. $count) {
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        fcntl($s, F_SETFL, O_NONBLOCK) or die;
        connect($s, sockaddr_un($path)) or $refused++;
        push @held, $s;
    }
    print "$refused\n";' "$SOCKET" 1000 >"$T/refused"
kill -CONT "${workers[@]}"
expect_equal "connections refused" 0 "$(cat "$T/refused")"
expect_equal "an answer" value-of-key "$(postfix_query map key)"
