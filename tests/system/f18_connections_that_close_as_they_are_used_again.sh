#!/usr/bin/env bash
# A backend that closes its connections just as they are used again, under load: no question is lost, and none fails
# (A6, last item).
set -eu
. "$(dirname "$0")/faults.sh"

backend_start -l inet:127.0.0.1:0
three close_on_reuse "http://$BACKEND/reused?key=%s&closeonreuse=1"
three sneaky "http://$BACKEND/sneaky?key=%s&sneakyclose=1"
three_configuration 'workers = 1;'

storm() { # NAME
    local line
    line=$(load "unix:$T/pfx-socketmap" "$1" -n 2000 -k 500 -c 16 -e value-of-) || fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound
    for _ in {1..5}; do
        three_see "$1"
    done
}
for name in close_on_reuse sneaky; do
    row "$name"
    three_start "$name"
    again 3 storm "$name"
    logged
    expect_no_log 'backend .* down|broke off'
    three_stop
done
expect_all_rows
