#!/usr/bin/env bash
# pfxctl reload: a secret in a file is rotated amid 64 connections that ask without pause; not one request is lost, and
# when the command is done the new secret is in force. A mistake is refused, and what runs goes on; a standalone daemon
# is reached by its socket (A8, A2 Reload).
set -eu
. "$(dirname "$0")/cache.sh"
need_mount_namespace

ctl() {
    timeout 60 "$B/pfxctl" -c "$T/etc" "$@"
}
reload() { # WANTED-STATUS WANTED-OUTPUT ARGUMENTS...
    local status=0
    ctl reload "${@:3}" >"$T/out" 2>"$T/err" || status=$?
    expect_equal "reload ${*:3}: status, with '$(cat "$T/err")'" "$1" "$status"
    [ "$1" != 0 ] || expect_equal "reload ${*:3}" "$2" "$(cat "$T/out")"
}
parent_of() { # SERVICE, whose name is not that of its command
    local pid
    for pid in $(children "$MASTER"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in *" -n $1 "*) echo "$pid" ;; esac
    done
}

backend_start -l inet:127.0.0.1:0
secrets=$BACKEND
kept=' (open connections keep the old configuration for up to 3s)'
backend_start -l inet:127.0.0.1:0
postfix_new
echo "second unix - - n - 1 $PFX_COMMAND" >>"$T/etc/master.cf"
echo "policy unix - - n - 1 $(instance_command "$B/pfx-policyd")" >>"$T/etc/master.cf"
printf 'token-0\n' >"$T/etc/token"
chmod 600 "$T/etc/token"
mkdir -p "$Q/proc" "$Q$T" # what the sanitizers need in a chroot
mount -t proc proc "$Q/proc"
mkdir -m 1777 "$Q$T/sanitizer"
map busy ''
entry secret "target = \"http://$secrets/secret?key=%s&body=$(url '{"result":"yes"}')\";
    http_auth_bearer = { file = \"$T/etc/token\"; };"
configuration 'drain_time = "3s";'
postfix_start
reload 0 $'pfx-socketmap: started\nsecond: started\npolicy: started'

in_background "$T/load" "$B/client" load "unix:$SOCKET" busy -c 64 -t 8000
load=$JOB
for round in 1 2 3; do
    old=$(pfx_processes)
    printf 'token-%s\n' "$round" >"$T/etc/token"
    reload 0 $'pfx-socketmap: reloaded\nsecond: reloaded\npolicy: reloaded'"$kept"
    expect_equal "the answer at once" 'OK yes' "$(ask secret "key$round")"
    expect_holds "round $round" "Authorization: Bearer token-$round" "$(fetch /_last "$secrets")"
    # shellcheck disable=SC2086
    wait_for 8 gone $old || fail "round $round: the old generation is still there"
done

# One service by its name; the parent of the other stays.
other=$(parent_of second)
reload 0 'pfx-socketmap: reloaded' pfx-socketmap
expect_equal "the other service" "$other" "$(parent_of second)"

# It is not done as long as the old generation answers.
backend_hang "$other"
in_background "$T/slow" "$B/pfxctl" -c "$T/etc" reload second
for _ in 1 2; do reload 0 'pfx-socketmap: reloaded' pfx-socketmap; done
expect_equal "reload, while the parent hears nothing" '' "$(cat "$T/slow")"
backend_go_on "$other"
wait "$JOB" || fail "reload of a slow parent: $(cat "$T/slow")"
expect_equal "reload of a slow parent" 'second: reloaded' "$(cat "$T/slow")"
gone "$other" || fail "the old parent is still there"
other=$(parent_of second)

# The same by its socket.
reload 0 "unix:$SOCKET: reloaded" "unix:$SOCKET"
expect_equal "the other service" "$other" "$(parent_of second)"

# Mistakes.
reload 69 '' no-such-service
expect_holds "no such service" 'no-such-service' "$(cat "$T/err")"
cp "$CFG" "$T/good"
sed -i 's/value_field/valu_field/' "$CFG"
parent=$(parent_of second)
reload 78 ''
expect_holds "the mistake" 'valu_field' "$(cat "$T/out" "$T/err")"
expect_holds "the mistake" 'a daemon that starts anew reads the file as it is' "$(cat "$T/err")"
expect_equal "the parent after a mistake" "$parent" "$(parent_of second)"
status=0
ctl -C "$T/good" reload >"$T/out" 2>&1 || status=$?
expect_equal "reload with another file, which no service reads: $(cat "$T/out")" 78 "$status"
expect_equal "the parent after it" "$parent" "$(parent_of second)"
cp "$T/good" "$CFG"
expect_equal "the answer after a mistake" 'OK yes' "$(ask secret after)"
status=0
setpriv --reuid=nobody --regid=nogroup --clear-groups "$B/pfxctl" -c "$T/etc" reload second >"$T/out" 2>&1 || status=$?
expect_match "reload by somebody else: status" '7[78]' "$status" # 78: nor may it read the secret
expect_equal "reload by somebody else" "$other" "$(parent_of second)"

wait "$load" || fail "load: $(cat "$T/load")"
expect_none "$(cat "$T/load")" lost wrong temp perm timeout notfound
expect_no_log 'bad command startup|exit status|killed by signal|no socket map|no policy service'

# A section that nobody answers for.
echo 'dovecot_sasl = { login = { target = "https://192.0.2.1/"; }; };' >>"$CFG"
reload 0 "warning: $T/etc/master.cf: no service answers for dovecot_sasl: add \"pfx-sasl unix - - n - 1 $(
)pfx-saslbridge\", then postfix reload
pfx-socketmap: reloaded" pfx-socketmap
cp "$T/good" "$CFG"

# What master(8) has not read yet.
sed -i '/^policy /s/unix - - n/unix - - y/' "$T/etc/master.cf"
reload 0 'pfx-socketmap: reloaded' pfx-socketmap
expect_equal "a service that is as before" '' "$(cat "$T/err")"
reload 0 "policy: reloaded$kept" policy
expect_match "chroot" 'pfxctl: policy: chroot is "y" in master.cf, *: postfix reload' "$(cat "$T/err")"
postfix_reload
ctl ping policy >"$T/out" # starts it
reload 0 "policy: reloaded$kept" policy
expect_equal "chroot, after postfix reload" '' "$(cat "$T/err")"

# Without Postfix.
postfix_stop
reload 69 ''
LOG=$T/log SOCKET=$T/s
pfx_standalone
reload 69 '' "unix:$T/nobody"
for round in 4 5; do
    printf 'token-%s\n' "$round" >"$T/etc/token"
    reload 0 "unix:$T/s: reloaded" "unix:$T/s"
    expect_equal "standalone" 'OK yes' "$(ask secret "key$round")"
    expect_holds "round $round" "Authorization: Bearer token-$round" "$(fetch /_last "$secrets")"
done
pfx_stop
