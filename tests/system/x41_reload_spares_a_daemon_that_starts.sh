#!/usr/bin/env bash
# pfxctl reload while a daemon is only just being started: SIGHUP would end it, master(8) would take that for a bad
# command and leave the service alone for a minute. It reads the configuration as it is now anyway (A8, A2 Reload).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new

# A daemon that gets no further than its start as long as nobody opens the gate.
mkfifo "$T/gate"
mkdir "$T/bin"
command=$(instance_command "$T/bin/pfx-socketmap")
cat >"$T/bin/pfx-socketmap" <<END
#!/bin/bash
exec -a "$command" $(command -v perl) -e '
    open my \$gate, "<", "$T/gate"; exec { "$B/pfx-socketmap" } "$PFX_COMMAND", @ARGV;' -- "\$@"
END
chmod 755 "$T/bin" "$T/bin/pfx-socketmap"
echo "slow unix - - n - 1 $command" >>"$T/etc/master.cf"
parent_of() { # SERVICE COMMAND
    local pid
    for pid in $(children "$MASTER"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in "$2 "*" -n $1 "*) echo "$pid" ;; esac
    done
}
starts() {
    [ -n "$(parent_of slow "$command")" ]
}
ctl() {
    timeout 60 "$B/pfxctl" -c "$T/etc" "$@"
}

map users ''
configuration
postfix_start
other=$SOCKET
wait_for 10 answers "unix:$other" || fail "no answer"
parent=$(pfx_parent)
in_background "$T/first" "$B/pfxctl" -c "$T/etc" ping slow
wait_for 10 starts || fail "the slow daemon is not started"
started=$(parent_of slow "$command")

# All are told before one is waited for: when the other service has a new parent, this one was told, or spared.
in_background "$T/reload" "$B/pfxctl" -c "$T/etc" reload slow pfx-socketmap
reload=$JOB
wait_for 10 gone "$parent" || fail "the other service is not told"
alive "$started" || fail "the daemon that starts is ended"
: >"$T/gate"
wait "$reload" || fail "reload: $(cat "$T/reload")"
expect_equal "reload" $'slow: started\npfx-socketmap: reloaded' "$(cat "$T/reload")"
expect_equal "the answer" 'OK value-of-key' "$(ask_at "unix:$Q/private/slow" users key)"
expect_no_log 'killed by signal|bad command startup'
