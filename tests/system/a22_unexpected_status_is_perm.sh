#!/usr/bin/env bash
# A status that nobody expects is PERM and a warning that names it, once a minute (A4, "other unexpected status").
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0

for status in 201 206 400 401 403 404 405 409 410 415 418 422; do
    map "status_$status" "status=$status&type=text/plain&body=SECRET"
done
map value_with_403 "status=403&body=$(url '{"result":"x"}')"
map only_201 '' 'status_code = 201;'

# Redirects are such a status: nothing is followed.
for status in 301 302 303 307 308; do
    map "status_$status" "status=$status&location=http://$BACKEND/moved"
done
configuration
pfx_standalone

for status in 201 206 400 401 403 404 405 409 410 415 418 422 301 302 303 307 308; do
    expect_reply "status_$status" key 'PERM *'
    expect_log "warning: .*status_$status.*$status"
done
expect_reply value_with_403 key 'PERM *'
expect_reply only_201 key 'PERM *'
expect_equal "requests that followed a redirect" 0 "$(fetch '/_count?path=/moved')"

for _ in 1 2 3 4 5; do
    expect_reply status_401 key 'PERM *'
done
expect_lines "warnings about the same cause" 1 'warning: .*status_401'
expect_no_log SECRET
pfx_stop
