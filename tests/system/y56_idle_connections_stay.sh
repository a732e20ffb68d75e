#!/usr/bin/env bash
# 300 connections that are idle for 310 s are still open, and requests on them are answered; the clock is injected.
set -eu
. "$(dirname "$0")/policy.sh"

B=$PLAIN
backend_start -l inet:127.0.0.1:0
service wanted "body=$(url '{"result":"REJECT 5.7.1 no"}')"
policy_configuration 'workers = 1;'

clock_ahead() { # SECONDS
    perl -e 'open my $f, "+<", $ARGV[0] or die; syswrite $f, pack "q", $ARGV[1] * 1000' "$T/clock" "$1"
}
head -c 8 /dev/zero >"$T/clock"
export PFX_TEST_CLOCK=$T/clock
LD_PRELOAD=$B/clock.so pfx_standalone
worker=$(children "$PFX")

# Every other one asks before it is idle. Prints a line when all are open, and at the end how many are answered.
mkfifo "$T/go"
perl -MSocket -e '
    my ($path, $count) = @ARGV; my (@held, $answered);
    sub ask {
        my ($s) = @_; my $reply = "";
        syswrite($s, "request=smtpd_access_policy\npolicy_context=wanted\n\n") or return 0;
        sysread($s, $reply, 100, length $reply) or return 0 until $reply =~ /\n\n\z/;
        return $reply eq "action=REJECT 5.7.1 no\n\n";
    }
    $SIG{PIPE} = "IGNORE"; $| = 1;
    for my $i (1 .. $count) {
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die "connect: $!";
        die "not answered" if $i % 2 && !ask($s);
        push @held, $s;
    }
    print "open\n"; <STDIN>;
    $answered += ask($_) for @held;
    print "answered $answered\n";' "$SOCKET" 300 <"$T/go" >"$T/idle" 2>&1 &
idle=$!
STARTED+=("$idle")
exec {go}>"$T/go"
wait_for 20 log_has open "$T/idle" || fail "they are not open: $(cat "$T/idle")"
held=$(connections "$worker")
expect_equal "connections" 300 "$(wc -w <<<"$held")"
action no_such_entry >"$T/action"
expect_lines "lines about no entry in a minute" 1 'no policy service'

clock_ahead 310
action no_such_entry >"$T/action" # turns the loop; the line shows that its minute is over
expect_log 'no policy service .*\([0-9]+ more\)'
action no_such_entry >"$T/action" # and its timers have had their turn
expect_equal "connections after 310 s" "$(sort <<<"$held")" "$(connections "$worker" | sort)"
echo >&"$go"
wait "$idle" || fail "they cannot ask: $(cat "$T/idle")"
expect_equal "requests on them" 'answered 300' "$(tail -1 "$T/idle")"
pfx_stop
