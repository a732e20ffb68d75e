#!/usr/bin/env bash
# The slow rest of make check-all: clang without warnings, static analysis, valgrind, coverage, the slow system tests,
# the Debian package.
# Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1

passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

stage() { # NAME COMMAND...
    local name=$1 started=$SECONDS
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok $name ($((SECONDS - started)) s)"
    else
        failed=$((failed + 1))
        echo "FAILED $name ($((SECONDS - started)) s)"
        tail -40 "$log"
    fi
}

build() { # FLAVOUR VARIABLE=VALUE...
    local flavour=$1
    shift
    make -s -j2 B="build/$flavour" "$@" programs
}

clang_builds() {
    build clang CC=clang
}

# Each test is a fork of its own: what valgrind finds there makes that test fail. Those of setrlimit(2) are left out:
# valgrind has its own table of descriptors, and its own limit; and those of seccomp(2), which it does not know.
valgrind_units() {
    local test
    for test in build/tests/unit/test_*; do
        [[ -x $test && $test != *.* ]] || continue
        CK_TIMEOUT_MULTIPLIER=20 CK_EXCLUDE_TAGS="rlimit ptrace seccomp" valgrind -q --error-exitcode=9 \
            --leak-check=full --errors-for-leak-kinds=definite "$test" || { echo "$test"; return 1; }
    done
}

threads_are_clean() {
    build tsan OPT="-O1 -g" HARDEN="-fPIE" SANITIZE="-fsanitize=thread" || return 1
    local test
    for test in resolver http shm_lock cache_threads; do
        TSAN_OPTIONS=halt_on_error=1 "build/tsan/tests/unit/test_$test" || return 1
    done
}

slow_system_tests() {
    ! grep -lq '^# Slow:' tests/system/*.sh || ONLY_SLOW=1 LIMIT=600 tests/system/run.sh
}

stage clang clang_builds
stage gcc-analyzer tests/lint.sh analyzer
stage clang-tidy tests/lint.sh tidy
stage cppcheck tests/lint.sh cppcheck
stage valgrind valgrind_units
stage thread-sanitizer threads_are_clean
stage coverage tests/coverage.sh
stage slow-system slow_system_tests
stage deb tests/t_deb.sh build .

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
