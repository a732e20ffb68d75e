#!/usr/bin/env bash
# Clients that send without end, ask without reading, or stop in the middle take bounded memory and hurt nobody.
set -eu
. "$(dirname "$0")/lib.sh"

B=$PLAIN # the sanitizers keep freed memory
backend_start -l inet:127.0.0.1:0
map map ''
map big bytes=90000
configuration 'workers = 1;'
pfx_standalone
ask big key >/dev/null
worker=$(children "$PFX")
before=$(memory_kb "$worker" VmHWM)

grown() {
    echo $(($(memory_kb "$worker" VmHWM) - before))
}

# floods COMMAND...: 64 MB of what COMMAND prints, to a daemon that should have closed long before.
floods() {
    timeout 30 "$@" 2>/dev/null | head -c 64000000 | raw "unix:$SOCKET" >/dev/null || true
}
floods yes 1
floods tr '\0' 1 </dev/zero
floods sh -c 'printf 102656:; tr "\0" x </dev/zero'
floods sh -c 'printf 102656:map\ ; tr "\0" x </dev/zero'
expect_at_most "kilobytes for floods" 4000 "$(grown)"

# 200 clients that stop in the middle of the longest request.
(printf '102656:map ' && head -c 100000 /dev/zero | tr '\0' x) >"$T/part"
perl -MSocket -e '
    my ($path, $file, $count) = @ARGV;
    open(my $in, "<", $file) or die; local $/; my $part = <$in>; my @held;
    for (1 .. $count) {
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die "connect: $!";
        my $done = 0;
        while ($done < length $part) { $done += syswrite($s, $part, length($part) - $done, $done) or die; }
        push @held, $s;
    }
    $| = 1; print "held\n"; <STDIN>;' "$SOCKET" "$T/part" 200 <"$T/never" >"$T/held" &
holder=$!
STARTED+=("$holder")
wait_for 20 test -s "$T/held" || fail "the clients cannot send"
expect_reply map key 'OK value-of-key'
expect_at_most "kilobytes for 200 half requests" $((200 * 110 + 6000)) "$(grown)"
kill "$holder"

# 50 clients that ask for much, again and again, and never read.
perl -MSocket -MFcntl -e '
    my ($path, $count) = @ARGV; my @held; $SIG{PIPE} = "IGNORE";
    for (1 .. $count) {
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($path)) or die "connect: $!";
        fcntl($s, F_SETFL, O_NONBLOCK) or die;
        for (1 .. 10000) { defined syswrite($s, "7:big key,") or last; }
        push @held, $s;
    }
    $| = 1; print "held\n"; <STDIN>;' "$SOCKET" 50 <"$T/never" >"$T/held2" &
holder=$!
STARTED+=("$holder")
wait_for 20 test -s "$T/held2" || fail "the clients cannot send"
connected() {
    local fds=("/proc/$worker/fd"/*)
    echo "${#fds[@]}"
}
few() {
    [ "$(connected)" -lt 45 ]
}
expect_reply map key 'OK value-of-key'
wait_for 30 few || fail "clients that never read are not closed: $(connected) descriptors"
expect_at_most "kilobytes in the end" $((200 * 110 + 50 * 500 + 6000)) "$(grown)"
expect_reply map key 'OK value-of-key'
pfx_stop
