#!/usr/bin/env bash
# Retry-After of a 503 says when a target that is down is asked again, but no later than retry_interval; until then
# nobody waits for it, and it gets no request (A6).
set -eu
. "$(dirname "$0")/cache.sh"

backend_start -l inet:127.0.0.1:0 -l inet:127.0.0.1:0 -l inet:127.0.0.1:0 -l inet:127.0.0.1:0
origins=("${BACKENDS[@]}")
asks() { # NUMBER NAME QUERY SETTINGS
    entry "$2" "target = \"http://${origins[$1]}/$2?key=%s&$3\"; $4"
}
asks 0 without 'status=503' 'retry_interval = "1h";'
asks 1 seconds 'status=503&retryafter=100' 'retry_interval = "1h";'
asks 2 too_long 'status=503&retryafter=5000' 'retry_interval = "60s";'
asks 3 hangs 'hang=1' 'retry_interval = "1h"; http = { timeout = "300ms"; };'
configuration 'workers = 1;'
pfx_with_clock

asked() {
    count "/$1?" "${origins[0]}" # one backend, four listeners
}
# times NAME COUNT: asks so often, all of which fail.
times() {
    local i
    for ((i = 0; i < $2; i++)); do
        case $(ask "$1" key) in TEMP\ * | TIMEOUT\ *) ;; *) fail "$1: $(ask "$1" key)" ;; esac
    done
}
# At once, by one client: the next probe is due in a second. Sets line.
twenty() { # NAME
    line=$(load "unix:$SOCKET" "$1" -n 20 -c 1) || true
}
for name in without seconds too_long hangs; do
    times $name 5
    expect_equal "requests of $name" 5 "$(asked $name)"
    took ms twenty $name
    expect_at_most "milliseconds of 20 questions" 1500 "$ms"
    expect_equal "temporary answers of '$line'" 20 "$(figure temp "$line")"
    expect_at_most "milliseconds for an answer while $name is down" 250 "$(figure max_ms "$line")"
    expect_equal "requests of $name while it is down" 5 "$(asked $name)"
done
expect_log "$(down_line "http://${origins[0]}").*retry in [12] s"
expect_log "$(down_line "http://${origins[3]}").*retry in [12] s"

# expect_probes WHEN-MS NAME WANTED: so many requests after another few questions.
expect_probes() {
    clock_ahead "$1"
    times "$2" 3
    expect_equal "requests of $2 at $1" "$3" "$(asked "$2")"
}
expect_probes 3000 without 6
expect_probes 3000 hangs 6
expect_probes 47000 too_long 5
expect_probes 75000 too_long 6
expect_probes 75000 seconds 5
expect_probes 125000 seconds 6
expect_probes 125000 hangs 7
pfx_stop
