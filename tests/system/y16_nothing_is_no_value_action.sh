#!/usr/bin/env bash
# "Nothing there" is no_value_action, which is DUNNO unless the entry says otherwise (A4, "nothing there").
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
nothing=()
nothing() { # NAME QUERY [SETTINGS]: twice, the second time with an action of its own
    service "$1" "$2" "${3:-}"
    service "own_$1" "$2" "${3:-} no_value_action = \"REJECT 5.7.1 nothing there\";"
    nothing+=("$1")
}
nothing null "body=$(url '{"result":null}')"
nothing empty_string "body=$(url '{"result":""}')"
nothing empty_array "body=$(url '{"result":[]}')"
nothing missing "body=$(url '{"other":"REJECT"}')"
nothing null_body "body=null" 'value_field = "";'
nothing status_204 'status=204'
nothing empty_body 'body='
nothing required_but_null "body=$(url '{"result":null}')" 'value_required = true;'
service not_found 'status=404&body='
service something "body=$(url '{"result":"REJECT 5.7.1 something"}')" 'no_value_action = "DUNNO";'
policy_configuration
pfx_standalone

for name in "${nothing[@]}"; do
    expect_equal "$name" DUNNO "$(action "$name")"
    expect_equal "requests of $name" 1 "$(asked "$name")"
    expect_equal "own_$name" 'REJECT 5.7.1 nothing there' "$(action "own_$name")"
done
expect_equal "a status that means nothing here" "$ON_ERROR" "$(action not_found)"
expect_equal "something" 'REJECT 5.7.1 something' "$(action something)"
expect_no_log 'warning: NOQUEUE: policy=(own_)?(null|empty|missing|status_204|required)'
pfx_stop
