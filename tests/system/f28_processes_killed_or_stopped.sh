#!/usr/bin/env bash
# Processes that are killed or stopped, under Postfix: a parent killed takes its workers with it, and master starts
# another; a worker that is stopped keeps who is connected to it waiting, and nobody else; a lock in the shared memory
# that nobody gives back costs a part of the cache, and one whose holder died costs nothing (A2, A5).
set -eu
. "$(dirname "$0")/faults.sh"

backend_start -l inet:127.0.0.1:0
three_postfix kept
three kept "http://$BACKEND/kept?key=%s"
three_configuration "workers = 2; $(cache 'size = "1M"; max_age = "1h";')"
STATE_FILE=$T/data/pfx-cache
postfix_start
three_ask() {
    three_see kept
    expect_equal "postmap" value-of-key "$(postfix_query kept key)"
}
expect_equal "the first answer" 'OK value-of-key' "$(map_answer kept key)"

row parent_killed
parents_killed() {
    local workers
    three_ask
    watch_three
    expect_workers 6 "${WATCHED[@]}"
    mapfile -t workers < <(children "${WATCHED[@]}")
    kill -9 "${WATCHED[@]}"
    wait_for 10 gone "${workers[@]}" || fail "workers outlive their parent"
    three_ask
    watch_three
}
parents_killed
again 2 parents_killed
logged
expect_no_log throttling

# Of each daemon one of two. They go on when the test ends, so that nothing is left behind.
row worker_stopped
workers_stopped() {
    local parent line
    HUNG=()
    for parent in "${WATCHED[@]}"; do
        HUNG+=("$(children "$parent" | tail -1)")
    done
    kill -STOP "${HUNG[@]}"
    for _ in {1..10}; do three_see kept; done
    line=$(load "unix:$SOCKETS/pfx-socketmap" kept -n 500 -k 50 -c 20 -e value-of-) || fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound
    expect_equal "postmap" value-of-key "$(postfix_query kept key)"
    kill -CONT "${HUNG[@]}"
    HUNG=()
    three_ask
}
again 3 workers_stopped
logged
# Who is connected to it waits, and has the answer when it goes on; a worker that is killed then is replaced.
workers_killed_while_stopped() {
    local worker
    worker=$(children "${WATCHED[0]}" | tail -1)
    kill -STOP "$worker"
    kill -9 "$worker"
    wait_for 10 gone "$worker" || fail "it is still there"
    expect_workers 6 "${WATCHED[@]}"
    three_ask
}
again 2 workers_killed_while_stopped

# each_lock NUMBER: makes each lock one that is held, as glibc and the kernel would: by the thread of that number, or by
# one that has died.
OWNER_DIED=$((0x40000000))
each_lock() {
    local place places
    mapfile -t places < <(lock_places)
    [ "${#places[@]}" -gt 1 ] || fail "where are the locks?"
    for place in "${places[@]}"; do
        perl -e '
            open my $f, "+<", $ARGV[0] or die;
            sysseek $f, $ARGV[1], 0;
            syswrite $f, pack "L4", $ARGV[2], 1, $ARGV[2], 1;' "$STATE_FILE" "$place" "$1"
    done
}
ask_many() {
    local line
    line=$(load "unix:$SOCKETS/pfx-socketmap" kept -n 1000 -k 500 -c 8 -p "${1:-key}" -e value-of-) ||
        fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound
    three_see kept
}
row lock_holder_killed
ask_many
dies_with_lock() {
    local before
    each_lock "$OWNER_DIED"
    ask_many
    before=$(count '/kept?key=key')
    ask_many
    expect_count "$before" '/kept?key=key' # and answers are kept again
}
again 3 dies_with_lock
logged
expect_no_log 'cache: a lock'

row lock_holder_stopped
in_background /dev/null sleep 1000
each_lock "$JOB"
ask_many other
logged
ask_many
expect_no_log 'killed by signal ([0-8]|1[0-9])'
kill "$JOB"
expect_all_rows
