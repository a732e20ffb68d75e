# What tests of the cache and of targets add: a backend that goes away and comes back at the same port, the keys that
# it knows, and a load that runs meanwhile. The value of a key is value-of-KEY.

. "$(dirname "${BASH_SOURCE[0]}")/postfix.sh"

KNOWN=1000 # keys: key0, key1 ...

# cache SETTINGS: the top-level group; without it a test keeps no answers (lib.sh).
cache() {
    echo "response_cache = { $1 };"
}

# data_of PREFIX COUNT: lines of a data file.
data_of() {
    local i
    for ((i = 0; i < $2; i++)); do
        printf '%s%d\tvalue-of-%s%d\n' "$1" "$i" "$1" "$i"
    done
}

# backend_at ADDRESS [ARGUMENTS]: starts it there, or again.
backend_at() {
    backend_start -l "$@"
}
backend_kill() { # [PID]: the port refuses from then on
    kill "${1:-$BACKEND_PID}"
    wait "${1:-$BACKEND_PID}" || true
}
# A process that is stopped accepts, for the kernel does, and never answers. It must go on to end.
backend_hang() { # [PID]
    HUNG+=("${1:-$BACKEND_PID}")
    kill -STOP "${1:-$BACKEND_PID}"
}
HUNG=()
wake() {
    local status=$?
    set +e
    [ "${#HUNG[@]}" = 0 ] || kill -CONT "${HUNG[@]}" 2>/dev/null
    return "$status"
}
trap 'wake; finish' EXIT
backend_go_on() { # [PID]
    kill -CONT "${1:-$BACKEND_PID}"
}

# count PATH [HOST:PORT]: how many requests had a URL that begins so.
count() {
    fetch "/_count?path=$1" "${2:-$BACKEND}"
}
has_count() { # AT-LEAST PATH [HOST:PORT]
    [ "$(count "${@:2}")" -ge "$1" ]
}
expect_count() { # WANTED PATH [HOST:PORT]
    expect_equal "requests for $2" "$1" "$(count "${@:2}")"
}

# counter DAEMON/SECTION/ENTRY NAME, the sum of all workers; DAEMON// has those of a daemon itself.
counter() {
    local line
    line=$("$B/print_stats" "$STATE" | grep "^$1 ") || fail "no counters of $1"
    figure "$2" "$line"
}

# fill NAME [KEYS]: asks each known key once.
fill() {
    local line
    line=$(load "unix:$SOCKET" "$1" -n "${2:-$KNOWN}" -k "${2:-$KNOWN}" -c 8 -e value-of-) || fail "fill $1: $line"
    expect_none "$line" lost wrong
}

# took MILLISECONDS-VARIABLE COMMAND...: how long the command takes.
took() {
    local -n took_ms=$1
    local started
    started=$(now_ms)
    "${@:2}" || fail "fails: ${*:2}"
    took_ms=$(($(now_ms) - started))
}

# load_begin NAME [ARGUMENTS]: a load of 32 connections over the known keys; load_part sets PART to the line of what
# was answered since the last one.
load_begin() {
    rm -f "$T/load"
    in_background "$T/load" "$B/client" load "unix:$SOCKET" "$1" -c 32 -t 100000 -e value-of- "${@:2}"
    LOAD=$JOB
    PARTS=0
}
load_part() {
    PARTS=$((PARTS + 1))
    kill -USR1 "$LOAD"
    wait_for 10 has_parts || fail "the load does not tell: $(cat "$T/load")"
    PART=$(grep '^requests=' "$T/load" | sed -n "${PARTS}p")
}
has_parts() {
    [ "$(grep -c '^requests=.*max_ms=[0-9]*$' "$T/load")" = "$PARTS" ]
}
load_end() {
    load_part
    kill "$LOAD"
    wait "$LOAD" || true
}
expect_right() { # LINE: all were answered, with the value of their key
    [ "$(figure wrong "$1")" = 0 ] || fail "wrong answers: $(cat "$T/load")"
    expect_none "$1" lost wrong temp perm timeout notfound
}

down_line() { # ORIGIN
    echo "warning: backend $1 down: "
}
up_line() { # ORIGIN
    echo "backend $1 up after "
}

# two_backends [ARGUMENTS]: sets FIRST, SECOND (HOST:PORT) and FIRST_PID, SECOND_PID.
two_backends() {
    backend_start -l inet:127.0.0.1:0 "$@"
    FIRST=$BACKEND FIRST_PID=$BACKEND_PID
    backend_start -l inet:127.0.0.1:0 "$@"
    SECOND=$BACKEND SECOND_PID=$BACKEND_PID
}

# targets NAME "URL URL ..." [SETTINGS]: an entry with several.
targets() {
    local url list=
    for url in $2; do list+="${list:+, }\"$url\""; done
    entry "$1" "target = [ $list ]; ${3:-}"
}

# kept_postfix [TOP-LEVEL-SETTINGS]: a Postfix with the entry "fresh", whose answers are used for an hour, and "old",
# whose answers are asked anew each time; both have been asked for "key" and "other". STATE_FILE: the table.
kept_postfix() {
    PORT=$(instance_unused_port)
    backend_at "inet:127.0.0.1:$PORT"
    postfix_new
    STATE_FILE=$T/data/pfx-cache
    map fresh '' 'response_cache = { max_age = "1h"; };'
    map old '' 'response_cache = { max_age = "0s"; };'
    configuration "${1:-$(cache 'enabled = true;')}"
    postfix_start
    for key in key other; do
        expect_equal "fresh $key" "value-of-$key" "$(postfix_query fresh "$key")"
        expect_equal "old $key" "value-of-$key" "$(postfix_query old "$key")"
    done
}

# expect_kept WHEN: both answer as before.
expect_kept() {
    for key in key other; do
        expect_equal "$1: fresh $key" "value-of-$key" "$(postfix_query fresh "$key")"
        expect_equal "$1: old $key" "value-of-$key" "$(postfix_query old "$key")"
    done
}

# lock_places: where the locks of the table are: shared, robust mutexes of glibc that nobody has.
lock_places() {
    perl -0777 -ne 'print "$-[0]\n" while /\0{4}[\0\1]\0{11}\x90\0{3}/g' "$STATE_FILE"
}

# new_generation COMMAND...: and waits until the parent is another.
new_generation() {
    local before
    before=$(pfx_parent)
    "$@"
    wait_for 20 answers "unix:$SOCKET" || fail "$*: no answer"
    wait_for 20 is_other_parent "$before" || fail "$*: the parent is still there"
}
# master(8) starts the next one when somebody connects: who was served a moment ago may have met the old one.
is_other_parent() { # PID
    local now
    answers "unix:$SOCKET" || return 1
    now=$(pfx_parent)
    [ -n "$now" ] && [ "$now" != "$1" ]
}
hang_up_parent() {
    kill -HUP "$(pfx_parent)"
}
postfix_anew() {
    postfix_stop
    postfix_start
}

# pfx_with_clock: a daemon without sanitizers whose clock clock_ahead MILLISECONDS [OF-THE-WALL-CLOCK] moves.
pfx_with_clock() {
    B=$PLAIN
    head -c 16 /dev/zero >"$T/clock"
    export PFX_TEST_CLOCK=$T/clock
    LD_PRELOAD=$B/clock.so pfx_standalone
}
clock_ahead() {
    perl -e 'open my $f, "+<", $ARGV[0] or die; syswrite $f, pack "qq", @ARGV[1, 2]' "$T/clock" \
        "$1" "${2:-0}"
}
