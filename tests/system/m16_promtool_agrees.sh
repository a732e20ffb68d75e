#!/usr/bin/env bash
# Prometheus's own tool takes the scrape without a remark, and the alerts that come with the sources, which go off
# when they should.
# Slow: it needs the package prometheus.
set -eu
. "$(dirname "$0")/metrics.sh"

backend_start -l inet:127.0.0.1:0
map map '' 'response_cache = { enabled = true; };'
map failing 'status=500'
configuration
metrics_start
promtool check metrics < <(fetch /metrics "$METRICS") >"$T/remarks" 2>&1 || fail "without counters: $(cat "$T/remarks")"
pfx_standalone
for key in a b c; do
    expect_reply map "$key" 'OK value-of-*'
    ask failing "$key" >"$T/reply"
done
scrape
promtool check metrics <"$T/scrape" >"$T/remarks" 2>&1 || fail "with counters: $(cat "$T/remarks")"
expect_equal "what promtool says" '' "$(cat "$T/remarks")"

alerts=$TOP/conf/prometheus-alerts.yml
promtool check rules "$alerts" >"$T/remarks" 2>&1 || fail "the alerts: $(cat "$T/remarks")"

# Each metric that an alert names is in the scrape.
for name in $(grep -o 'pfx_[a-z_]*' "$alerts" | sort -u); do
    grep -q "^$name[ {]" "$T/scrape" || fail "an alert names $name, which is no metric"
done

# What goes off: nothing while all is well, and each alert for what it is about.
entry='instance="mail:9154",daemon="pfx-socketmap",section="socket_maps",entry="users"'
daemon='instance="mail:9154",daemon="pfx-socketmap"'
{
    printf 'rule_files: [%s]\nevaluation_interval: 1m\ntests:\n' "$alerts"
    case_of() { # ALERT MINUTE SERIES VALUES [SERIES VALUES]...: it fires then, once
        local alert=$1 minute=$2
        shift 2
        printf -- '  - interval: 1m\n    input_series:\n'
        printf "      - series: '%s'\n        values: '%s'\n" "$@"
        printf '    promql_expr_test:\n      - expr: count(ALERTS{alertstate="firing",alertname="%s"})\n' "$alert"
        printf '        eval_time: %sm\n        exp_samples: [{labels: "{}", value: 1}]\n' "$minute"
    }
    well=("up{job=\"pfx\",instance=\"mail:9154\"}" '1x60' "pfx_up{instance=\"mail:9154\"}" '1x60'
        "pfx_requests_total{$entry,result=\"found\"}" '0+100x60' "pfx_requests_total{$entry,result=\"temp\"}" '0x60'
        "pfx_backend_requests_total{$entry}" '0+100x60'
        "pfx_backend_failures_total{$entry,cause=\"reset\"}" '0+2x60' "pfx_backend_down_total{$entry}" '0x60'
        "pfx_cache_answers_total{$entry,kind=\"stale\"}" '0x60'
        "pfx_request_duration_seconds_bucket{$entry,le=\"1\"}" '0+100x60'
        "pfx_request_duration_seconds_bucket{$entry,le=\"+Inf\"}" '0+100x60'
        "pfx_workers_started_total{$daemon}" '2x30 4x30' "pfx_generations_total{$daemon}" '1x30 2x30')
    printf -- '  - interval: 1m\n    input_series:\n'
    printf "      - series: '%s'\n        values: '%s'\n" "${well[@]}"
    printf '    promql_expr_test:\n      - expr: ALERTS\n        eval_time: 55m\n        exp_samples: []\n'
    case_of PfxNotScraped 20 'up{job="pfx",instance="mail:9154"}' '1x5 0x30'
    case_of PfxNotScraped 20 'up{job="other"}' '1x30'
    case_of PfxCountersUnreadable 20 'pfx_up{instance="mail:9154"}' '0x30'
    case_of PfxBackendDown 10 "pfx_backend_down_total{$entry}" '0+3x30'
    case_of PfxBackendFailing 30 "pfx_backend_requests_total{$entry}" '0+100x40' \
        "pfx_backend_failures_total{$entry,cause=\"reset\"}" '0+3x40' \
        "pfx_backend_failures_total{$entry,cause=\"timed_out\"}" '0+3x40'
    case_of PfxTemporaryErrors 30 "pfx_requests_total{$entry,result=\"timeout\"}" '0+1x40'
    case_of PfxPermanentErrors 35 "pfx_requests_total{$entry,result=\"perm\"}" '0+1x40'
    case_of PfxStaleAnswers 45 "pfx_cache_answers_total{$entry,kind=\"stale\"}" '0+1x50'
    case_of PfxSlow 30 "pfx_request_duration_seconds_bucket{$entry,le=\"2\"}" '0+80x40' \
        "pfx_request_duration_seconds_bucket{$entry,le=\"5\"}" '0+100x40' \
        "pfx_request_duration_seconds_bucket{$entry,le=\"+Inf\"}" '0+100x40'
    case_of PfxWorkersRestart 30 "pfx_workers_started_total{$daemon}" '2+1x40' "pfx_generations_total{$daemon}" '1x40'
    case_of PfxMalformedRequests 30 "pfx_malformed_requests_total{$daemon}" '0+2x40'
    case_of PfxCacheDamaged 30 'pfx_cache_clears_total{instance="mail:9154"}' '0x20 1x20'
} >"$T/rules.yml"
promtool test rules "$T/rules.yml" >"$T/remarks" 2>&1 || fail "the alerts: $(head -40 "$T/remarks")"
expect_equal "alerts, and those that are tried" "$(sed -n 's/.*alert: //p' "$alerts" | sort)" \
    "$(sed -n 's/.*alertname="\([A-Za-z]*\)".*/\1/p' "$T/rules.yml" | sort -u)"
