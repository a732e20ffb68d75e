#!/usr/bin/env bash
# What was a secret for a moment is in the memory of no process of pfx afterwards: tokens of users, however they were
# sent, checked, and whatever came of them; secrets of a configuration that was read and not used (SECURITY.md).
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"

B=$PLAIN # the sanitizers keep freed memory
provider_start
provider_new idp broken
script broken 'introspection status 500'
for way in basic post assertion; do
    case $way in
    basic) client=$CLIENT ;;
    post) client="$CLIENT auth_method = \"client_secret_post\";" ;;
    assertion) key_new pfx RS256 && client="client_id = \"pfx\"; private_key_file = \"$T/keys/pfx.pem\";" ;;
    esac
    entry "$way" "mechanisms = [\"XOAUTH2\", \"OAUTHBEARER\"]; $(sasl_oidc idp '' "$client")"
done
token_entry jwks 'validation = "jwks"; audience = "smtp";'
entry broken "mechanisms = [\"XOAUTH2\", \"OAUTHBEARER\"]; $(sasl_oidc broken)"
sasl_configuration

# search PROCESS WHAT TEXT: its end is nowhere, as it is nor in base64.
search() {
    local texts out
    mapfile -t texts < <(traces "${3:${#FRONT}}")
    out=$(found "$1" "${texts[@]}" 2>&1) || fail "$2: $out"
    expect_equal "$2: in memory" '' "$out"
}

# sends ENTRY MECHANISM ASKED TOKEN: at once, or when asked for.
sends() {
    local response
    if [ "$2" = XOAUTH2 ]; then response=$(xoauth2 alice@x.example "$4"); else response=$(oauthbearer '' "$4"); fi
    case $3 in
    at_once) talk "unix:$T/$1" 'hello 0' 'within 5000' "send $(auth 1 "$2" "$response")" show ;;
    asked) talk "unix:$T/$1" 'hello 0' 'within 5000' "send $(auth 1 "$2")" show "send CONT\t1\t$response" show ;;
    esac
}

# checks ENTRY WHAT REPLY TOKEN: what comes last is like REPLY.
checks() {
    local mechanism when
    for mechanism in XOAUTH2 OAUTHBEARER; do
        for when in at_once asked; do
            expect_match "$1, $2, $mechanism, $when" "$3" "$(sends "$1" "$mechanism" "$when" "$4" | tail -1)"
            search "$worker" "$1, $2, $mechanism, $when" "$4"
        done
    done
}

key_new ES256 ES256
keys idp "$(jwk ES256 ES256)"
signed=$(jwt ES256 ES256 "$(claims)" ',"kid":"ES256"')
for name in basic post assertion jwks broken; do
    serves "$name"
    worker=$(children "$PFX")
    good=${FRONT}goodverysecrettokenof$name
    introspects idp "$good" '{"active":true,"username":"alice@x.example"}'
    case $name in
    jwks) checks jwks good 'OK*' "$signed" ;;
    broken) checks broken good closed "$good" ;;
    *) checks "$name" good 'OK*' "$good" ;;
    esac
    case $name in
    broken) ;;
    *) checks "$name" bad $'CONT\t*' "${FRONT}badverysecrettokenof$name" ;;
    esac
    pfx_stop
done

# A configuration with a mistake is read, with its secrets, by a parent that then goes on with the old one.
printf '%s\n' "${FRONT}NEWsecretOfAFile" >"$T/secret"
good=$(<"$CFG")
serves basic
printf '%s\nworkers = 65;\n' "${good//\"SECRET\"/\{ file = \"$T/secret\"; \}}" | grep -v '^workers = 1;' >"$CFG"
kill -HUP "$PFX"
expect_log 'not reloaded'
search "$PFX" "the parent, after a configuration that it cannot use" "${FRONT}NEWsecretOfAFile"
pfx_stop
