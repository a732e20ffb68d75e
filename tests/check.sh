#!/usr/bin/env bash
# make check: every test there is, but for the slow ones. Ends with "N passed, N failed".
# Each stage prints a line "NAME: N passed, N failed" of its own; those are added up. A stage without one has failed.
set -u
cd "$(dirname "$0")/.." || exit 1

passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

stage() { # NAME COMMAND...
    local name=$1 started=$SECONDS sum
    shift
    "$@" 2>&1 | tee "$log"
    sum=$(sed -n "s/^$name: \([0-9]*\) passed, \([0-9]*\) failed\$/\1 \2/p" "$log" | tail -1)
    if [ -z "$sum" ]; then
        echo "$name: did not come to its end"
        sum="0 1"
    fi
    passed=$((passed + ${sum% *}))
    failed=$((failed + ${sum#* }))
    echo "   ($name took $((SECONDS - started)) s)"
}

# Each unit test says "NN%: Checks: N, Failures: N, Errors: N".
unit() { # NAME BUILD-DIRECTORY
    local test good=0 bad=0 output sum
    for test in "$2"/tests/unit/test_*; do
        [[ -x $test && ! -d $test && $test != *.* ]] || continue
        output=$(timeout 120 "$test" 2>&1)
        sum=$(sed -nE 's/^[0-9]*%: Checks: ([0-9]*), Failures: ([0-9]*), Errors: ([0-9]*)$/\1 \2 \3/p' <<<"$output")
        read -r checks failures errors <<<"${sum:-1 1 0}"
        good=$((good + checks - failures - errors))
        bad=$((bad + failures + errors))
        [ "$((failures + errors))" = 0 ] || printf '%s\n' "FAILED $test" "$output"
    done
    [ "$good" -gt 0 ] || bad=$((bad + 1))
    echo "$1: $good passed, $bad failed"
}

stage unit unit unit build
stage sanitized unit sanitized build/asan
# Each target over its corpus, sanitized; there is a corpus for each target, and a target for each corpus.
fuzz() {
    local name good=0 bad=0
    for name in $({ ls tests/fuzz/corpus; ls tests/fuzz/fuzz_*.c | sed 's/.*fuzz_//; s/\.c$//'; } | sort -u); do
        if timeout 120 "build/asan/replay_$name" tests/fuzz/corpus/"$name"/* >/dev/null; then
            good=$((good + 1))
        else
            bad=$((bad + 1))
            echo "FAILED $name"
        fi
    done
    [ "$good" -gt 0 ] || bad=$((bad + 1))
    echo "fuzz: $good passed, $bad failed"
}
stage fuzz fuzz
stage rules tests/t_rules.sh build .
stage keys tests/t_keys.sh build/print_keys .
stage docs tests/t_docs.sh build .
stage examples tests/t_examples.sh build .
stage install tests/t_install.sh build .
stage system tests/system/run.sh

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
