#!/usr/bin/env bash
# A backend that cannot be resolved, reached or understood is TEMP (A4, "cannot resolve, connect, TLS; reset; 5xx ...").
set -eu
. "$(dirname "$0")/lib.sh"
need_mount_namespace

# No name server is asked: what /etc/hosts does not know cannot be resolved.
echo 'hosts: files' >"$T/nsswitch.conf"
mount --bind "$T/nsswitch.conf" /etc/nsswitch.conf

"$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
backend_start -l inet:127.0.0.1:0 -l tlsbroken:127.0.0.1:0 -T "$T/certs/good.pem" -K "$T/certs/good.key"
broken_tls=${BACKENDS[1]}

failing=()
failing() { # NAME QUERY [SETTINGS]
    map "$@"
    failing+=("$1")
}
for status in 500 501 502 503 504 599 408 425 429; do
    failing "status_$status" "status=$status"
done
failing status_500_with_value "status=500&body=$(url '{"result":"x"}')"
failing status_503_retry_after 'status=503&retryafter=3600'
failing reset_at_once 'reset=now'
failing reset_after_headers 'reset=headers'
failing reset_in_body 'reset=body'
failing body_too_short 'length=10000'
failing bad_chunk 'chunked=1&badchunk=1'
failing bad_gzip 'gzip=1&badgzip=1' 'http_response_compression = true;'
failing too_big 'bytes=1100000'
failing too_big_for_entry 'bytes=3000' 'http = { max_response_size = "2K"; };'
failing too_big_without_length 'bytes=3000&nolength=1' 'http = { max_response_size = "2K"; };'
failing too_big_in_chunks 'bytes=3000&chunked=1' 'http = { max_response_size = "2K"; };'
failing too_big_when_unpacked 'bytes=1100000&gzip=1' 'http_response_compression = true;'
failing packed_without_asking 'gzip=1'
failing headers_without_end 'headers=50000'

elsewhere() { # NAME TARGET [SETTINGS]
    entry "$1" "target = \"$2\"; ${3:-}"
    failing+=("$1")
}
elsewhere refused "http://127.0.0.1:$(instance_unused_port)/?key=%s"
elsewhere unresolved "http://host.invalid/?key=%s"
elsewhere no_socket "unix:$T/nobody.sock:/?key=%s"
elsewhere tls_broken "https://$broken_tls/?key=%s" 'tls = { skip_verify = true; };'
elsewhere tls_to_plain_http "https://$BACKEND/?key=%s" 'tls = { skip_verify = true; };'
elsewhere plain_http_to_tls "http://$broken_tls/?key=%s"
map well ''
configuration
pfx_standalone

for name in "${failing[@]}"; do
    expect_reply "$name" key 'TEMP *'
    expect_reply well key 'OK value-of-key' # too many failures in a row, and the backend would count as down
done
for name in status_500 reset_at_once too_big refused unresolved tls_broken; do
    expect_log "warning: .*$name"
done
pfx_stop
