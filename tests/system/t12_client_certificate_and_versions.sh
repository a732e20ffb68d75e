#!/usr/bin/env bash
# A backend that wants a client certificate gets it, from an entry that has one; min_version holds (A3, tls).
set -eu
. "$(dirname "$0")/lib.sh"

certs=$T/certs
"$TOP/tests/certs.sh" "$certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
cat "$certs/client.pem" "$certs/client.key" >"$certs/both.pem"
mkdir -p "$T/www/get"
printf 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"result":"by openssl"}' >"$T/www/get/key?"

# tls_server NAME OPTIONS: openssl's own; sets its address as NAME.
tls_server() {
    local name=$1
    shift
    mkfifo "$T/in.$name"
    (cd "$T/www" && exec openssl s_server -accept 127.0.0.1:0 -HTTP -cert "$certs/good.pem" \
        -key "$certs/good.key" "$@") <"$T/in.$name" >"$T/server.$name" 2>&1 &
    STARTED+=($!)
    exec {stdin}>"$T/in.$name" # stays open: the server ends with its input
    wait_for 10 log_has '^ACCEPT ' "$T/server.$name" || fail "no TLS server: $(cat "$T/server.$name")"
    declare -g "$name=$(sed -n 's/^ACCEPT //p' "$T/server.$name")"
}
backend_start -l tls:127.0.0.1:0 -T "$certs/good.pem" -K "$certs/good.key" -A "$certs/ca.pem"
tls_server old -tls1_2
tls_server new -tls1_3
tls_server demanding -tls1_2 -Verify 1 -verify_return_error -CAfile "$certs/ca.pem"

secured() { # NAME HOST:PORT SETTINGS-OF-TLS
    entry "$1" "target = \"https://$2/get/%s?\"; tls = { root_ca = \"$certs/ca.pem\"; $3 };"
}
secured with_certificate "$BACKEND" "cert = \"$certs/client.pem\"; key = \"$certs/client.key\";"
secured in_one_file "$BACKEND" "cert = \"$certs/both.pem\";"
secured without "$BACKEND" ''
secured not_known "$BACKEND" "cert = \"$certs/selfsigned.pem\"; key = \"$certs/selfsigned.key\";"
secured wrong_key "$BACKEND" "cert = \"$certs/client.pem\"; key = \"$certs/good.key\";"
# shellcheck disable=SC2154
{
    secured old_default "$old" ''
    secured old_refused "$old" 'min_version = "1.3";'
    secured demanded "$demanding" ''
    secured new_default "$new" ''
    secured new_wanted "$new" 'min_version = "1.3";'
}
configuration 'workers = 1;'
pfx_standalone

for name in with_certificate in_one_file; do
    expect_reply "$name" key 'OK value-of-key'
done
for name in old_default new_default new_wanted; do
    expect_reply "$name" key 'OK by openssl'
done
for name in without not_known wrong_key old_refused demanded; do
    expect_reply "$name" key 'TEMP *'
    expect_reply with_certificate key 'OK value-of-key' # too many failures in a row, and the host would count as down
done
expect_reply without key 'TEMP *'
expect_log '(error|warning): .*wrong_key'
# With TLS 1.3 the refusal comes after the handshake, when libcurl may have seen the end of the connection before it.
expect_log 'warning: map=demanded, .*: the backend may want a client certificate: see cert and key'
expect_log 'warning: map=old_refused, .*: the backend has no TLS version that min_version allows'
expect_no_log 'PRIVATE'
pfx_stop
