#!/usr/bin/env bash
# The generator of the soak takes each answer of healthy daemons for right, and notices when one in a hundred is that to
# another question (tests/soak/soak.c).
set -eu
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/tests/soak/site.sh"
[ -x "$B/soak" ] || fail "no $B/soak: run make asan"

# round: some seconds of load; sets STATUS, and LINE[protocol].
declare -A LINE
round() {
    local until protocol
    load_start
    say_to_load begin
    until=$(($(now_ms) + 2500))
    wait_for 10 is_after "$until"
    say_to_load end
    wait_for 30 load_ends 1 || fail "the load does not end: $(cat "$T/load.err")"
    say_to_load quit
    STATUS=0
    wait "$LOAD" || STATUS=$?
    rm "$T/commands"
    for protocol in maps policies logins; do
        LINE[$protocol]=$(grep "^$protocol " "$T/load")
    done
}

SEED=1 RATE=400 DRAIN_S=1
Q=$T
mkdir "$Q/private"
chmod 1777 "$Q/private" "$T"
soak_files
PORTS=("$(instance_unused_port)" "$(instance_unused_port)")
declare -A PIDS found
soak_backends 0
{ echo "state_directory = \"$STATE\";" && soak_configuration; } >"$CFG"
DAEMON=pfx-socketmap pfx_standalone -L "unix:$Q/private/pfx-socketmap,mode=0666"
DAEMON=pfx-policyd pfx_standalone -L "unix:$Q/private/pfx-policy,mode=0666"
DAEMON=pfx-saslbridge pfx_standalone -L "unix:$Q/private/pfx-sasl,mode=0666" soak
for service in pfx-socketmap pfx-policy pfx-sasl; do
    wait_for 20 test -S "$Q/private/$service" || fail "no $service"
done

round
expect_equal "exit status with right answers: $(cat "$T/load.err")" 0 "$STATUS"
for protocol in maps policies logins; do
    expect_none "${LINE[$protocol]}" temp wrong lost lost_killed retried idle_closed
    [ "$(figure found "${LINE[$protocol]}")" -gt 0 ] || fail "nothing found: ${LINE[$protocol]}"
done
[ "$(figure nothing "${LINE[maps]}")" -gt 0 ] || fail "every key is there: ${LINE[maps]}"
[ "$(figure denied "${LINE[logins]}")" -gt 0 ] || fail "nobody is refused: ${LINE[logins]}"

LIES=1
soak_files
soak_backends_kill
soak_backends 0
is_wrong() { # PROTOCOL
    [ "$(figure wrong "${LINE[$1]}")" -gt 0 ]
}
for _ in 1 2 3 4 5; do # one key in a hundred is lied about: a busy machine may not ask for one in a round
    round
    expect_equal "exit status with wrong answers" 1 "$STATUS"
    ! is_wrong maps || expect_log 'wrong answer to k[0-9]*01@virt.example: ' "$T/load.err"
    for protocol in maps policies logins; do
        ! is_wrong "$protocol" || found[$protocol]=1
    done
    [ "${#found[@]}" -lt 3 ] || break
done
expect_equal "protocols in which something is wrong" 3 "${#found[@]}"
