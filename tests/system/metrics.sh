# What tests of pfx-metrics add: a daemon of its own beside that of lib.sh, and what Prometheus would see.

. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

[ -x "$B/pfx-metrics" ] || fail "no $B/pfx-metrics: run make asan"
METRICS_PORT=$(instance_unused_port)
METRICS=127.0.0.1:$METRICS_PORT

# metrics_start [ARGUMENTS]: standalone; sets METRICS_PID.
metrics_start() {
    chmod 1777 "$T"
    "$B/pfx-metrics" -L "inet:$METRICS" -C "$CFG" "$@" </dev/null >>"$LOG" 2>&1 &
    METRICS_PID=$!
    STARTED+=("$METRICS_PID")
    wait_for 20 is_healthy || fail "pfx-metrics does not start"
}
is_healthy() {
    [ "$(fetch /health "$METRICS" 2>/dev/null)" = ok ]
}

# scrape: into $T/scrape, which has to be well-formed.
scrape() {
    fetch /metrics "$METRICS" >"$T/scrape" || fail "no scrape"
    "$TOP/tests/system/exposition.pl" <"$T/scrape" >"$T/mistakes" || fail "the scrape: $(head -5 "$T/mistakes")"
}

# sample NAME [LABEL=VALUE...]: the sum of the samples of the last scrape that have these labels.
sample() {
    perl -ne '
        BEGIN { $name = shift @ARGV; push @labels, shift @ARGV while @ARGV; }
        next unless /^([^ {]+)(\{.*\})? (\S+)$/ && $1 eq $name;
        ($text, $value) = ($2 // "", $3);
        $all = 1;
        for (@labels) { my ($l, $v) = split /=/, $_, 2; $all &&= $text =~ /[{,]\Q$l="$v"\E[,}]/; }
        if ($all) { $sum += $value; $found = 1; }
        END { print $found ? $sum : "none", "\n"; }' "$@" <"$T/scrape"
}
expect_sample() { # WANTED NAME [LABEL=VALUE...]
    expect_equal "${*:2}" "$1" "$(sample "${@:2}")"
}

# status [METHOD] PATH: the status line, without its version.
status() {
    local path=${*: -1} method=GET line
    [ $# = 1 ] || method=$1
    line=$(printf '%s %s HTTP/1.0\r\n\r\n' "$method" "$path" | raw "inet:$METRICS" | head -1)
    expect_match "an answer to $*" 'HTTP/1.1 *' "$line"
    line=${line#* }
    echo "${line%$'\r'}"
}
