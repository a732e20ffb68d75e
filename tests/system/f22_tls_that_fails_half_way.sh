#!/usr/bin/env bash
# TLS that fails half-way: each row of faults.tsv, as maps, policies and logins show it, many times; memory and
# descriptors are afterwards what they were (A4).
set -eu
. "$(dirname "$0")/faults.sh"

"$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
backend_start -l tls:127.0.0.1:0 -l tlsbroken:127.0.0.1:0 -l hasty:127.0.0.1:0 -l silent:127.0.0.1:0 \
    -T "$T/certs/good.pem" -K "$T/certs/good.key"
secured="root_ca = \"$T/certs/ca.pem\";"
MONTH_MS=$((31 * 24 * 3600 * 1000)) # the certificate is good for 30 days

# Two failures in a row to finish TLS, and the backend counts as down: a minute later it is asked again.
ahead=0
wall=0
once() { # NAME
    three_see "$1"
    clock_ahead $((ahead += 60000)) "$wall"
}
begin() { # NAME LISTENER [SETTINGS-OF-HTTP]
    row "$1"
    THREE_MAPS='' THREE_POLICIES='' THREE_LOGINS=''
    three "$1" "https://${BACKENDS[$2]}/get/%s?" "tls = { $secured }; http = { ${3:-} };"
    three_configuration 'workers = 1;'
    three_start "$1"
}
end() { # NAME
    again 5 once "$1"
    logged
    three_stop
}

begin tls_closed 1
end tls_closed
begin tls_garbage 2
end tls_garbage
begin tls_silent 3 'connect_timeout = "100ms";'
end tls_silent

# The certificate is good at the start, and connections are made with it; then it is not any more.
begin tls_expires 0
for _ in 1 2; do
    expect_equal "a map, before" 'OK value-of-key' "$(map_answer tls_expires key)"
    expect_equal "a policy, before" 'value-of-policy' "$(policy_answer tls_expires)"
    expect_equal "a login, before" 'OK 7 user=user' "$(login_answer)"
done
wall=$MONTH_MS
clock_ahead $((ahead += 60000)) "$wall" # a connection does not stay open for that long
end tls_expires
expect_all_rows
