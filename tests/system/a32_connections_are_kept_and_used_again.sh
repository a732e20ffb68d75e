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
pfx_stop
