#!/usr/bin/env bash
# Standalone: SIGHUP executes it anew on the same listeners, SIGTERM and SIGINT drain, sockets are replaced or respected
# (A2).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map busy ''
map slow 'delay=1000'
map generation "body=$(url '{"result":"generation-0"}')"
configuration 'drain_time = "3s";'

# A file that a daemon left behind is replaced.
perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0])) or die' "$SOCKET"
pfx_standalone
expect_equal "mode of the socket" 666 "$(stat -c %a "$SOCKET")"
expect_match "who it runs as" "*Uid:*$(id -u postfix)*" "$(cat "/proc/$(children "$PFX" | head -1)/status")"

# A live one is not.
status=0
timeout 20 "$B/pfx-socketmap" -L "unix:$SOCKET" -C "$CFG" >"$T/second.log" 2>&1 </dev/null || status=$?
expect_equal "exit status of a second daemon" 1 "$status"
expect_log "$SOCKET" "$T/second.log"
expect_reply busy key 'OK value-of-key'

# SIGHUP: nothing lost, new configuration, same process.
in_background "$T/load" "$B/client" load "unix:$SOCKET" busy -c 64 -t 8000
load=$JOB
in_force() {
    [ "$(ask generation key)" = "OK generation-$1" ]
}
for round in 1 2; do
    workers=$(children "$PFX")
    sed -i "s/generation-[0-9]*/generation-$round/" "$CFG"
    kill -HUP "$PFX"
    wait_for 10 in_force "$round" || fail "the new configuration is not in force"
    # shellcheck disable=SC2086
    wait_for 10 gone $workers || fail "old workers stay"
    alive "$PFX" || fail "the process has gone"
done
wait "$load" || fail "load: $(cat "$T/load")"
expect_none "$(cat "$T/load")" lost wrong temp perm timeout notfound

# A SIGHUP with a configuration that cannot be used leaves the old one in force.
cp "$CFG" "$T/good.cfg"
echo 'socket_maps = {' >"$CFG"
kill -HUP "$PFX"
expect_log 'error: .*pfx\.cfg:[0-9]+: '
expect_reply generation key 'OK generation-2'
alive "$PFX" || fail "the process has gone"
cp "$T/good.cfg" "$CFG"

# SIGTERM and SIGINT let a request in flight finish.
for signal in TERM INT; do
    expect_reply busy key 'OK value-of-key'
    before=$(asked slow)
    in_background "$T/slow" "$B/client" ask "unix:$SOCKET" slow key
    in_flight() {
        [ "$(asked slow)" -gt "$before" ]
    }
    wait_for 10 in_flight || fail "slow is not asked"
    kill "-$signal" "$PFX"
    wait "$JOB" || fail "$signal: no answer to a request in flight"
    expect_equal "$signal: the answer to a request in flight" 'OK value-of-key' "$(cat "$T/slow")"
    status=0
    wait "$PFX" || status=$?
    expect_equal "$signal: exit status" 0 "$status"
    [ "$signal" = INT ] || pfx_standalone
done
