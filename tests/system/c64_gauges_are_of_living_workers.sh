#!/usr/bin/env bash
# connections_open of pfx-stats is what is open, while generations before the last one still drain, while several
# services of one program share the file, and after workers were killed (A9).
set -eu
. "$(dirname "$0")/cache.sh"
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
service any "body=$(url '{"result":"DUNNO"}')"
policy_configuration 'workers = 1; drain_time = "1h";'

is_open() {
    [ "$(counter pfx-policyd// connections_open)" = "$1" ]
}
expect_open() { # WHAT COUNT
    wait_for 10 is_open "$2" || fail "$1: wanted $2, got $(counter pfx-policyd// connections_open)"
}
serves() { # NAME: a service of its own, on $T/NAME
    pfx_standalone -L "unix:$T/$1,mode=0666"
    SOCKET=$T/$1
    pfx_serves "unix:$SOCKET"
}
reload() { # COUNT: it is start number COUNT of all
    kill -HUP "$PFX"
    wait_for 10 log_has_lines "$1" 'started, version' || fail "no reload"
    wait_for 10 answers "unix:$SOCKET" || fail "no answer after the reload"
}

serves one
hold 5
first=$HOLDER
expect_open "five connections" 5
reload 2
expect_open "a generation that drains" 5
hold 3
second=$HOLDER
expect_open "of two generations" 8
reload 3
expect_open "two that drain" 8
hold 2
third=$HOLDER
expect_open "of three generations" 10
kill "$first"
expect_open "the first generation has none" 5

serves two
serves three
expect_open "other services of the program" 5
hold 4
expect_open "the third service" 9
kill "$second"
expect_open "the second generation has none" 6

# What a killed worker had is no more.
kill -9 "$(children "$PFX")"
expect_open "after a worker was killed" 2
wait_for 10 answers "unix:$SOCKET" || fail "the worker is not replaced"
kill "$third" # the rest leaves when nobody is connected
expect_open "nobody is connected" 0
