#!/usr/bin/env bash
# An allocation that fails, whichever it is of those that a new worker needs for its first answer: that worker ends or
# says to come again, another takes its place, and no answer is wrong (mem.h; A2, Crash).
set -eu
. "$(dirname "$0")/faults.sh"

backend_start -l inet:127.0.0.1:0
# The backend wants each header that the entry names: a request without one is refused, and that would be PERM.
three memory "http://$BACKEND/memory?key=%s&auth=user:secret" \
    "http_auth_basic = \"user:secret\"; custom_headers = [\"X-One: 1\"]; http = { timeout = \"400ms\"; };"
three_configuration 'workers = 1;'
head -c 16 /dev/zero >"$T/alloc"
export PFX_TEST_ALLOC=$T/alloc
PRELOAD=$B/alloc.so
three_start memory

# fail_allocation PARENT NUMBER: the one of that number, from here on, of the worker.
fail_allocation() {
    perl -e 'open my $f, "+<", shift or die; syswrite $f, pack "qq", @ARGV' "$T/alloc" "$(children "$1")" "$2"
}
failed() {
    [ "$(od -A n -t d8 -j 8 "$T/alloc" | tr -d ' ')" = 0 ]
}

# sweep WHO PARENT STEP COMMAND...: until no allocation is left to fail. As Postfix does, it asks once more when the
# connection breaks. The clock goes on, so that no worker dies young and none is waited for.
ahead=0
sweep() {
    local who=$1 parent=$2 step=$3 number=1 first started
    shift 3
    while true; do
        clock_ahead $((ahead += 60000))
        wait_for 10 has_workers 1 "$parent" || fail "$who: no worker after allocation $number"
        first=$(children "$parent")
        fail_allocation "$parent" "$number"
        started=$(now_ms)
        sees "$who" "$("$@")"
        expect_at_most "milliseconds for a $who, without allocation $number" 4500 $(($(now_ms) - started))
        failed || break
        [ "$first" = "$(children "$parent")" ] || deaths=$((deaths + 1))
        number=$((number + step))
    done
    # What the worker does after its answer may still meet the last one. Whoever serves now has asked, and is whole.
    fail_allocation "$parent" 0
    sees "$who" "$("$@")"
    [ "$number" -gt 20 ] || fail "$who: only $number allocations"
}

row out_of_memory
deaths=0
again 1 sweep map "${PIDS[0]}" 20 map_answer memory key
sweep map "${PIDS[0]}" 1 map_answer memory key
sweep policy "${PIDS[1]}" 5 policy_answer memory
sweep login "${PIDS[2]}" 5 login_answer
echo "workers lost: $deaths"
[ "$deaths" -gt 10 ] || fail "only $deaths workers"
logged
three_see memory
three_stop
expect_all_rows
