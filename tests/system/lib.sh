# What every system test begins with: a directory of its own, helpers that stop the test, and an end that checks
# that nothing is left.
#
# A test runs the programs of $B (build/asan). Everything that it starts carries PFX_TEST=$T in its environment, which
# is how finish finds what was left behind. KEEP=1 keeps the directory.
set -u
! declare -F finish >/dev/null || return 0 # it was sourced before

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$TOP/tests/instance.sh"
B=$(realpath -m "${B:-$TOP/build/asan}")
PLAIN=$(realpath -m "${PLAIN:-$TOP/build}") # for tests that measure
TEST=$(basename "$0" .sh)

fail() {
    echo "$TEST: $*" >&2
    exit 1
}

for program in pfx-socketmap pfx-policyd pfx-saslbridge backend client; do
    [ -x "$B/$program" ] || fail "no $B/$program: run make asan"
done

T=$(mktemp -d "${TMPDIR:-/tmp}/pfx-test.XXXXXX")
chmod 755 "$T"
mkdir -m 1777 "$T/sanitizer"
STATE=$T/state # "" where Postfix says it
mkdir -m 777 "$STATE"
export PFX_TEST=$T
export ASAN_OPTIONS=log_path=$T/sanitizer/report:detect_leaks=1
export UBSAN_OPTIONS=log_path=$T/sanitizer/report:print_stacktrace=1:halt_on_error=1
LOG=$T/log # the daemon's lines: stderr of pfx_standalone, the maillog_file of postfix_new
CFG=$T/pfx.cfg

STARTED=() # process ids to end

# --- Waiting and comparing

# wait_for SECONDS COMMAND...: until COMMAND succeeds. Time that passes is never a reason to go on.
wait_for() {
    local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        [ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
        read -rt 0.02 -u "$never" || true
    done
}
mkfifo "$T/never" # is never written: reading it with a time limit is a short pause between two looks
exec {never}<>"$T/never"

now_ms() {
    echo $((${EPOCHREALTIME/./} / 1000))
}

expect_equal() { # WHAT WANTED GOT
    [ "$2" = "$3" ] || fail "$1: wanted '${2:0:300}', got '${3:0:300}'"
}

expect_match() { # WHAT GLOB GOT
    # shellcheck disable=SC2053
    [[ $3 == $2 ]] || fail "$1: wanted '$2', got '${3:0:300}'"
}

expect_holds() { # WHAT TEXT GOT
    [[ $3 == *"$2"* ]] || fail "$1: wanted '$2' in it, got '${3:0:300}'"
}

expect_at_most() { # WHAT LIMIT GOT
    [ "$3" -le "$2" ] || fail "$1: wanted at most $2, got $3"
}

log_has() { # EXTENDED-REGEX [FILE]
    grep -Eq -- "$1" "${2:-$LOG}" 2>/dev/null
}

log_has_lines() { # COUNT EXTENDED-REGEX: so many, or more
    [ "$(grep -Ecs -- "$2" "$LOG")" -ge "$1" ]
}

expect_log() { # EXTENDED-REGEX [FILE]
    wait_for 10 log_has "$@" || fail "no line like /$1/ in the log"
}

expect_no_log() { # EXTENDED-REGEX [FILE]
    ! log_has "$@" || fail "a line like /$1/ in the log: $(grep -E -- "$1" "${2:-$LOG}" | head -1)"
}

# expect_lines WHAT COUNT EXTENDED-REGEX: no more are in the log, and so many soon are; postlogd(8) may be late.
expect_lines() {
    wait_for 10 log_has_lines "$2" "$3" || true
    expect_equal "$1" "$2" "$(grep -Ec -- "$3" "$LOG")"
}

# --- Processes

children() { # PID...
    local pid file
    for pid in "$@"; do
        # Processes that end meanwhile are no error.
        for file in $(grep -lsx "PPid:[[:space:]]*$pid" /proc/[0-9]*/status); do
            file=${file#/proc/}
            echo "${file%/status}"
        done
    done
}

has_workers() { # COUNT PARENT...: in sum
    [ "$(children "${@:2}" | wc -l)" = "$1" ]
}
expect_workers() { # COUNT PARENT...
    wait_for 10 has_workers "$@" || fail "wanted $1 workers, got $(children "${@:2}" | wc -l)"
}

alive() { # PID...: one of them is there and is no zombie
    local pid
    for pid in "$@"; do
        grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$pid/status" && return 0
    done
    return 1
}

gone() {
    ! alive "$@"
}

# Every process that carries the mark. The shells of the test do not: they were there before it was exported.
left_behind() {
    local environ pid
    for environ in $(PFX_TEST='' grep -lzxsF "PFX_TEST=$T" /proc/[0-9]*/environ); do
        pid=${environ#/proc/}
        pid=${pid%/environ}
        ! alive "$pid" || echo "$pid"
    done
}

nothing_left() {
    [ -z "$(left_behind)" ]
}

memory_kb() { # PID FIELD (VmRSS, VmHWM)
    awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

cpu_ms() { # PID: user and system time
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) * 1000 / hz) }' "/proc/$1/stat"
}

# expect_idle PID: it takes next to no CPU time while a second passes on the wall.
expect_idle() {
    local before after
    before=$(cpu_ms "$1")
    after=$(($(now_ms) + 1000))
    wait_for 5 is_after "$after"
    expect_at_most "milliseconds of CPU in a second" 200 $(($(cpu_ms "$1") - before))
}
is_after() { # MILLISECONDS
    [ "$(now_ms)" -ge "$1" ]
}

# limit PID OPTION...: prlimit(1) as the user of that process, which needs no privileges.
limit() {
    local pid=$1 user group
    shift
    user=$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")
    group=$(awk '$1 == "Gid:" { print $2 }' "/proc/$pid/status")
    setpriv --reuid="$user" --regid="$group" --clear-groups prlimit --pid "$pid" "$@"
}

threads() { # PID
    local task=("/proc/$1/task"/*)
    echo "${#task[@]}"
}

# in_background OUTPUT COMMAND...: a program, not a function; sets JOB to its process id.
in_background() {
    local output=$1
    shift
    "$@" >"$output" 2>&1 </dev/null &
    JOB=$!
    STARTED+=("$JOB")
}

# hold COUNT: connections to the daemon that ask nothing and stay until HOLDER is killed. Returns when they are made.
hold() {
    rm -f "$T/held"
    perl -MSocket -e '
        my ($path, $count) = @ARGV; my @held;
        for (1 .. $count) {
            socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
            connect($s, sockaddr_un($path)) or die "connect: $!";
            push @held, $s;
        }
        $| = 1; print "held\n"; <STDIN>;' "$SOCKET" "$1" <"$T/never" >"$T/held" &
    HOLDER=$!
    STARTED+=("$HOLDER")
    wait_for 20 test -s "$T/held" || fail "cannot connect $1 times"
}

# --- The end

finish() {
    local status=$?
    trap - EXIT
    set +e
    if [ -n "${POSTFIX_RUNS:-}" ]; then postfix_stop || status=1; fi
    for pid in "${STARTED[@]}"; do kill "$pid" 2>/dev/null; done
    if ! wait_for 10 nothing_left; then
        echo "$TEST: left behind:" >&2
        for pid in $(left_behind); do
            echo "  $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")" >&2
            kill -9 "$pid"
        done
        status=1
    fi
    for report in $(find "$T" -xdev -path '*/sanitizer/report.*'); do
        echo "$TEST: a sanitizer report:" >&2
        head -60 "$report" >&2
        status=1
    done
    if [ "$status" != 0 ] && [ -s "$LOG" ]; then
        echo "--- the last lines of the log" >&2
        tail -25 "$LOG" | cut -c 1-400 >&2
    fi
    unmount_all
    if [ -n "${KEEP:-}" ]; then echo "kept: $T" >&2; else rm -rf "$T"; fi
    exit "$status"
}
trap finish EXIT

unmount_all() {
    [ -n "${IN_NAMESPACE:-}" ] || return 0
    awk -v top="$T/" 'index($2, top) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
}

# Runs the whole test in a mount namespace of its own: what it mounts is seen by nobody else and goes with it.
need_mount_namespace() {
    [ -n "${IN_NAMESPACE:-}" ] && return
    trap - EXIT
    rm -rf "$T"
    IN_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
}

# --- The backend

# backend_start ARGUMENTS: sets BACKEND (HOST:PORT or path of the first listener) and BACKENDS (of all).
backend_start() {
    local ports=$T/ports.${#STARTED[@]}
    "$B/backend" -P "$ports" "$@" >>"$T/backend.log" 2>&1 &
    BACKEND_PID=$!
    STARTED+=("$BACKEND_PID")
    wait_for 10 test -s "$ports" || fail "the backend does not start: $(tail -3 "$T/backend.log")"
    mapfile -t BACKENDS < <(sed 's/^[a-z]*://' "$ports")
    BACKEND=${BACKENDS[0]}
}

# fetch PATH [HOST:PORT]: the body of a plain GET, for the control paths.
fetch() {
    local address=${2:-$BACKEND}
    exec {http}<>"/dev/tcp/${address%:*}/${address##*:}"
    printf 'GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n' "$1" >&"$http"
    timeout 10 sed '1,/^\r*$/d' <&"$http"
    exec {http}>&-
}

# url TEXT: percent-encoded for a URL in a target, where a percent sign is written twice.
url() {
    local LC_ALL=C text=$1 out= i c
    for ((i = 0; i < ${#text}; i++)); do
        c=${text:i:1}
        case $c in
        [A-Za-z0-9._~-]) out+=$c ;;
        *) printf -v c '%02x' "'$c" && out+=%%${c: -2} ;;
        esac
    done
    echo "$out"
}

# --- Names

# silent_name_server: the only name server from now on never answers. It has port 53 of a loopback address that only
# this process uses; nobody reads what comes, until NAME_SERVER_PID is killed. In a namespace of need_mount_namespace.
silent_name_server() {
    local address
    address=127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
    rm -f "$T/bound"
    perl -MSocket -e '
        socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
        bind($s, sockaddr_in(53, inet_aton($ARGV[0]))) or die "bind: $!";
        $| = 1; print "bound\n"; <STDIN>;' "$address" <"$T/never" >"$T/bound" 2>&1 &
    NAME_SERVER_PID=$!
    STARTED+=("$NAME_SERVER_PID")
    wait_for 10 log_has bound "$T/bound" || fail "no name server: $(cat "$T/bound")"
    name_server "$address"
}

# name_server ADDRESS: the only one from now on.
name_server() {
    echo "nameserver $1" >"$T/resolv.conf"
    echo 'hosts: files dns' >"$T/nsswitch.conf"
    [ "$T/resolv.conf" -ef /etc/resolv.conf ] && return
    mount --bind "$T/resolv.conf" /etc/resolv.conf
    mount --bind "$T/nsswitch.conf" /etc/nsswitch.conf
}

# --- The configuration

# quoted TEXT: as a string of libconfig.
quoted() {
    local text=${1//\\/\\\\}
    echo "\"${text//\"/\\\"}\""
}

# entry NAME SETTINGS: adds an entry to the socket_maps of the configuration.
entry() {
    ENTRIES+="    $1 = { $2 };"$'\n'
}
ENTRIES=

# map NAME QUERY [SETTINGS]: an entry with the URL /NAME at the backend, which answers as the query tells it.
map() {
    entry "$1" "target = \"http://$BACKEND/$1?key=%s${2:+&$2}\"; ${3:-}"
}

# top_level [SETTINGS]: one line, with what every test has unless it says otherwise: state of its own, and no cache.
top_level() {
    local all=${1:-}
    [ -z "$STATE" ] || [[ $all == *state_directory* ]] || all="state_directory = \"$STATE\"; $all"
    [[ $all == *response_cache* ]] || all="response_cache = { enabled = false; }; $all"
    echo "$all"
}

# configuration [TOP-LEVEL-SETTINGS]: writes $CFG; the entries read the member "result".
configuration() {
    {
        top_level "${1:-}"
        printf 'socket_maps = {\n    defaults = { value_field = "result"; };\n%s};\n' "$ENTRIES"
    } >"$CFG"
}

asked() { # NAME: how many requests the backend had for the map
    fetch "/_count?path=/$1?"
}

# --- The daemon by itself

# pfx_standalone [-L ...] [ARGUMENTS]: sets PFX to the process id; SOCKET is where it listens.
DAEMON=pfx-socketmap
SOCKET=$T/s
pfx_standalone() {
    local listen=(-L "unix:$SOCKET,mode=0666")
    case " $* " in *" -L "*) listen=() ;; esac
    chmod 1777 "$T"
    "$B/$DAEMON" "${listen[@]}" -C "$CFG" "$@" </dev/null >>"$LOG" 2>&1 &
    PFX=$!
    STARTED+=("$PFX")
    [ "${#listen[@]}" = 0 ] || pfx_serves "unix:$SOCKET"
}

# public_copy: a copy of the daemon that every user may execute, wherever this tree lies.
public_copy() {
    [ -x "$T/pfx-socketmap" ] || install -m 755 "$B/pfx-socketmap" "$T/pfx-socketmap"
    echo "$T/pfx-socketmap"
}

# pfx_serves ADDRESS: waits until $PFX does.
pfx_serves() {
    wait_for 20 answers_or_gone "$1" || true
    answers "$1" || fail "the daemon does not start"
}
answers_or_gone() {
    answers "$1" || gone "$PFX"
}

# Stops it and expects a clean end.
pfx_stop() {
    local status=0
    kill "${1:-$PFX}"
    wait "${1:-$PFX}" || status=$?
    expect_equal "exit status of the daemon" 0 "$status"
}

answers() { # ADDRESS
    ask_at "$1" no_such_entry key >/dev/null 2>&1
}

ask_at() { # ADDRESS NAME KEY
    timeout 30 "$B/client" ask "$@"
}

# raw: the bytes of stdin as they are; what comes back until the daemon closes the connection.
raw() { # ADDRESS
    timeout 60 "$B/client" raw "$1" -t 5000
}
raw_end() { # ADDRESS [LIMIT-MS]: the end of the input is sent too
    timeout 60 "$B/client" raw "$1" -t "${2:-5000}" -h
}
raw_bytes() { # ADDRESS: byte by byte
    timeout 60 "$B/client" raw "$1" -t 5000 -h -b
}

# load ADDRESS NAME [ARGUMENTS]: one line of results; figure NAME LINE takes one out of it.
load() {
    timeout 120 "$B/client" load "$@"
}
figure() {
    [[ " $2 " =~ \ $1=([0-9]+) ]] || fail "no figure $1 in '$2'"
    echo "${BASH_REMATCH[1]}"
}
expect_none() { # LINE NAME...: these figures are 0
    local line=$1 name
    shift
    for name in "$@"; do
        expect_equal "$name of '$line'" 0 "$(figure "$name" "$line")"
    done
    [ "$(figure requests "$line")" -gt 0 ] || fail "no requests: $line"
}

ask() { # NAME KEY
    ask_at "unix:$SOCKET" "$@"
}

# expect_reply NAME KEY GLOB. Whatever is no value must not tell where the backend is nor what it holds.
expect_reply() {
    local reply
    reply=$(ask "$1" "$2") || fail "no reply for $1 '$2'"
    expect_match "$1 '${2:0:60}'" "$3" "$reply"
    case $reply in
    OK\ *) ;;
    *://* | *"${BACKEND:-://}"* | *SECRET*) fail "$1 '$2': the reply tells too much: $reply" ;;
    esac
}
