#!/usr/bin/env bash
# Workers killed with -9 at random, 200 times, under a load that writes and reads a table which is always full: no
# wrong answer is ever given, nobody waits for a lock for ever, and afterwards the table holds as much as before
# ("Chaos").
# Slow: 200 workers are killed, each after it has lived for a while.
# Alone: it takes both processors.
set -eu
. "$(dirname "$0")/cache.sh"

KILLS=200
WORKERS=6
ROOM=5000 # keys, which a table of 1 MB just has room for
backend_start -l inet:127.0.0.1:0
map written '' 'response_cache = { max_age = "0s"; };'
map kept '' 'response_cache = { max_age = "1h"; };'
map mixed '' 'response_cache = { max_age = "1s"; };'
configuration "workers = $WORKERS; $(cache 'size = "1M";')"
pfx_standalone

# hits PREFIX: how many of so many new keys are answered from the table when they are asked a second time.
hits() {
    local line before
    for _ in 1 2; do
        before=$(count /kept)
        line=$(load "unix:$SOCKET" kept -n "$ROOM" -k "$ROOM" -c 4 -p "$1" -e value-of-) || fail "load: $line"
        expect_none "$line" lost wrong
    done
    echo $((ROOM - $(count /kept) + before))
}
at_first=$(hits first)
[ "$at_first" -ge $((ROOM / 2)) ] || fail "only $at_first of $ROOM keys are kept"

loads=()
for arguments in 'written -k 5000' 'written -k 50 -p few' 'kept -k 20000' 'mixed -k 10000' 'mixed -k 200 -p few'; do
    # shellcheck disable=SC2086
    in_background "$T/load.${#loads[@]}" "$B/client" load "unix:$SOCKET" $arguments -c 4 -t 100000000 -e value-of-
    loads+=("$JOB")
done

all_there() {
    mapfile -t workers < <(children "$PFX")
    [ "${#workers[@]}" = "$WORKERS" ] && [[ " ${workers[*]} " != *" $victim "* ]]
}
victim=
RANDOM=$$
for ((i = 0; i < KILLS; i++)); do
    wait_for 30 all_there || fail "a worker is missing"
    until=$(($(now_ms) + RANDOM % 300))
    wait_for 5 is_after "$until"
    victim=${workers[RANDOM % WORKERS]}
    kill -9 "$victim"
done
wait_for 30 all_there || fail "a worker is missing"
for i in "${!loads[@]}"; do
    kill -USR1 "${loads[i]}"
    wait_for 20 log_has '^requests=.* max_ms=[0-9]+$' "$T/load.$i" || fail "load $i does not tell"
    kill "${loads[i]}"
    wait "${loads[i]}" || true
    line=$(grep '^requests=' "$T/load.$i")
    echo "$line"
    [ "$(figure wrong "$line")" = 0 ] || fail "wrong answers: $(cat "$T/load.$i")"
    expect_none "$line" temp perm timeout notfound
    expect_at_most "milliseconds for an answer" 5000 "$(figure max_ms "$line")"
done
expect_lines "workers that died" "$KILLS" 'killed by signal 9'
expect_no_log 'cache: |signal ([0-8]|1[0-9])'

at_last=$(hits last)
echo "$at_first of $ROOM keys were kept before, $at_last after"
expect_at_most "keys kept before, but for 5 %" "$at_last" $((at_first * 95 / 100))
for i in 1 2 3; do
    expect_reply kept "new" 'OK value-of-new'
done
expect_count 1 '/kept?key=new'
pfx_stop
