# An outage of the backend under load, whatever its kind (c10, c12, c14): outage BREAK MEND.

. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

STALE_AFTER_MS=1000
MARGIN_MS=100 # for the answer after stale_after
P99_LIMIT_US=50000
TIMEOUT_MS=3000
RETRY_MS=3000
UNKNOWN=200 # questions about keys that the cache does not have

# outage_begin: a backend at a port of its own, the entry "known" whose 1,000 answers are in the cache, and a load.
outage_begin() {
    B=$PLAIN
    data_of key "$KNOWN" >"$T/data"
    data_of new 100000 >>"$T/data"
    PORT=$(instance_unused_port)
    ORIGIN=http://127.0.0.1:$PORT
    outage_backend
    map known 'miss=503' "retry_interval = \"3s\"; http = { timeout = \"3s\"; };"
    configuration "$(cache 'max_age = "0s";')"
    pfx_standalone
    fill known
    load_begin known
    wait_for 20 has_count 3000 /known || fail "no load"
    load_part
    expect_right "$PART"
}
outage_backend() {
    backend_at "inet:127.0.0.1:$PORT" -d "$T/data"
}

# Before the target counts as down: every known key in time, an unknown one within http.timeout.
outage_until_down() {
    local ms reply=
    took ms ask known unknown >"$T/reply"
    reply=$(<"$T/reply")
    case $reply in TEMP\ * | TIMEOUT\ *) ;; *) fail "an unknown key: '$reply'" ;; esac
    expect_at_most "milliseconds for an unknown key" $((TIMEOUT_MS + 300)) "$ms"
    expect_log "$(down_line "$ORIGIN")"
    load_part
    echo "until it is down: $PART"
    expect_right "$PART"
    expect_at_most "milliseconds until it is down" $((STALE_AFTER_MS + MARGIN_MS)) "$(figure max_ms "$PART")"
}

# While it is: known keys and unknown ones at once. All 1,000 are asked many times in each part.
outage_while_down() {
    local line until
    line=$(load "unix:$SOCKET" known -n "$UNKNOWN" -c 4 -p unknown) || fail "load: $line"
    expect_equal "unknown keys that are told to come again: $line" "$UNKNOWN" \
        $(($(figure temp "$line") + $(figure timeout "$line")))
    expect_at_most "99 % of unknown keys, in microseconds" "$P99_LIMIT_US" "$(figure p99_us "$line")"
    until=$(($(now_ms) + 2500)) # two probes at least
    wait_for 10 is_after "$until"
    load_part
    echo "while it is down: $PART"
    expect_right "$PART"
    expect_at_most "99 % of known keys, in microseconds" "$P99_LIMIT_US" "$(figure p99_us "$PART")"
    expect_at_most "milliseconds while it is down" $((STALE_AFTER_MS + MARGIN_MS)) "$(figure max_ms "$PART")"
    [ "$(figure requests "$PART")" -gt $((10 * KNOWN)) ] || fail "too few requests: $PART"
}

# Back: what the cache does not have is answered within retry_interval.
outage_is_over() {
    local back ms
    back=$(now_ms)
    wait_for 10 new_key_is_answered || fail "the backend is back, and not asked"
    ms=$(($(now_ms) - back))
    echo "fresh answers after $ms ms"
    expect_at_most "milliseconds until it is asked again" $((RETRY_MS + 300)) "$ms"
    expect_log "$(up_line "$ORIGIN")"
    load_end
    expect_right "$PART"
    pfx_stop
}
new_key_is_answered() {
    NEW=$((${NEW:--1} + 1))
    [ "$(ask known "new$NEW")" = "OK value-of-new$NEW" ]
}
