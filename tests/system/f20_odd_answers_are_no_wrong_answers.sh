#!/usr/bin/env bash
# What a backend can do wrong in its answer: each row of faults.tsv, as maps, policies and logins show it, many times;
# memory and descriptors are afterwards what they were (A4).
set -eu
. "$(dirname "$0")/faults.sh"

backend_start -l inet:127.0.0.1:0 -l hasty:127.0.0.1:0
hasty=${BACKENDS[1]}
no_longer='http = { timeout = "300ms"; };'

# odd NAME QUERY [SETTINGS]: the row of that name. Each of the three daemons sees it, and a load of many clients.
odd() {
    odd_at "$1" "http://$BACKEND/$1?key=%s&$2" "${3:-}"
}
odd_at() { # NAME TARGET [SETTINGS]
    row "$1"
    THREE_MAPS='' THREE_POLICIES='' THREE_LOGINS=''
    three "$@"
    three well "http://$BACKEND/well?key=%s"
    # How many connections a load leaves open depends on what came at once: of each daemon one is kept.
    three_configuration 'workers = 1; max_idle_connections = 1;'
    three_start "$1"
    again "${TIMES:-2}" once "$1"
    again 1 many "$1"
    expect_equal "$1: what else is asked" 'OK value-of-key' "$(map_answer well key)"
    logged
    three_stop
}
# Too many failures in a row, and the backend counts as down: a minute later it is asked again.
ahead=0
once() { # NAME
    number=$((${number:-0} + 1))
    three_see "$1" "key$number"
    clock_ahead $((ahead += 60000))
}
many() {
    local line
    line=$(load "unix:$T/pfx-socketmap" "$1" -n "${MANY:-100}" -k 100 -c 8 || true)
    case ${SEEN[map]} in
    OK*) expect_none "$line" lost wrong temp perm timeout notfound ;;
    *)
        expect_none "$line" lost wrong perm notfound
        expect_equal "$1: temporary answers of '$line'" "${MANY:-100}" \
            $(($(figure temp "$line") + $(figure timeout "$line")))
        ;;
    esac
    clock_ahead $((ahead += 60000))
}

TIMES=1 odd drips 'bytes=100000&drip=1000' "$no_longer"
MANY=10 odd big_by_length 'bytes=10000000'
MANY=10 odd big_in_chunks 'bytes=10000000&chunked=1'
MANY=8 odd big_unpacked 'bytes=10000000&gzip=1' 'http_response_compression = true;'
odd headers_1000 'headers=1000'
odd header_of_1M 'headerbytes=1000000'
odd_at before_the_request "http://$hasty/?key=%s"
odd twice 'twice=1'
odd length_too_small 'length=5'
odd length_too_big 'length=10000'
odd reset_in_body 'reset=body'
odd interim 'interim=3'
odd interim_without_end 'interim=100000'
expect_all_rows
