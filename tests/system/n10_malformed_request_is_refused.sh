#!/usr/bin/env bash
# A malformed netstring or request costs its sender the connection and nobody else anything (A4, "malformed request").
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map map ''
configuration
port=$(instance_unused_port)
pfx_standalone -L "unix:$SOCKET,mode=0666" -L "inet:127.0.0.1:$port"
pfx_serves "unix:$SOCKET"

# closes WHAT BYTES: they are answered by a closed connection, without a byte. The writing end stays open.
closes() {
    local address out before
    before=$(refusals)
    for address in "unix:$SOCKET" "inet:127.0.0.1:$port"; do
        out=$(printf '%b' "$2" | raw "$address") || fail "$1: the connection stays open"
        expect_equal "$1" '' "$out"
    done
    expect_equal "lines in the log about $1" $((before + 2)) "$(refusals)"
}
refusals() {
    grep -c 'warning: peer=[^ ]*: malformed request: ' "$LOG" || true
}

closes "a negative length" '-1:x,'
closes "an empty length" ':map key,'
closes "an empty length and body" ':,'
closes "a sign" '+7:map key,'
closes "a space before" ' 7:map key,'
closes "a zero before" '07:map key,'
closes "zeros" '00:,'
closes "a length that is no number" 'x:,'
closes "hexadecimal" '0x7:map key,'
closes "no comma" '7:map key;'
closes "too short a length" '6:map key,'
closes "too long a length" '102657:'
closes "a huge length" '99999999999999999999:'
closes "a length of 2^32+7" '4294967303:map key,'
closes "a length of 2^64+7" '18446744073709551623:map key,'
closes "an endless length" "$(printf '1%.0s' {1..4000})"
closes "an empty request" '0:,'
closes "no space" '3:map,'
closes "no name" '4: key,'
closes "a NUL in the key" '8:map k\0ey,'
closes "a NUL in the name" '8:m\0ap key,'
closes "a line of another protocol" 'GET / HTTP/1.1\r\n\r\n'

# What was well before the mistake is answered.
expect_equal "a request before the mistake" '15:OK value-of-key,' "$(printf '7:map key,x' | raw "unix:$SOCKET")"

# The end of the input is no mistake where a request could begin; in the middle of one it is.
for bytes in '' 7 7: '7:map' '7:map key'; do
    expect_equal "the end after '$bytes'" '' "$(printf '%s' "$bytes" | raw_end "unix:$SOCKET")"
done
expect_equal "the end after a request" '15:OK value-of-key,' "$(printf '7:map key,' | raw_end "unix:$SOCKET")"

expect_equal "byte by byte" '15:OK value-of-key,' "$(printf '7:map key,' | raw_bytes "unix:$SOCKET")"
expect_equal "two in one write" '13:OK value-of-a,13:OK value-of-b,' \
    "$(printf '5:map a,5:map b,' | raw_end "unix:$SOCKET")"
many=$(for i in {1..300}; do printf '7:map %03d,' "$i"; done)
wanted=$(for i in {1..300}; do printf '15:OK value-of-%03d,' "$i"; done)
expect_equal "300 in one write, in order" "$wanted" "$(printf '%s' "$many" | raw_end "unix:$SOCKET")"
expect_equal "a key with spaces" '16:OK value-of- k y,' "$(printf '8:map  k y,' | raw_end "unix:$SOCKET")"
expect_reply map key 'OK value-of-key'
pfx_stop
