#!/usr/bin/env bash
# 20 smtpds hold connections to the daemon, in sessions whose last login failed: after a reload of Postfix, a SIGHUP to
# the daemon, the end of drain_time and the death of a worker the next login of each is answered, without a single 454;
# over TCP as well (A2, Reload; contract 1.9).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
sasl_postfix_new demo
login demo 'status=%{user}&header=Auth-Status:%%20generation-0' 'reason_to_client = true;'
sasl_configuration 'drain_time = "60s";'
port=$(instance_unused_port)
smtpd_new tcp "inet:127.0.0.1:$port"
pfx_standalone -L "inet:127.0.0.1:$port" demo
pfx_serves "inet:127.0.0.1:$port"
postfix_start

configure() { # GENERATION DRAIN-TIME
    sed -i "s/generation-[0-9]*/generation-$1/; s/drain_time = \"[^\"]*\"/drain_time = \"$2\"/" "$CFG"
}
serving() { # sets who serves now
    parent=$(pfx_parent)
    mapfile -t workers < <(children "$parent")
}
# each WHAT GENERATION: a wrong password in each session, refused by that generation.
each() {
    for session in "${sessions[@]}"; do
        say_plain 403 pw
        expect_equal "$1" "535 5.7.8 Error: authentication failed: generation-$2" "$REPLY"
    done
}
open_all() { # SMTPD
    sessions=()
    for _ in {1..20}; do
        session_open "$1"
        sessions+=("$session")
    done
}
close_all() { # each of them is accepted at last
    for session in "${sessions[@]}"; do
        say_plain 200 pw
        expect_equal "the last login of a session" "$ACCEPTED" "$REPLY"
        session_close
    done
}
left() { # PID...: they leave
    wait_for 20 gone "$@" || fail "old processes stay: $*"
}

# master(8): a reload, twice; the old worker serves those that it has.
open_all demo
each "before" 0
serving
configure 1 60s
postfix_reload
left "$parent"
each "after a reload" 0
expect_equal "another session" '535 5.7.8 Error: authentication failed: generation-1' "$(smtp_plain demo 403 pw)"
alive "${workers[@]}" || fail "the old worker has left its clients"
each "after a reload, again" 0
close_all
left "${workers[@]}"

# drain_time is nearly over: they come again, and meet the new one.
configure 2 1s
smtpds() {
    local pid
    for pid in $(children "$MASTER"); do
        case $(readlink "/proc/$pid/exe") in */smtpd) echo "$pid" ;; esac
    done
}
# master(8) counts on an idle smtpd that was about to leave for the reload and took a connection instead: until that one
# ends, others wait. So all of them have to be gone first.
mapfile -t idle < <(smtpds)
postfix_reload
left "${idle[@]}"
open_all demo
each "before" 2
for way in postfix_reload hangup; do
    generation=$((${generation:-2} + 1))
    serving
    case $way in
    hangup)
        configure "$generation" 60s
        kill -HUP "$parent"
        ;;
    *)
        configure "$generation" 1s
        postfix_reload
        ;;
    esac
    left "$parent" "${workers[@]}"
    wait_for 5 log_has_lines $((generation - 2)) 'drain_time is nearly over, idle connections closed: 20' ||
        fail "$way: no connection was held to the end of drain_time"
    each "$way: after drain_time" "$generation"
    each "$way: again" "$generation"
done

# SIGHUP while drain_time has not passed, and a worker that dies.
configure 5 60s
kill -HUP "$(pfx_parent)"
each "after SIGHUP" 4
close_all
open_all demo
each "a new session" 5
serving
kill -9 "${workers[@]}"
expect_log 'killed by signal 9'
each "after the death of the worker" 5
close_all
expect_no_log 'Connection lost|SASL.*failed: \(reason unavailable\)|no SASL authentication|bad command startup'

# TCP, standalone: the same, by SIGHUP. What is closed is closed by a reset, which smtpd notices when it writes.
configure 6 1s
kill -HUP "$PFX"
in_force() {
    [[ $(smtp_plain tcp 403 pw) == *generation-$1 ]]
}
wait_for 10 in_force 6 || fail "TCP: the configuration is not in force"
open_all tcp
each "TCP" 6
for generation in 7 8; do
    mapfile -t workers < <(children "$PFX")
    configure "$generation" 2s
    kill -HUP "$PFX"
    wait_for 10 in_force "$generation" || fail "TCP: the configuration is not in force"
    left "${workers[@]}"
    each "TCP: after drain_time" "$generation"
    each "TCP: again" "$generation"
done
close_all
expect_no_log 'Connection lost|SASL.*failed: \(reason unavailable\)'
