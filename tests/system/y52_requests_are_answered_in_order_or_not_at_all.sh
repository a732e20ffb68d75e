#!/usr/bin/env bash
# Several requests in one write are answered in order; one that is cut off is dropped and not asked; a malformed one
# costs its sender the connection and one line in the log (A4, "malformed request").
set -eu
. "$(dirname "$0")/policy.sh"

for i in {1..300}; do
    printf '%s@x.example\tREJECT %s\n' "$i" "$i"
done >"$T/data.tsv"
backend_start -d "$T/data.tsv" -m result -l inet:127.0.0.1:0
service wanted 'member=sender'
policy_configuration
port=$(instance_unused_port)
pfx_standalone -L "unix:$SOCKET,mode=0666" -L "inet:127.0.0.1:$port"
pfx_serves "unix:$SOCKET"

requests() { # COUNT
    for ((i = 1; i <= $1; i++)); do
        printf 'request=smtpd_access_policy\nsender=%s@x.example\n\n' "$i"
    done
}
replies() { # COUNT
    for ((i = 1; i <= $1; i++)); do
        printf 'action=REJECT %s\n\n' "$i"
    done
}
for address in "unix:$SOCKET" "inet:127.0.0.1:$port"; do
    expect_equal "300 in one write" "$(replies 300)" "$(requests 300 | raw_end "$address")"
    expect_equal "byte by byte" "$(replies 2)" "$(requests 2 | raw_bytes "$address")"
done
expect_equal "requests" 604 "$(asked wanted)"

# Cut off: no answer, no question.
whole=$(requests 1 && echo .)
whole=${whole%.}
fetch /_reset
for ((n = 0; n < ${#whole}; n++)); do
    expect_equal "the first $n bytes" '' "$(printf '%s' "${whole:0:n}" | raw_end "unix:$SOCKET")"
done
expect_equal "after a whole one" "$(replies 1)" "$(printf '%s%s' "$whole" "${whole::-1}" | raw_end "unix:$SOCKET")"
expect_equal "requests of those cut off" 1 "$(asked wanted)"
expect_log 'peer=[0-9]+ left in the middle of a request'
expect_no_log 'malformed'

# closes WHAT BYTES: answered by a closed connection, without a byte. The writing end stays open.
closes() {
    local address out before
    before=$(refusals)
    for address in "unix:$SOCKET" "inet:127.0.0.1:$port"; do
        out=$(printf '%b' "$2" | raw "$address" 2>"$T/raw") || fail "$1: the connection stays open: $(<"$T/raw")"
        expect_equal "$1" '' "$out"
    done
    expect_equal "lines in the log about $1" $((before + 2)) "$(refusals)"
}
refusals() {
    grep -c 'warning: peer=[^ ]*: malformed request: ' "$LOG" || true
}
closes "no '='" 'request\nsender=x\n\n'
closes "no '=' in a later line" 'request=x\nsender\n\n'
closes "no name" '=x\n\n'
closes "a NUL in a value" 'request=x\nsender=a\0b\n\n'
closes "a NUL in a name" 'req\0uest=x\n\n'
closes "a NUL before the end" 'request=x\n\0'
closes "an attribute twice" 'request=x\nsender=1@x.example\nsender=2@x.example\n\n'
closes "no attribute" '\n'
closes "lines that end with CR LF" 'request=x\r\nsender=y\r\n\r\n'
closes "64K without an end" "request=$(printf 'x%.0s' {1..65536})"
closes "64K of attributes" "$(for i in {1..100}; do printf 'name%s=%0700d\\n' "$i" 0; done)"
closes "129 attributes" "$(for i in {1..129}; do printf 'name%s=x\\n' "$i"; done)\n"
closes "another protocol" 'GET / HTTP/1.1\r\n\r\n'
closes "a netstring" '10:wanted key,\n'
expect_equal "requests of malformed ones" 1 "$(asked wanted)"
expect_equal "what was well before the mistake" "$(replies 1)" "$(printf '%sx\n' "$whole" | raw "unix:$SOCKET")"
expect_equal "well again" "$(replies 3)" "$(requests 3 | raw_end "unix:$SOCKET")"
pfx_stop
