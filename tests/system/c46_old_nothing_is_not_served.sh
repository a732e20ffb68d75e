#!/usr/bin/env bash
# "Nothing there" is asked anew each time and never stands in for a backend that fails, unless negative_max_age and
# negative_stale_if_error say so; and after it an older value is gone (A5).
set -eu
. "$(dirname "$0")/cache.sh"

printf '%s\t%s\n' stays value-of-stays leaves value-of-leaves >"$T/data"
backend_start -l inet:127.0.0.1:0 -d "$T/data"
map default ''
map status 'miss=404'
map kept '' 'response_cache = { negative_max_age = "1h"; };'
map stand_in '' 'response_cache = { negative_stale_if_error = "1h"; };'
map young '' 'response_cache = { stale_if_error = "0s"; };'
configuration "$(cache 'max_age = "0s";')"
pfx_standalone

for name in default status kept stand_in young; do
    for _ in 1 2; do
        expect_reply $name nobody 'NOTFOUND '
        expect_reply $name stays 'OK value-of-stays'
        expect_reply $name leaves 'OK value-of-leaves'
    done
done
expect_count 2 '/default?key=nobody'
expect_count 2 '/status?key=nobody'
expect_count 1 '/kept?key=nobody'
expect_count 2 '/stand_in?key=nobody'

# A key that the backend no longer knows: what it said before is forgotten.
grep -v leaves "$T/data" >"$T/data.new"
mv "$T/data.new" "$T/data"
for name in default status kept stand_in young; do
    expect_reply $name leaves 'NOTFOUND '
done

backend_kill
for name in default status kept young; do
    expect_reply $name unknown 'TEMP *'
done
for _ in 1 2 3; do # whether it counts as down or not yet
    for name in default status stand_in; do
        expect_reply $name stays 'OK value-of-stays'
    done
    for name in default status; do
        expect_reply $name nobody 'TEMP *'
        expect_reply $name leaves 'TEMP *'
    done
    expect_reply stand_in nobody 'NOTFOUND '
    expect_reply stand_in leaves 'NOTFOUND '
    expect_reply kept nobody 'NOTFOUND '
    expect_reply kept leaves 'NOTFOUND '
    expect_reply young stays 'TEMP *'
done
pfx_stop
