#!/usr/bin/env bash
# A value that is too long or would break a line is PERM (A4, "value too long; holds NUL, CR, LF; not UTF-8").
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map lf "body=$(url '{"result":"a\nb"}')"
map cr "body=$(url '{"result":"a\rb"}')"
map in_array "body=$(url '{"result":["a","b\n"]}')"
map too_long bytes=99998
map fits bytes=1021 'max_reply_size = 1024;'
map does_not_fit bytes=1022 'max_reply_size = "1K";'

# What is no text at all is an error of the backend.
map object "body=$(url '{"result":{"a":1}}')"
map too_exact "body=$(url '{"result":9007199254740993}')"
map too_large "body=$(url '{"result":1e999}')"
configuration
pfx_standalone

for name in lf cr in_array too_long does_not_fit; do
    expect_reply "$name" key 'PERM *'
    expect_log "warning: .*$name"
done
expect_reply fits key "OK $(printf 'x%.0s' {1..1021})"
for name in object too_exact too_large; do
    expect_reply "$name" key 'PERM *'
done
pfx_stop
