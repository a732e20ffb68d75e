#!/usr/bin/env bash
# pfxctl ping: every daemon answers, no backend is asked, nothing is logged; what is stopped, broken or none of ours is
# told, within seconds (A8).
set -eu
. "$(dirname "$0")/cache.sh"

ctl() {
    timeout 60 "$B/pfxctl" -c "$T/etc" "$@"
}
ping() { # WANTED-STATUS WANTED-OUTPUT-GLOB WANTED-ERROR-GLOB ARGUMENTS...
    local status=0
    ctl ping "${@:4}" >"$T/out" 2>"$T/err" || status=$?
    expect_equal "ping ${*:4}: status, with '$(cat "$T/err")'" "$1" "$status"
    expect_match "ping ${*:4}" "$2" "$(cat "$T/out")"
    expect_match "ping ${*:4}: complaints" "$3" "$(cat "$T/err")"
}
parent_of() { # SERVICE, whose name is not that of its command
    local pid
    for pid in $(children "$MASTER"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in *" -n $1 "*) echo "$pid" ;; esac
    done
}

backend_start -l inet:127.0.0.1:0
postfix_new
port=$(instance_unused_port)
{
    echo "policy unix - - n - 1 $(instance_command "$B/pfx-policyd")"
    echo "127.0.0.1:$port inet n - n - 1 $(instance_command "$B/pfx-policyd") one"
    echo "login unix n - n - 1 $(instance_command "$B/pfx-saslbridge")"
    echo "other unix - - n - 1 $PFX_COMMAND -C $T/etc/other.cfg"
} >>"$T/etc/master.cf"
map users ''
configuration
cat >>"$CFG" <<END
policy_services = { one = { target = "http://$BACKEND/policy"; value_field = "result"; }; };
dovecot_sasl = { demo = { target = "http://$BACKEND/login"; }; };
END
cp "$CFG" "$T/etc/other.cfg"
ping 69 '' 'pfxctl: pfx-socketmap: *pfxctl: policy: *' # Postfix does not run
postfix_start

alive=' alive, +([0-9]).[0-9] ms'
shopt -s extglob
ping 0 "pfx-socketmap:$alive
policy:$alive
127.0.0.1:$port:$alive
login:$alive
other:$alive" ''
ping 0 "login:$alive
pfx-socketmap:$alive" '' login pfx-socketmap login
for socket in private/policy private/pfx-socketmap public/login; do
    ping 0 "unix:$Q/$socket:$alive" '' "unix:$Q/$socket"
done
ping 0 "inet:127.0.0.1:$port:$alive" '' "inet:127.0.0.1:$port"
ping 69 '' 'pfxctl: no service nobody of pfx*' nobody
ping 69 '' "pfxctl: unix:$T/nobody: No such file*" "unix:$T/nobody"
status=0
nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
"${nobody[@]}" "$B/pfxctl" -c "$T/etc" ping pfx-socketmap >"$T/out" 2>&1 || status=$?
expect_equal "ping by somebody else: $(cat "$T/out")" 77 "$status"
ping 64 '' $'pfxctl ping: unknown option --all\nusage: pfxctl ping*' --all
expect_equal "requests" 0 "$(fetch '/_count?path=/')"
expect_no_log 'no socket map|no policy service|left in the middle|malformed|login refused'

# A configuration that cannot be used, and a daemon that is stopped.
echo 'socket_maps = ' >"$T/etc/other.cfg"
kill -HUP "$(parent_of other)"
broken() {
    ctl ping other >"$T/out" 2>"$T/err"
    [ $? = 78 ]
}
wait_for 10 broken || fail "a broken configuration: $(cat "$T/out" "$T/err")"
expect_match "a broken configuration" 'pfxctl: other: * its log tells why' "$(cat "$T/err")"
parent=$(parent_of policy)
mapfile -t workers < <(children "$parent")
for worker in "${workers[@]}"; do backend_hang "$worker"; done
before=$(now_ms)
ping 69 '' 'pfxctl: policy: no answer in time' policy
wake
expect_at_most "milliseconds for a daemon that is stopped" 8000 $(($(now_ms) - before))
