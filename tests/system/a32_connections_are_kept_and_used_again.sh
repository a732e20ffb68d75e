#!/usr/bin/env bash
# Connections to the backend are used again, and one that closes under a request costs nothing (A6, last item).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map kept ''
map closing 'close=1'
map sneaky 'sneakyclose=1'
map closed_on_reuse 'closeonreuse=1'
map posted 'closeonreuse=1' 'payload = { key = "%s"; };'
map through_proxy '' "http = { proxy = \"http://$BACKEND\"; };"
entry proxied "target = \"http://backend.invalid/get/%s\"; http = { proxy = \"http://$BACKEND\"; };"
map no_proxy '' 'http = { proxy = "http://127.0.0.1:1"; no_proxy = ["127.0.0.1"]; };'
configuration 'workers = 1;'
pfx_standalone

for i in {1..20}; do
    expect_reply kept "k$i" "OK value-of-k$i"
done
expect_equal "connections for 20 requests" 1 "$(fetch /_conns)"
for name in closing sneaky closed_on_reuse posted; do
    for i in 1 2 3 4 5; do
        expect_reply "$name" "k$i" "OK value-of-k$i"
    done
done

expect_reply proxied key 'OK *'
expect_match "what the proxy is asked" 'GET http://backend.invalid/get/key HTTP/1.1*' "$(fetch /_last)"
expect_reply through_proxy key 'OK *'
expect_match "what the proxy is asked" "GET http://$BACKEND/through_proxy?key=key *" "$(fetch /_last)"
expect_reply no_proxy key 'OK value-of-key'
pfx_stop
