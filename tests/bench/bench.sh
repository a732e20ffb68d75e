#!/usr/bin/env bash
# make bench: how fast pfx is, as ratios of what ran beside it. bench.sh BUILD-DIRECTORY
#
# As root, who may look into workers. Each row has two sides that take turns, ROUNDS times; its ratio is the median of
# those of the rounds. A row prints PASS, FAIL, or NEAR within 5 % of its target; one without a target its figure.
# Its exit status tells whether the table could be made.
# PEER=unix:PATH or inet:HOST:PORT puts another server beside pfx: PEER_PROTOCOL=socketmap, policy or sasl, PEER_MAP the
# name of its map. It asks http://127.0.0.1:BACKEND_PORT/map/KEY, /policy or /auth, as pfx does.
set -eu -o pipefail

build=$(realpath "$1")
tools=$build/tests/bench
cd "$(dirname "$0")/../.."
. tests/bench/servers.sh

ROUNDS=${ROUNDS:-15} # many and short: what disturbs one side disturbs the other, too
MS=${MS:-400}       # of one side in one round
NEAR_PERCENT=5
TABLE_MB=16
ANSWER_ROOM_BYTES=300 # in the cache, with its share of the index and of what is never full

dir=$(mktemp -d "${TMPDIR:-/tmp}/pfx-bench.XXXXXX")
chmod 755 "$dir"
mkdir -m 777 "$dir/state"
trap servers_end EXIT
trap 'exit 130' INT TERM
[ "$(id -u)" = 0 ] || { echo "${0##*/}: only root may look into workers" >&2; exit 77; }
ulimit -n 16384

# --- Numbers

value() { # FIELD LINE: of "field=value ..."
    sed -n "s/.*\b$1=\([0-9.]*\).*/\1/p" <<<"$2"
}
calculate() { # EXPRESSION
    awk "BEGIN { printf \"%.10g\", $1 }"
}
median() { # NUMBER...
    printf '%s\n' "$@" | sort -g |
        awk '{ v[NR] = $1 } END { printf "%.10g", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
# verdict FIGURE at-least|at-most TARGET; nothing for the target -
verdict() {
    awk -v f="$1" -v how="$2" -v t="$3" -v near="$NEAR_PERCENT" 'BEGIN {
        if (t == "-") exit
        good = how == "at-least" ? f >= t : f <= t
        off = (f - t) / t * 100
        print (off < near && off > -near ? "NEAR" : good ? "PASS" : "FAIL") }'
}
report() { # ROW FIGURES VERDICT
    printf '%-46s %-62s %s\n' "$1" "$2" "$3"
}

# --- Sides of a row: each prints a line of load

loaded() { # PID,... NAME PROTOCOL OPTION...
    "$tools/load" -t "$MS" -p "$1" "${@:4}" "$3" "unix:$dir/$2"
}
pfx() { # NAME PROTOCOL OPTION...
    loaded "$(servers_workers "$1")" "$@"
}
on_floor() { # NAME PROTOCOL OPTION...
    loaded "${floor[$1]}" "$@"
}
cached() { kept pfx map socketmap -m cached "$@"; }
hit() { pfx map socketmap "$@"; }
kept() { # COMMAND...: none of its questions may come to the HTTP service
    local before
    before=$(servers_requests)
    "$@"
    [ "$(servers_requests)" = $((before + 1)) ] || { echo "${0##*/}: answers were not kept" >&2; return 1; }
}
bridge() { on_floor bridge socketmap "$@"; }
libcurl() { "$tools/curl" -t "$MS" "$@" "http://127.0.0.1:$http_port/map"; }
on() { # PROCESSOR COMMAND...: the shell that runs it and what it starts
    taskset -cp "$1" "$BASHPID" >"$dir/taskset"
    shift
    "$@"
}
straight() { # PATH: wrk prints no line of load
    wrk -t 1 -c 64 -d "$(((MS + 999) / 1000))s" "http://127.0.0.1:$http_port/$1/user1%40example.com" 2>/dev/null |
        sed -n 's/^Requests\/sec: */rate=/p'
}
peer() { "$tools/load" -t "$MS" -m "${PEER_MAP:-bench}" "$@" "${PEER_PROTOCOL:-socketmap}" "$PEER"; }

# sides "A" "B": runs them in turns; leaves the lines of each round.
sides() {
    local round
    lines_a=() lines_b=()
    for ((round = 0; round < ROUNDS; round++)); do
        if ((round % 2)); then
            lines_b[round]=$($2)
            lines_a[round]=$($1)
        else
            lines_a[round]=$($1)
            lines_b[round]=$($2)
        fi
    done
}
median_of() { # FIELD LINE...
    local field=$1 line figures=()
    shift
    for line in "$@"; do
        figures+=("$(value "$field" "$line")")
    done
    median "${figures[@]}"
}
median_of_rounds() { # FIELD OPERATOR: of A's with B's
    local round figures=()
    for ((round = 0; round < ROUNDS; round++)); do
        figures+=("$(calculate "$(value "$1" "${lines_a[round]}") $2 $(value "$1" "${lines_b[round]}")")")
    done
    median "${figures[@]}"
}
compare() { # ROW TARGET "A" "B": rates; TARGET - has none
    sides "$3" "$4"
    local ratio
    ratio=$(median_of_rounds rate /)
    report "$1" "$(printf '%.2f of it: %.0f of %.0f/s, %.1f + %.1f us CPU' "$ratio" \
        "$(median_of rate "${lines_a[@]}")" "$(median_of rate "${lines_b[@]}")" \
        "$(median_of user_us "${lines_a[@]}")" "$(median_of system_us "${lines_a[@]}")")" \
        "$(verdict "$ratio" at-least "$2")"
}

# --- Rows

row_cache_hit() {
    "$tools/load" -c 64 -m cached -n 2000 socketmap "unix:$dir/map"
    compare 'cache hit, 64 connections : echo' 0.75 'cached -c 64' 'on_floor echo echo -c 64'
}
row_backend_hit() {
    compare 'backend hit, 64 connections : libcurl' 0.90 'hit -c 64' 'libcurl -c 64'
    compare '  the least bridge : libcurl' - 'bridge -c 64' 'libcurl -c 64'
    compare '  the least bridge' - 'hit -c 64' 'bridge -c 64'
    compare 'backend hit, 64 connections : wrk' - 'hit -c 64' 'straight map'
}
added() { # ROW TARGET "A" "B": how much later the answer of A comes; TARGET - has none
    sides "$3" "$4"
    local added
    added=$(median_of_rounds p50_us -)
    report "$1" "$(printf '%.0f us more at the median, %.0f and %.0f' "$added" \
        "$(median_of p50_us "${lines_a[@]}")" "$(median_of p50_us "${lines_b[@]}")")" "$(verdict "$added" at-most "$2")"
}
# Of one question at a time the scheduler decides which process waits for which processor to wake up, and twice not
# alike: so the HTTP service has the first one, and all others the last.
row_latency() {
    local first=0 last=$(($(nproc) - 1)) pid
    taskset -cp "$first" "$nginx_pid" >"$dir/taskset"
    for pid in $(servers_workers map) "${floor[bridge]}"; do
        taskset -cp "$last" "$pid" >"$dir/taskset"
    done
    added 'backend hit, 1 connection : libcurl' 15 "on $last hit -c 1" "on $last libcurl -c 1"
    added '  the least bridge : libcurl' - "on $last bridge -c 1" "on $last libcurl -c 1"
    for pid in $(servers_workers map) "${floor[bridge]}" "$nginx_pid"; do
        taskset -cp "$first-$last" "$pid" >"$dir/taskset"
    done
}
row_slow() {
    sides 'pfx two socketmap -c 64 -m slow' 'straight slow'
    local rate ratio
    rate=$(median_of rate "${lines_a[@]}")
    ratio=$(calculate "$rate / (64 / 0.020)")
    report 'backend of 20 ms, 64 connections, 2 workers' "$(printf '%.3f of 64 / 20 ms: %.0f/s; wrk straight: %.0f/s' \
        "$ratio" "$rate" "$(median_of rate "${lines_b[@]}")")" "$(verdict "$ratio" at-least 0.95)"
}
row_idle() {
    compare '1,000 idle connections besides : without' 0.97 'hit -c 64 -i 1000' 'hit -c 64'
    local ratio
    ratio=$(median_of_rounds p99_us /)
    report '  p99' "$(printf '%.2f of it' "$ratio")" "$(verdict "$ratio" at-most 1.2)"
}
row_protocols() {
    compare 'policy, 64 connections : socketmap' 0.85 'pfx policy policy -c 64' 'hit -c 64'
    compare 'SASL PLAIN, 64 connections : socketmap' 0.80 'pfx sasl sasl -c 64' 'hit -c 64'
}

dirty_mb() { # PID
    awk '/^Private_Dirty:/ { printf "%.1f", $2 / 1024 }' "/proc/$1/smaps_rollup"
}
row_memory() {
    servers_start memory "$build/pfx-socketmap" -w 1
    "$tools/load" -c 64 -n 10000 socketmap "unix:$dir/memory"
    "$tools/load" -c 1 -i 1000 -t 3000 socketmap "unix:$dir/memory" >"$dir/memory.load" &
    local load=$! worker
    sleep 2
    worker=$(dirty_mb "$(servers_workers memory)")
    local mother
    mother=$(dirty_mb "${parent[memory]}")
    wait "$load"
    report 'memory of a worker, 1,000 connections' "$worker MB" "$(verdict "$worker" at-most 6)"
    report 'memory of the parent' "$mother MB" "$(verdict "$mother" at-most 4)"
    servers_stop memory
}

# CPU time of all processes of a daemon, in ms.
spent_ms() { # NAME
    local pid
    for pid in "${parent[$1]}" $(servers_workers "$1" | tr , ' '); do
        cat "/proc/$pid"/task/*/schedstat
    done | awk '{ ns += $1 } END { printf "%.1f", ns / 1000000 }'
}
start_of() { # ROW TARGET
    local round spent=()
    for ((round = 0; round < ROUNDS; round++)); do
        rm -f "$dir/start"
        servers_start start "$build/pfx-socketmap" -w 1 -C "$dir/start.cfg"
        "$tools/load" -n 1 socketmap "unix:$dir/start"
        spent+=("$(spent_ms start)")
        servers_stop start
    done
    report "$1" "$(median "${spent[@]}") ms of CPU" "$(verdict "$(median "${spent[@]}")" at-most "$2")"
}
row_start() {
    cat >"$dir/start.cfg" <<END
state_directory = "$dir/state";
socket_maps = { bench = { target = "http://127.0.0.1:$http_port/map/%s"; value_field = "value"; }; };
END
    start_of 'start to the first answer, http' 40
    cat >"$dir/start.cfg" <<END
state_directory = "$dir/state";
socket_maps = { bench = { target = "https://127.0.0.1:$https_port/map/%s"; value_field = "value";
                          tls = { root_ca = ["system", "$dir/certs/ca.pem"]; }; }; };
END
    start_of 'start to the first answer, https' 80
}

# growth ROW TARGET "POINTS" COMMAND: CPU of a request at each point, in turns; the dearest may cost TARGET times the
# first.
growth() {
    local row=$1 target=$2 point round line
    local -A costs=()
    for ((round = 0; round < ROUNDS; round++)); do
        for point in $3; do
            line=$($4 "$point")
            costs[$point]+=" $(calculate "$(value user_us "$line") + $(value system_us "$line")")"
        done
    done
    local figures=() worst=0 first
    for point in $3; do
        # shellcheck disable=SC2086
        figures+=("$(median ${costs[$point]})")
    done
    first=${figures[0]}
    worst=$(printf '%s\n' "${figures[@]}" | sort -g | tail -1)
    report "$row" "$(printf '%.1f ' "${figures[@]}")us CPU" \
        "$(verdict "$(calculate "$worst / $first")" at-most "$target")"
}
with_entries() { kept pfx "entries$1" socketmap -m cached -c 64; }
with_cached() { kept pfx "cache$1" socketmap -m cached -k "$1" -c 64; }
with_connections() { cached -c "$1"; }
working_with_connections() { on_floor working echo -c "$1"; }
row_growth() {
    local n entries='100 300 1000' connections='100 300 1000 4000' answers='1000 10000 100000 1000000'
    for n in $entries; do
        servers_configuration "$n" >"$dir/pfx.cfg"
        servers_start "entries$n" "$build/pfx-socketmap" -w 1
        "$tools/load" -c 64 -m cached -n 2000 socketmap "unix:$dir/entries$n"
    done
    growth 'growth: 100, 300, 1,000 entries' 1.10 "$entries" with_entries
    for n in $entries; do
        servers_stop "entries$n"
    done
    growth 'growth: 100, 300, 1,000, 4,000 connections' 1.10 "$connections" with_connections
    growth '  echo that works as long' - "$connections" working_with_connections
    servers_configuration 0 >"$dir/pfx.cfg"
    for n in $answers; do
        mkdir -m 777 "$dir/state$n"
        sed "s|^state_directory.*|state_directory = \"$dir/state$n\";|
             s|^response_cache.*|response_cache = { size = \"$((TABLE_MB + n * ANSWER_ROOM_BYTES / 1000000))M\"; };|" \
            "$dir/pfx.cfg" >"$dir/cache.cfg"
        servers_start "cache$n" "$build/pfx-socketmap" -w 1 -C "$dir/cache.cfg"
        # Some more: the last ones are left before they are answered.
        "$tools/load" -c 64 -m cached -k "$n" -n "$((n + 1000))" socketmap "unix:$dir/cache$n"
    done
    growth 'growth: 1e3, 1e4, 1e5, 1e6 cached answers' 1.10 "$answers" with_cached
    for n in $answers; do
        servers_stop "cache$n"
        rm -r "$dir/state$n"
    done
}

row_calls() { # system calls of the worker, by name, a backend hit
    local questions=20000
    strace -f -c -o "$dir/calls" -p "$(servers_workers map)" 2>/dev/null &
    local tracer=$!
    sleep 1
    "$tools/load" -c 64 -n "$questions" socketmap "unix:$dir/map"
    kill -INT "$tracer"
    wait "$tracer" || true
    report 'system calls, backend hit, 64 connections' "$(awk -v n="$questions" '$4 ~ /^[0-9]+$/ && $NF != "total" &&
        $4 / n >= 0.005 { printf "%s%s %.2f", sep, $NF, $4 / n; sep = ", " }' "$dir/calls")" ''
}

machine() {
    echo "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1), $(nproc) processors, Linux $(uname -r)"
    "$build/pfx-socketmap" -V
    "$tools/curl" -V
    nginx -v 2>&1
    echo "load average $(cut -d' ' -f1-3 /proc/loadavg), $ROUNDS rounds of $MS ms"
    echo
}

servers_nginx
servers_configuration 0 >"$dir/pfx.cfg"
servers_floor echo echo
servers_floor working echo 600 # as long as pfx takes for a cache hit
servers_floor bridge bridge "http://127.0.0.1:$http_port/map"
servers_start map "$build/pfx-socketmap" -w 1
servers_start two "$build/pfx-socketmap" -w 2
servers_start policy "$build/pfx-policyd" -w 1
servers_start sasl "$build/pfx-saslbridge" -w 1
machine
if [ -n "${PEER:-}" ]; then
    case ${PEER_PROTOCOL:=socketmap} in socketmap) ours=map ;; *) ours=$PEER_PROTOCOL ;; esac
    compare "$PEER_PROTOCOL, 64 connections : $PEER" - "pfx $ours $PEER_PROTOCOL -c 64" 'peer -c 64'
    compare "$PEER_PROTOCOL, 1 connection : $PEER" - "pfx $ours $PEER_PROTOCOL -c 1" 'peer -c 1'
fi
for row in ${ROWS:-cache_hit backend_hit latency slow idle protocols memory start growth calls}; do
    "row_$row"
done
