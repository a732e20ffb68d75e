#!/usr/bin/env bash
# A backend that is down, slow, broken or not understood is on_error, within the time budget (A4).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0 -l silent:127.0.0.1:0
silent=${BACKENDS[1]}
budget='http = { timeout = "1s"; };'
failing=()
failing() { # NAME TARGET [SETTINGS]: twice, the second time with an action of its own
    entry "$1" "target = \"$2\"; ${3:-}"
    entry "own_$1" "target = \"$2\"; ${3:-} on_error = \"451 4.7.1 of our own\";"
    failing+=("$1")
}
at_backend() { # NAME QUERY [SETTINGS]
    failing "$1" "http://$BACKEND/$1?$2" "${3:-}"
}
for status in 500 502 503 504 400 401 403 404 408 429 301; do
    at_backend "status_$status" "status=$status&body=$(url '{"result":"OK"}')"
done
at_backend slow 'delay=20000' "$budget"
at_backend never 'hang=1' "$budget"
at_backend slow_body 'bodydelay=20000' "$budget"
at_backend drip 'drip=500' "$budget"
at_backend reset 'reset=now'
at_backend cut_off 'length=10000'
at_backend not_json "type=text/html&body=$(url '<html>OK</html>')"
at_backend two_values "body=$(url '{"result":"OK"}{"result":"OK"}')"
at_backend too_big 'bytes=3000' 'http = { max_response_size = "2K"; };'
at_backend required "body=$(url '{"other":"OK"}')" 'value_required = true;'
at_backend said_so "body=$(url '{"result":"OK","error":"SECRET of the backend"}')" 'error_field = "error";'
failing refused "http://127.0.0.1:$(instance_unused_port)/"
failing silent "http://$silent/" 'http = { timeout = "1s"; connect_timeout = "500ms"; };'
failing unresolved 'http://host.invalid/' 'http = { timeout = "2s"; };'
failing no_socket "unix:$T/nobody.sock:/"
service open 'status=500' 'on_error = "DUNNO";'
service well "body=$(url '{"result":"OK"}')"
policy_configuration
pfx_standalone

for name in "${failing[@]}"; do
    started=$(now_ms)
    expect_equal "$name" "$ON_ERROR" "$(action "$name")"
    expect_at_most "milliseconds of $name" 2900 $(($(now_ms) - started))
    expect_log "warning: NOQUEUE: policy=$name, "
    case $name in slow* | never | drip | silent) ;; *) # which need their time
        expect_equal "own_$name" '451 4.7.1 of our own' "$(action "own_$name")" ;;
    esac
    expect_equal "well" OK "$(action well)" # too many failures in a row, and the backend would count as down
done
expect_equal "own_slow" '451 4.7.1 of our own' "$(action own_slow)"
expect_equal "open" DUNNO "$(action open)"
expect_log 'policy=status_401, .*check http_auth_basic'
pfx_stop
