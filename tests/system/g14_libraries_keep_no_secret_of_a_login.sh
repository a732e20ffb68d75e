#!/usr/bin/env bash
# Neither a password that went to a service by TLS or packed, nor what the service answered, is in the memory of the
# worker afterwards: OpenSSL encrypts in place and clears what it has given on, zlib clears what it packed.
set -eu
. "$(dirname "$0")/sasl.sh"

B=$PLAIN # the sanitizers keep freed memory
"$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
backend_start -l tls:127.0.0.1:0 -l inet:127.0.0.1:0 -T "$T/certs/good.pem" -K "$T/certs/good.key"
https=https://localhost:${BACKENDS[0]##*:}
http=http://${BACKENDS[1]}

# The text of the answer does not stand in the configuration: its first letter is encoded, for the backend.
body="body=$FRONT%%52ECEIVEDfromafar"
expect_equal "what the backend says" "${FRONT}RECEIVEDfromafar" "$(fetch "/x?${body//%%/%}" "${BACKENDS[1]}")"

# style NAME URL [SETTINGS]
style() {
    entry "$1" "target = \"$2/$1?status=%{user}&header=Auth-Status:%%20no&$body\"; ${3:-}"
    styles+=("$1")
}
styles=()
style json "$https"
style basic "$https" 'auth_style = "basic";'
style form "$https" 'auth_style = "form";'
style packed "$http" 'http_request_compression = true;'
style both "$https" 'http_request_compression = true; http_response_compression = true;'
sasl_configuration "tls = { root_ca = \"$T/certs/ca.pem\"; };"
chmod 755 "$T/certs"
chmod 644 "$T/certs/ca.pem"

mapfile -t texts < <(traces VERYsecretpassword && traces RECEIVEDfromafar)
for style in "${styles[@]}"; do
    serves "$style"
    for user in 200 403 500; do
        expect_match "$style, $user" '@(OK|FAIL|closed)*' \
            "$(ADDRESS=unix:$T/$style reply "$user" "${FRONT}VERYsecretpassword")"
        out=$(found "$(children "$PFX")" "${texts[@]}" 2>&1) || fail "$style, $user: $out"
        expect_equal "$style, $user: in memory" '' "$out"
    done
    pfx_stop
done
