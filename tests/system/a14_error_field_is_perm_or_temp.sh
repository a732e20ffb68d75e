#!/usr/bin/env bash
# An error that the backend names itself is PERM or TEMP with its text (A4, "error_field there").
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0

says() { # NAME BODY [SETTINGS [ERROR-FIELD]]
    map "$1" "body=$(url "$2")" "error_field = \"${4:-error}\"; ${3:-}"
}
says perm '{"error":"account is locked","result":"x"}'
says temp '{"error":"try again","result":"x"}' 'error_result = "temp";'
says none '{"result":"x"}'
says empty '{"error":"","result":"x"}'
says null '{"error":null,"result":"x"}'
says expected '{"error":"not-found","result":"x"}' 'no_error_value = "not-found";'
says expected_nothing '{"error":"not-found"}' 'no_error_value = "not-found";'
says other '{"error":"found-not"}' 'no_error_value = "not-found";'
says nested '{"meta":{"error":"deep trouble"}}' '' meta.error
says lines '{"error":"one\r\nOK two\n3:abc,"}'
says endless "{\"error\":\"$(printf '%0500d' 0)\"}"
configuration
pfx_standalone

expect_reply perm key 'PERM *account is locked*'
expect_reply temp key 'TEMP *try again*'
for name in none empty null expected; do
    expect_reply "$name" key 'OK x'
done
expect_reply expected_nothing key 'NOTFOUND '
expect_reply other key 'PERM *found-not*'
expect_reply nested key 'PERM *deep trouble*'
expect_reply endless key 'PERM *0000*'
reply=$(ask lines key)
expect_match "an error of several lines" 'PERM *one*two*' "$reply"
expect_equal "its control bytes" "$reply" "$(tr -d '\000-\037' <<<"$reply")"
pfx_stop
