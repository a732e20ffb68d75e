#!/usr/bin/env bash
# 500 connections of idle smtpds, and logins: nothing waits, nothing is refused. Half a line, 6 s of nothing, and the
# rest; a client that hands out its handshake byte by byte: they get their answers, and disturb nobody (contract 6.5,
# point 6).
# Alone: it measures.
set -eu
. "$(dirname "$0")/sasl.sh"

B=$PLAIN
backend_start -l inet:127.0.0.1:0
login good 'status=%{user}&header=Auth-Status:%%20no'
sasl_configuration
pfx_standalone good

# idle COUNT: connections that have finished their handshake; each asks once when it is told to, by a line on the pipe.
mkfifo "$T/go"
perl -MSocket -e '
    my ($path, $count, $auth) = @ARGV; my (@held, $ok); $| = 1; $SIG{PIPE} = "IGNORE";
    for (1 .. $count) {
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die "connect: $!\n";
        syswrite($s, "VERSION\t1\t0\nCPID\t$$\n"); my $in = "";
        sysread($s, $in, 4096, length $in) or die "no handshake\n" until $in =~ /^DONE\n\z/m;
        push @held, $s;
    }
    print "idle\n"; <STDIN>;
    for my $s (@held) {
        syswrite($s, "$auth\n"); my $in = "";
        sysread($s, $in, 4096, length $in) or last until $in =~ /\n\z/;
        $ok += $in eq "OK\t1\tuser=200\n";
    }
    print "accepted $ok\n";' "$SOCKET" 500 "$(auth 1 PLAIN "$(plain 200 pw)")" <"$T/go" >"$T/idle" 2>&1 &
idle=$!
STARTED+=("$idle")
exec {go}>"$T/go"

# One sends half a line, and the rest 6 s later; the other a byte each 200 ms.
perl -MSocket -e '
    my ($path, $line) = @ARGV; $| = 1;
    my $text = "VERSION\t1\t0\nCPID\t$$\n$line\n"; my $half = length($text) - 20;
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
    connect($s, sockaddr_un($path)) or die "connect: $!\n";
    syswrite($s, substr($text, 0, $half));
    print "half\n";
    select(undef, undef, undef, 6);
    syswrite($s, substr($text, $half));
    while (<$s>) { print && last if /^(OK|FAIL)/ }' "$SOCKET" "$(auth 1 PLAIN "$(plain 200 pw)")" >"$T/half" 2>&1 &
half=$!
STARTED+=("$half")
perl -MSocket -e '
    my ($path) = @ARGV; my $text = "VERSION\t1\t0\nCPID\t$$\n"; $| = 1;
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
    connect($s, sockaddr_un($path)) or die "connect: $!\n";
    for (split //, $text) { syswrite($s, $_); print "$_"; select(undef, undef, undef, 0.2); }
    syswrite($s, "CANCEL\t1\nCONT\t3\t\n");
    while (<$s>) { print && last if /^(OK|FAIL)/ }' "$SOCKET" >"$T/loris" 2>&1 &
loris=$!
STARTED+=("$loris")
wait_for 20 log_has idle "$T/idle" || fail "they cannot connect: $(<"$T/idle")"
worker=$(children "$PFX")
sockets() {
    find "/proc/$worker/fd" -lname 'socket:*' | wc -l
}
[ "$(sockets)" -ge 502 ] || fail "not connected: $(sockets)"

# 50 logins, each on a connection of its own: how long the handshake took, and the answer, in ms.
times=$(perl -MSocket -e '
    my ($path, $right, $wrong) = @ARGV; my (@greeting, @answer);
    sub until_like {
        my ($s, $in, $wanted, $left) = (@_, 5);
        while ($$in !~ $wanted) {
            my $ready = ""; vec($ready, fileno($s), 1) = 1;
            (my $n, $left) = select($ready, undef, undef, $left);
            die "no answer\n" if !$n || !sysread($s, $$in, 4096, length $$in);
        }
        return int((5 - $left) * 1000);
    }
    for my $i (1 .. 50) {
        my $in = ""; socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die "connect: $!\n";
        push @greeting, until_like($s, \$in, qr/^DONE\n/m);
        $in = "";
        syswrite($s, "VERSION\t1\t0\nCPID\t$$\n" . ($i % 2 ? $right : $wrong) . "\n");
        push @answer, until_like($s, \$in, qr/\n\z/);
        die "got $in\n" if $in !~ ($i % 2 ? qr/^OK\t1\tuser=200\n\z/ : qr/^FAIL\t1\tuser=403\t/);
    }
    @greeting = sort { $a <=> $b } @greeting; @answer = sort { $a <=> $b } @answer;
    print "$greeting[-3] $answer[-3]\n";' "$SOCKET" "$(auth 1 PLAIN "$(plain 200 pw)")" \
    "$(auth 1 PLAIN "$(plain 403 pw)")" 2>&1) || fail "a login: $times"
expect_at_most "milliseconds of a handshake" 50 "${times% *}" # of the slowest but two
expect_at_most "milliseconds of a login" 50 "${times#* }"
expect_equal "the half line, meanwhile" half "$(<"$T/half")"
alive "$loris" || fail "the slow one has gone: $(<"$T/loris")"
expect_idle "$worker"

wait "$half" || fail "the half line: $(<"$T/half")"
expect_equal "the half line" $'half\nOK\t1\tuser=200' "$(<"$T/half")"
wait "$loris" || fail "the slow one: $(<"$T/loris")"
expect_match "the slow one" $'*\nFAIL\t3\treason=*' "$(<"$T/loris")"
echo >&"$go"
wait "$idle" || fail "the idle ones: $(<"$T/idle")"
expect_equal "the idle ones, when they ask" 'accepted 500' "$(tail -1 "$T/idle")"
expect_no_log '(warning|error): '
pfx_stop
