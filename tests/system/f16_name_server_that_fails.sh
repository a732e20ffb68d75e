#!/usr/bin/env bash
# A name server that answers SERVFAIL: each row of faults.tsv, as maps, policies and logins show it, many times; memory
# and descriptors are afterwards what they were (A4). l30 is about one that never answers.
set -eu
. "$(dirname "$0")/faults.sh"
need_mount_namespace

# To every question that it does not know: server failure.
address=127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
perl -MSocket -e '
    socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_in(53, inet_aton($ARGV[0]))) or die "bind: $!";
    $| = 1; print "bound\n";
    while (my $from = recv($s, my $question, 512, 0)) {
        send($s, substr($question, 0, 2) . "\x81\x82" . substr($question, 4), 0, $from);
    }' "$address" </dev/null >"$T/bound" 2>&1 &
STARTED+=($!)
wait_for 10 log_has bound "$T/bound" || fail "no name server: $(cat "$T/bound")"
name_server "$address"

backend_start -l inet:127.0.0.1:0
three servfail 'http://backend.example/get/%s?'
three well "http://$BACKEND/get/%s?"
three_configuration 'workers = 1;'
three_start servfail
row servfail
ahead=0
once() {
    three_see servfail
    expect_equal "another host" 'OK value-of-key' "$(map_answer well key)"
    clock_ahead $((ahead += 60000))
}
again 10 once
logged
three_stop
expect_all_rows
