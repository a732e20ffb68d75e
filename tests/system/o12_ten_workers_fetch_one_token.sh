#!/usr/bin/env bash
# Ten workers that are asked at once ask the provider for one token. It is renewed before its end, and used on
# meanwhile; workers that are killed cost no other token, unless one was just fetching it (DESIGN A7; contract 5.2). The
# clock is injected.
set -eu
. "$(dirname "$0")/cache.sh"
. "$(dirname "$0")/oidc.sh"

WORKERS=10
backend_start -l inet:127.0.0.1:0
provider_start
provider_new idp
script idp 'configuration delay 200' 'token delay 500'
map users '' "$(backend_oidc idp "$CLIENT http = { timeout = \"4s\"; };")"
map others '' "$(backend_oidc idp "$CLIENT http = { timeout = \"4s\"; };")"
configuration "workers = $WORKERS;"
pfx_with_clock

expect_workers "$WORKERS" "$PFX"
tokens() { # COUNT
    expect_equal "questions for a token" "$1" "$(requests idp token)"
}
has_tokens() { # COUNT
    [ "$(requests idp token)" = "$1" ]
}
uses() { # COUNT: the backend is asked with that token
    expect_reply users key 'OK value-of-key'
    [[ $(fetch /_last) == *"Authorization: Bearer idp-$1"$'\r'* ]]
}
all_good() { # WHAT [NAME]
    local line
    line=$(load "unix:$SOCKET" "${2:-users}" -n 2000 -c 200 -e value-of-) || fail "$1: $line"
    expect_none "$line" lost wrong temp perm timeout notfound reconnects
}
# How many workers have asked the backend: they keep their connections.
askers() {
    local pid inode hex count=0
    hex=$(printf '0100007F:%04X' "${BACKEND##*:}")
    for pid in $(children "$PFX"); do
        for inode in $(awk -v to="$hex" '$3 == to { print $10 }' "/proc/$pid/net/tcp"); do
            find "/proc/$pid/fd" -lname "socket:\[$inode\]" | grep -q . || continue
            count=$((count + 1))
            break
        done
    done
    echo "$count"
}

# --- At the start

timeout 60 "$B/client" storm "unix:$SOCKET" users -c 400 -k 400 -e value-of- >"$T/storm" 2>&1 || fail "$(<"$T/storm")"
tokens 1
expect_equal "questions for the configuration" 1 "$(requests idp configuration)"
many_ask() {
    all_good "a load"
    [ "$(askers)" -gt 3 ]
}
wait_for 10 many_ask || fail "only $(askers) workers have asked"
all_good "the other entry of the same client" others
tokens 1

# --- Renewal: 300 s, the last 30 of them

clock_ahead 230000
all_good "before the renewal"
tokens 1
clock_ahead 275000
uses 1 || fail "the old token is not used while it is renewed"
wait_for 5 has_tokens 2 || fail "the token is not renewed"
wait_for 5 uses 2 || fail "the new token is not used"
all_good "after the renewal"
tokens 2

# A provider that hangs, and then fails, delays nobody while the token lasts.
script idp 'token hang 1'
clock_ahead 547000
all_good "a renewal that hangs"
tokens 3
script idp 'token status 500'
clock_ahead 553000
all_good "a renewal that fails"
uses 2 || fail "the old token is not used"
script idp
clock_ahead 558000
uses 2 || fail "the old token is not used"
renewed() {
    all_good "a renewal after all"
    uses "$(requests idp token)"
}
wait_for 10 renewed || fail "the token is not renewed"
expect_log 'warning: '

# --- Workers that are killed

known=$(requests idp token)
kill_all() {
    local victims
    mapfile -t victims < <(children "$PFX")
    kill -9 "${victims[@]}"
    wait_for 20 replaced "${victims[@]}" || fail "no workers in place of those that were killed"
}
replaced() { # PID...
    gone "$@" && has_workers "$WORKERS" "$PFX"
}
kill_all
all_good "other workers"
tokens "$known"
uses "$known" || fail "another token is used"

# One of them is fetching a token when all are killed.
script idp 'token hang 1'
clock_ahead 1200000
in_background "$T/asks" "$B/client" ask "unix:$SOCKET" users key
wait_for 5 has_tokens $((known + 1)) || fail "no token is fetched"
script idp
kill_all
started=$(now_ms)
all_good "after one that was fetching"
expect_at_most "milliseconds" 3000 $(($(now_ms) - started))
tokens $((known + 2))
pfx_stop
