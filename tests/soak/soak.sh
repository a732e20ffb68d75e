#!/usr/bin/env bash
# soak.sh SECONDS: all three daemons under a real master(8), 500 clients that judge each answer (soak.c), and what can
# go wrong, for so long; a report on stdout, exit status 0 if everything holds.
#
# storm    half of the time: backends that fail at random, and are away or hang now and then; reload every 10 s, by
#          pfxctl and by Postfix in turn; workers killed at random
# reloads  a sixth: healthy backends, nobody is killed, reload as before: each answer has to be the right one
# quiet    the rest: failing backends, but no reload and no kill, so that the workers live long enough to show a leak
# end      all clients leave; descriptors have to be as before the load
#
# LIES=1 and LEAK=memory|descriptor make it fail: for the test of the soak itself. RATE: questions a second. SEED
# repeats the choices. KEEP=1 leaves the directory.
set -eu

seconds=${1:?usage: soak.sh SECONDS}
[ "$(id -u)" = 0 ] || { echo "soak: Postfix can only be started by root" >&2; exit 77; }
TOP=$(cd "$(dirname "$0")/../.." && pwd)
B=${B:-$TOP/build}
. "$TOP/tests/soak/site.sh"
trap 'exit 130' INT TERM

RATE=${RATE:-1000}
SEED=${SEED:-$$}
PERMILLE=60
RELOAD_S=10 DRAIN_S=15 SAMPLE_S=5
OUTAGE_EVERY_S=25 OUTAGE_S=3 # away or hanging
KILL_EVERY_S=3 # on average
if [ "$seconds" -lt 120 ]; then
    RELOAD_S=3 DRAIN_S=2 SAMPLE_S=1 OUTAGE_EVERY_S=8 OUTAGE_S=1 KILL_EVERY_S=1
fi
RANDOM=$SEED
KILLS=0 RELOADS=0 OUTAGES=0 ENDS=0
declare -A PIDS
down=

now() {
    echo $((${EPOCHREALTIME/./} / 1000000))
}
declare -A AT # when what a phase does is due
later() { # WHAT SECONDS
    AT[$1]=$(($(now) + $2))
}
is_due() { # WHAT
    [[ " $DOES " == *" $1 "* ]] && [ "$(now)" -ge "${AT[$1]}" ]
}

# One outage after the other: both backends away, one away, one that hangs.
outage_begin() {
    local which=$((OUTAGES % 3))
    OUTAGES=$((OUTAGES + 1))
    down=$which
    case $which in
    0) soak_backends_kill ;;
    1) backend_kill "${PIDS[0]}" ;;
    2) backend_hang "${PIDS[0]}" ;;
    esac
}
outage_end() {
    case $down in
    0) soak_backends "$PERMILLE" ;;
    1) soak_backend 0 "$PERMILLE" ;;
    2) backend_go_on "${PIDS[0]}" ;;
    esac
    down=
}
outage() {
    if [ -z "$down" ]; then
        outage_begin
        later outages "$OUTAGE_S"
    else
        outage_end
        later outages "$OUTAGE_EVERY_S"
    fi
}

# phase NAME SECONDS [WHAT...]: of outages, reloads and kills
phase() {
    local begin end
    DOES="samples ${*:3}"
    scrape_as "$1.before"
    begin=$(now) end=$(($(now) + $2))
    later samples 0
    later kills 0
    later reloads $((RELOAD_S / 2))
    later outages $((OUTAGE_EVERY_S / 2))
    say_to_load begin
    while [ "$(now)" -lt "$end" ]; do
        alive "$LOAD" || fail "the generator is gone: $(tail -3 "$T/load.err")"
        if is_due kills; then kill_one && later kills $((RANDOM % (2 * KILL_EVERY_S + 1))); fi
        if is_due reloads; then reload_one && later reloads "$RELOAD_S"; fi
        if is_due outages; then outage; fi
        if is_due samples; then sample_all && later samples "$SAMPLE_S"; fi
        read -rt 0.2 -u "$never" || true
    done
    [ -z "$down" ] || outage_end
    if [ "$1" = quiet ]; then phase_end "$1" "$begin" last; else phase_end "$1" "$begin" end; fi
}
phase_end() { # NAME BEGIN end|last
    sample_all
    echo "phase $1 $2 $(now)" >>"$T/facts"
    say_to_load "$3"
    ENDS=$((ENDS + 1))
    wait_for 60 load_ends "$ENDS" || fail "questions that never end: $(cat "$T/load" "$T/load.err")"
    scrape_as "$1.after"
}

soak_files
PORTS=("$(instance_unused_port)" "$(instance_unused_port)")
soak_backends "$PERMILLE"
soak_postfix
timeout 60 "$B/pfxctl" -c "$T/etc" ping >"$T/ping" || fail "pfxctl ping: $(cat "$T/ping")"
wait_for 20 is_healthy || fail "pfx-metrics does not start"
load_start
phase settle_first 3
say_to_load leave
wait_for 10 grep -qx left "$T/load" || fail "the clients do not leave"
"$TOP/tests/soak/sample.pl" "$MASTER" >"$T/samples.before"

traffic_start
phase storm $((seconds / 2)) outages reloads kills
soak_backends_kill
soak_backends 0
phase settle 5 # until all targets are up again
fact state "$(state_bytes)" # when each series of counters has been there twice: of an old and a new generation
phase reloads $((seconds / 6)) reloads
soak_backends_kill
soak_backends "$PERMILLE"
phase settle_again $((DRAIN_S + 3)) # until the workers of before have left
phase quiet $((seconds - seconds / 2 - seconds / 6)) outages

traffic_stop
say_to_load quit
status=0
wait "$LOAD" || status=$?
fact load_status "$status"
wait_for 30 descriptors_as_before || true # the report tells
fact state "$(state_bytes)"
fact kills "$KILLS"
fact reloads "$RELOADS"
fact outages "$OUTAGES"
fact seed "$SEED"
fact versions "Linux $(uname -r), $(nproc) processors; $("$B/pfx-socketmap" -V), Postfix $(postconf -dh mail_version), \
$(dpkg-query -W -f 'libcurl ${Version}' libcurl4)"
postfix_stop || note "postfix stop"
secrets_in_log
status=0
"$TOP/tests/soak/report.pl" "$T" || status=$?
exit "$status"
