#!/usr/bin/env bash
# Usage, version, systemd's listeners, a connection on stdin, another user, a read-only root, process 1 (A2, Ways to
# start).
set -eu
. "$(dirname "$0")/lib.sh"
need_mount_namespace

chmod 1777 "$T"
backend_start -l inet:127.0.0.1:0
map map ''
configuration
pfx=$B/pfx-socketmap

exits() { # WHAT STATUS COMMAND...; its output is in $T/out
    local what=$1 wanted=$2 status=0
    shift 2
    timeout 20 "$@" >"$T/out" 2>&1 </dev/null || status=$?
    expect_equal "exit status: $what ($(head -1 "$T/out"))" "$wanted" "$status"
}

exits "no way to start" 64 "$pfx" -C "$CFG"
expect_log 'usage' "$T/out"
exits "an unknown option" 64 "$pfx" -Y
expect_log 'usage' "$T/out"
exits "the version" 0 "$pfx" -V
expect_match "the version" '*0.1.0*' "$(cat "$T/out")"
exits "a listener that is none" 1 "$pfx" -C "$CFG" -L ftp:21
exits "no such directory" 1 "$pfx" -C "$CFG" -L "unix:$T/no/such/directory/s"
exits "no configuration" 78 "$pfx" -C "$T/nothing.cfg" -L "unix:$T/x"
echo 'socket_maps = {' >"$T/broken.cfg"
exits "a broken configuration" 78 "$pfx" -C "$T/broken.cfg" -L "unix:$T/x"
expect_log 'broken\.cfg:[0-9]+: ' "$T/out"
echo 'user = "nobody-of-that-name";' >"$T/user.cfg"
exits "an unknown user" 1 "$pfx" -C "$T/user.cfg" -L "unix:$T/x"

# systemd's socket activation: the listener is descriptor 3.
perl -MSocket -MPOSIX -e '
    my ($path, @command) = @ARGV;
    $^F = 100;
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
    bind($s, sockaddr_un($path)) && listen($s, 5) && chmod(0666, $path) or die;
    fileno($s) == 3 or POSIX::dup2(fileno($s), 3) or die;
    $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1;
    exec @command;' "$T/activated" "$pfx" -C "$CFG" >>"$LOG" 2>&1 </dev/null &
PFX=$!
STARTED+=("$PFX")
wait_for 10 answers "unix:$T/activated" || fail "systemd's listener is not served"
expect_equal "by socket activation" 'OK value-of-key' "$(ask_at "unix:$T/activated" map key)"
pfx_stop

# A connection on stdin, as inetd and spawn(8) give it, chatter on descriptor 2 included.
perl -MSocket -e '
    my @command = @ARGV;
    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, 0) or die;
    my $pid = fork;
    if (!$pid) { for my $fd (0 .. 2) { require POSIX; POSIX::dup2(fileno($theirs), $fd); } exec @command; }
    close $theirs;
    alarm 20;
    my $in = "";
    for my $key ("a", "b") {
        syswrite($ours, "5:map $key,");
        while (length($in) < ($key eq "a" ? 17 : 34) && sysread($ours, $in, 100, length $in)) { }
    }
    close $ours;
    waitpid($pid, 0);
    print "$in $?\n";' "$pfx" -C "$CFG" >"$T/out" 2>&1
expect_equal "a connection on stdin" '13:OK value-of-a,13:OK value-of-b, 0' "$(cat "$T/out")"

# As a user without privileges.
setpriv --reuid=nobody --regid=nogroup --clear-groups "$pfx" -C "$CFG" -L "unix:$T/as-nobody" >>"$LOG" 2>&1 </dev/null &
PFX=$!
STARTED+=("$PFX")
wait_for 10 answers "unix:$T/as-nobody" || fail "it does not run as nobody"
expect_match "who it runs as" "*Uid:*$(id -u nobody)*" "$(cat "/proc/$PFX/status")"
pfx_stop

# A socket that only some may use.
pfx_standalone -L "unix:$T/mine,mode=0600,user=nobody,group=nogroup"
wait_for 10 test -S "$T/mine" || fail "no socket"
wait_for 10 answers "unix:$T/mine" || fail "it is not served"
expect_equal "mode and owner" '600 nobody nogroup' "$(stat -c '%a %U %G' "$T/mine")"
pfx_stop
! [ -e "$T/mine" ] || fail "the socket is left"

# With a root that cannot be written, and as process 1.
mkdir "$T/root"
mount --rbind / "$T/root"
mount -o remount,bind,ro "$T/root"
mount --bind "$T/sanitizer" "$T/root$T/sanitizer"
! touch "$T/root$T/written" 2>/dev/null || fail "the root can be written"
port=$(instance_unused_port)
unshare --pid --fork --kill-child --mount-proc="$T/root/proc" chroot "$T/root" \
    "$pfx" -C "$CFG" -L "inet:127.0.0.1:$port" >>"$LOG" 2>&1 </dev/null &
outer=$!
STARTED+=("$outer")
wait_for 10 answers "inet:127.0.0.1:$port" || fail "it does not run as process 1 with a read-only root"
expect_equal "an answer of process 1" 'OK value-of-key' "$(ask_at "inet:127.0.0.1:$port" map key)"
one=$(children "$outer")
expect_match "its number" '*NSpid:*	1
*' "$(cat "/proc/$one/status")"
kill "$one"
status=0
wait "$outer" || status=$?
expect_equal "exit status of process 1" 0 "$status"
