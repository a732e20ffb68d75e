#!/usr/bin/env bash
# A short soak is good, and one with lies, one whose daemons leak memory and one whose daemons leak descriptors are not
# (tests/soak).
# Slow: four soaks.
# Alone: it takes both processors.
set -eu
. "$(dirname "$0")/lib.sh"

soak() { # WANTED-STATUS NAME=VALUE...
    local status=0
    env B="$PLAIN" "${@:2}" "$TOP/tests/soak/soak.sh" 24 >"$T/out" 2>&1 || status=$?
    expect_equal "exit status${2:+ with $2}: $(grep -E '^(FAILED|soak:)' "$T/out")" "$1" "$status"
}
expect_failed() { # REGEX
    log_has "^FAILED $1" "$T/out" || fail "not noticed: $1: $(grep ^FAILED "$T/out")"
}

soak 0
log_has '^everything holds$' "$T/out" || fail "no report: $(tail -3 "$T/out")"
! log_has '^FAILED' "$T/out" || fail "a failure in a good report: $(grep ^FAILED "$T/out")"

soak 1 LIES=1
for protocol in maps policies logins; do
    expect_failed "  $protocol .* wrong [1-9]"
done
soak 1 LEAK=memory
expect_failed '  pfx-socketmap +worker .* slope \+'
soak 1 LEAK=descriptor
expect_failed 'processes and descriptors after the load: .* descriptors, '
