#!/usr/bin/env bash
# Runs the system tests given, or all: two at a time, then those marked "# Alone:" one by one, because they measure.
# A test has LIMIT seconds and a TMPDIR of its own, which is empty in the end. ONLY_SLOW=1 takes those marked "# Slow:",
# which are left out otherwise. KEEP is for a test by itself.
set -u
cd "$(dirname "$0")" || exit 1

LIMIT=${LIMIT:-150}
JOBS=${JOBS:-2}
unset KEEP
out=$(mktemp -d)
chmod 755 "$out"
trap 'rm -rf "$out"' EXIT
passed=0
failed=0

marked() { # MARK TEST
    grep -q "^# $1:" "$2"
}

leaves_nothing() { # DIRECTORY
    rmdir "$1" 2>/dev/null || { echo "left behind: $(ls "$1")" && false; }
}

run_one() { # TEST
    local name=${1%.sh} started=$SECONDS tmp
    tmp=$(mktemp -d "$out/XXX")
    chmod 1777 "$tmp"
    if TMPDIR=$tmp timeout -k 10 "$LIMIT" "./$1" >"$out/$name.log" 2>&1 &&
        leaves_nothing "$tmp" >>"$out/$name.log"; then
        echo "ok $name ($((SECONDS - started)) s)" >"$out/$name.result"
    else
        { echo "FAILED $name ($((SECONDS - started)) s)" && tail -60 "$out/$name.log"; } >"$out/$name.result"
    fi
}

report() { # the results that are there
    local result
    for result in "$out"/*.result; do
        [ -e "$result" ] || continue
        cat "$result"
        if grep -q '^ok ' "$result"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
        rm "$result"
    done
}

tests=("$@")
if [ $# = 0 ]; then
    for test in [a-z][0-9][0-9]_*.sh; do
        if marked Slow "$test"; then slow=1; else slow=; fi
        [ "$slow" = "${ONLY_SLOW:-}" ] && tests+=("$test")
    done
fi
alone=()
running=0
for test in "${tests[@]}"; do
    test=$(basename "$test")
    if marked Alone "$test"; then
        alone+=("$test")
        continue
    fi
    if [ "$running" -ge "$JOBS" ]; then
        wait -n
        running=$((running - 1))
        report
    fi
    run_one "$test" &
    running=$((running + 1))
done
wait
report
for test in "${alone[@]}"; do
    run_one "$test"
    report
done
echo "system: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
