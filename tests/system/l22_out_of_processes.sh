#!/usr/bin/env bash
# When no process or thread can be made, nobody spins: a look-up fails as any other, and a lost worker is replaced as
# soon as there is room again.
set -eu
. "$(dirname "$0")/faults.sh"
need_mount_namespace

echo '127.0.0.1 backend.test' >"$T/hosts"
echo 'hosts: files' >"$T/nsswitch.conf"
mount --bind "$T/hosts" /etc/hosts
mount --bind "$T/nsswitch.conf" /etc/nsswitch.conf

chmod 1777 "$T"
backend_start -l inet:127.0.0.1:0
map map ''
entry by_name "target = \"http://backend.test:${BACKEND##*:}/get/%s?\"; retry_interval = \"1s\";"
configuration 'workers = 1;'

# A user of our own, so that only these processes count.
user=$((60000 + RANDOM % 4000))
setpriv --reuid="$user" --regid="$user" --clear-groups "$(public_copy)" -L "unix:$SOCKET" -C "$CFG" \
    >>"$LOG" 2>&1 </dev/null &
PFX=$!
STARTED+=("$PFX")
pfx_serves "unix:$SOCKET"
worker=$(children "$PFX")
limit "$worker" --nproc=2:20
row out_of_processes
watch "$PFX"
fails() {
    sees map "$(ask by_name key)"
    expect_reply map key 'OK value-of-key'
}
again 3 fails

limit "$PFX" --nproc=1:20
kill -9 "$worker"
logged
expect_idle "$PFX"
expect_at_most "lines about it" 5 "$(grep -c fork "$LOG")"
limit "$PFX" --nproc=20:20 # the worker inherits it
wait_for 30 answers "unix:$SOCKET" || fail "no worker, though there is room again"
expect_reply map key 'OK value-of-key'
is_up() {
    [ "$(ask by_name key)" = 'OK value-of-key' ]
}
wait_for 10 is_up || fail "no thread, though there is room again"
pfx_stop
expect_all_rows
