#!/usr/bin/env bash
# A client that never reads is closed; one that sends a byte a second gets its answer; others notice neither. The clock
# is injected.
set -eu
. "$(dirname "$0")/faults.sh"

backend_start -l inet:127.0.0.1:0
three slow "http://$BACKEND/slow?key=%s"
three big "http://$BACKEND/big?key=%s&bytes=90000"
three_configuration 'workers = 1;'
three_start slow
hello=$'VERSION\t1\t2\nCPID\t5\n'
declare -A REQUEST=(
    [pfx-socketmap]='8:slow key,'
    [pfx-policyd]=$'request=smtpd_access_policy\npolicy_context=slow\n\n'
    [pfx-saslbridge]=$hello$(auth 7 PLAIN "$(plain user password)")$'\n'
)

# drip SOCKET REQUEST: a byte a second, as the clock has it; prints what comes.
drip() {
    perl -MSocket -e '
        my ($path, $clock, $request) = @ARGV; my ($in, $left) = "";
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die "connect: $!";
        open(my $f, "+<", $clock) or die;
        sysread($f, my $bytes, 8);
        my $ahead = unpack("q", $bytes);
        for my $byte (split //, $request) {
            sysseek($f, 0, 0);
            syswrite($f, pack("q", $ahead += 1000));
            syswrite($s, $byte) == 1 or die "closed: $!";
            # SIOCOUTQ: until it was read, so that the daemon has the time of each byte.
            do { ioctl($s, 0x5411, $left = pack("i", 0)) or die; } while unpack("i", $left);
        }
        my $ready = ""; vec($ready, fileno($s), 1) = 1;
        while ($in !~ /(,|action=.*\n\n|(OK|FAIL)\t.*\n)\z/s && select(my $now = $ready, undef, undef, 10)) {
            sysread($s, $in, 65536, length $in) or last;
        }
        print $in;' "$1" "$T/clock" "$2"
}
row client_that_drips
all_drip() {
    expect_equal "a map, byte by byte" '15:OK value-of-key,' "$(drip "$T/pfx-socketmap" "${REQUEST[pfx-socketmap]}")"
    expect_equal "a policy, byte by byte" 'action=value-of-policy' "$(drip "$T/pfx-policyd" "${REQUEST[pfx-policyd]}")"
    expect_match "a login, byte by byte" $'*\nOK\t7\tuser=user' \
        "$(drip "$T/pfx-saslbridge" "${REQUEST[pfx-saslbridge]}")"
    three_see slow
}
again 5 all_drip
# While it has sent the half.
in_background "$T/half" perl -MSocket -e '
    my @held;
    for (0 .. 2) {
        my ($path, $request) = splice @ARGV, 0, 2;
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die;
        syswrite($s, substr($request, 0, length($request) / 2));
        push @held, $s;
    }
    $| = 1; print "held\n"; sleep;' \
    "$T/pfx-socketmap" "${REQUEST[pfx-socketmap]}" "$T/pfx-policyd" "${REQUEST[pfx-policyd]}" \
    "$T/pfx-saslbridge" "${REQUEST[pfx-saslbridge]}"
wait_for 10 log_has held "$T/half" || fail "$(cat "$T/half")"
three_see slow
kill "$JOB"
logged

# ask_on SOCKET FIRST REQUEST: sends requests until nobody takes them, reads nothing, and stays.
ask_on() {
    in_background "$1.held" perl -MSocket -MFcntl -MErrno -e '
        my ($path, $first, $request) = @ARGV; $SIG{PIPE} = "IGNORE";
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die "connect: $!";
        syswrite($s, $first);
        fcntl($s, F_SETFL, O_NONBLOCK);
        my $room = ""; vec($room, fileno($s), 1) = 1;
        my $out = "";
        # A second without room: the daemon does not read any more.
        while (select(undef, my $now = $room, undef, 1)) {
            $out = $request x 200 if $out eq "";
            my $n = syswrite($s, $out);
            substr($out, 0, $n) = "" if defined $n;
            die "closed: $!" if !defined $n && !$!{EAGAIN};
        }
        $| = 1; print "held\n"; sleep;' "$@"
    jobs+=("$JOB")
}
row client_that_never_reads
none_reads() {
    local jobs=() before socket
    before=$(grep -c 'does not read its answer' "$LOG" || true)
    ask_on "$T/pfx-socketmap" '' '7:big key,'
    ask_on "$T/pfx-policyd" '' "${REQUEST[pfx-policyd]}"
    ask_on "$T/pfx-saslbridge" "$hello" $'AUTH\t9\tPLAIN\tservice=smtp\tresp=AAAA\n'
    for socket in "$T"/pfx-{socketmap,policyd,saslbridge}; do
        wait_for 60 log_has held "$socket.held" || fail "$socket reads on: $(cat "$socket.held")"
    done
    three_see slow
    clock_ahead $(($(od -A n -t d8 -N 8 "$T/clock") + 60000))
    three_see slow
    wait_for 10 log_has_lines $((before + 3)) 'does not read its answer' || fail "who never reads is not closed"
    kill "${jobs[@]}"
}
again 1 none_reads
logged
three_stop
expect_all_rows
