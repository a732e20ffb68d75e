#!/usr/bin/env bash
# A backend that refuses a token gets a new one, once. What a provider does wrong is a temporary failure, soon, of the
# entries that need it, and of no others; and it is not asked again at once (contract 5.2; 6.5, point 11; DESIGN A4,
# A5). The clock is injected.
set -eu
. "$(dirname "$0")/cache.sh"
. "$(dirname "$0")/oidc.sh"

backend_start -l inet:127.0.0.1:0
provider_start
with() { # NAME QUERY [SETTINGS] [SCRIPT-LINE...]: an entry, and a provider of its own
    provider_new "$1"
    script "$1" "${@:4}"
    map "$1" "$2" "$(backend_oidc "$1" "$CLIENT http = { timeout = \"2s\"; };") ${3:-}"
}
with once 'once=401'
with never 'status=401'
with fast ''
with slow '' '' 'token hang 1'
with slow_discovery '' '' 'configuration hang 1'
with no_end '' '' 'token set expires_in null'
with ends_at_once '' '' 'token set expires_in 0'
with ends '' '' 'token set expires_in 10'
with ends_soon '' '' 'token set expires_in "10"'
with long '' '' 'token bytes 9000'
with kept '' 'response_cache = { enabled = true; max_age = "0s"; };'
provider_new shared
shared=0
for client in 'scopes = "a";' 'scopes = ["a", "b"];' 'auth_method = "client_secret_post";' 'basic_encoding = "raw";' \
    'scopes = "a"; http = { timeout = "1s"; };'; do
    map "shared$((shared += 1))" '' "$(backend_oidc shared "$CLIENT $client")"
done
bad=()
bad() { # NAME SCRIPT-LINE...
    with "$1" '' '' "${@:2}"
    bad+=("$1")
}
for status in 400 401 403 404 429 500 503 301; do bad "token_$status" "token status $status"; done
bad configuration_500 'configuration status 500'
bad configuration_no_json 'configuration body <html>'
bad other_issuer 'configuration set issuer "https://elsewhere.example"'
bad no_issuer 'configuration set issuer null'
bad no_endpoint 'configuration set token_endpoint null'
bad odd_endpoint 'configuration set token_endpoint "ftp://127.0.0.1/"'
bad no_json 'token body access_token=x&token_type=Bearer'
bad empty 'token body '
bad array 'token body []'
bad no_token 'token set access_token null'
bad empty_token 'token set access_token ""'
bad number_token 'token set access_token 5'
bad odd_token 'token set access_token "a\r\nX-Odd: y"'
bad other_type 'token set token_type "mac"'
bad too_long 'token bytes 16385'
configuration 'workers = 1;'
pfx_with_clock

tokens() { # NAME COUNT
    expect_equal "$1: questions for a token" "$2" "$(requests "$1" token)"
}
quickly() { # MILLISECONDS NAME REPLY
    local started
    started=$(now_ms)
    expect_reply "$2" key "$3"
    expect_at_most "milliseconds for $2" "$1" $(($(now_ms) - started))
}

# --- 401 of the backend

expect_reply once key 'OK value-of-key'
tokens once 2
expect_holds "what the backend gets" 'Authorization: Bearer once-2' "$(fetch /_last)"
expect_reply once key 'OK value-of-key'
tokens once 2
for _ in {1..10}; do expect_reply never key 'TEMP *'; done
tokens never 2
expect_equal "questions to the backend" 11 "$(asked never)"
expect_log 'warning: .*never.*401'
clock_ahead 4000
expect_reply never key 'TEMP *'
tokens never 3

# --- How long a token is used

for name in no_end ends_at_once ends ends_soon; do
    for _ in {1..20}; do expect_reply "$name" key 'OK value-of-key'; done
done
tokens no_end 1
tokens ends 1
tokens ends_soon 1
expect_at_most "questions when it ends at once" 5 "$(requests ends_at_once token)"
clock_ahead 8000 # 4 s later
expect_reply ends key 'OK value-of-key'
expect_reply no_end key 'OK value-of-key'
tokens ends 1
clock_ahead 15000
expect_reply ends key 'OK value-of-key'
expect_holds "what the backend gets" 'Authorization: Bearer ends-2' "$(fetch /_last)"
expect_reply ends_soon key 'OK value-of-key'
tokens ends_soon 2
tokens no_end 1
expect_reply long key 'OK value-of-key'
expect_match "a long token" "*Authorization: Bearer long-1$(printf 'x%.0s' {1..8994})"$'\r*' "$(fetch /_last)"

# Clients that differ in anything that a token depends on have tokens of their own.
for ((i = 1; i <= shared; i++)); do
    expect_reply "shared$i" key 'OK value-of-key'
    expect_holds "what the backend gets" "Authorization: Bearer shared-$((i == 5 ? 1 : i))"$'\r' "$(fetch /_last)"
done

# --- Providers that fail

for name in "${bad[@]}"; do
    quickly 1000 "$name" 'TEMP *'
    quickly 1000 "$name" 'TEMP *'
    expect_equal "$name: questions to the backend" 0 "$(asked "$name")"
    expect_at_most "$name: questions for a token" 1 "$(requests "$name" token)"
    expect_at_most "$name: questions for the configuration" 1 "$(requests "$name" configuration)"
done
expect_no_log 'X-Odd|scripted'

# One that is slow holds up nobody else.
for name in slow slow_discovery; do
    in_background "$T/$name" "$B/client" ask "unix:$SOCKET" "$name" key
    quickly 1000 fast 'OK value-of-key'
    wait "$JOB" || fail "no answer for $name"
    expect_match "$name" 'T[EI]M*' "$(<"$T/$name")"
done

# One that is gone: an old answer, or TEMP; and it comes back.
expect_reply kept key 'OK value-of-key'
provider_stop
clock_ahead 400000
quickly 1500 kept 'OK value-of-key'
quickly 1000 fast 'TEMP *'
provider_start
clock_ahead 404000
expect_reply fast key 'OK value-of-key'
expect_reply kept key 'OK value-of-key'
expect_reply kept another 'OK value-of-another'
pfx_stop
expect_no_log 'Bearer|SECRET'
