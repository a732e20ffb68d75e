#!/usr/bin/env bash
# make coverage: how many lines of libpfx, and of its codecs, the unit tests alone run. Fails below the thresholds.
set -eu
cd "$(dirname "$0")/.."

LIBRARY_MIN_PERCENT=85
CODECS_MIN_PERCENT=95

# Those of the layer of that name, and of the base what takes bytes apart.
codecs() {
    sed -n 's/^codecs //p' libpfx/LAYERS | xargs -n 1 | grep -v '^codec$'
    echo utf8
}

report() { # THRESHOLD NAME FILTER
    echo "$2:"
    gcovr -r . --object-directory build/coverage -f "$3" --fail-under-line "$1" -s build/coverage |
        grep -v '100%' | tail -40
    return "${PIPESTATUS[0]}"
}

make -s -j2 B=build/coverage OPT="-O0 -g" HARDEN="-fPIE" SANITIZE="--coverage" programs
find build/coverage -name '*.gcda' -delete
for test in build/coverage/tests/unit/test_*; do
    [[ -x $test && $test != *.* ]] || continue
    # Whether it passes is the business of make check: slowed down, one that depends on time may fail.
    "$test" >/dev/null 2>&1 || echo "$test failed, its lines are counted all the same"
done
status=0
report "$LIBRARY_MIN_PERCENT" libpfx 'libpfx/' || status=1
report "$CODECS_MIN_PERCENT" codecs "libpfx/($(codecs | paste -sd '|'))\.[ch]" || status=1
exit "$status"
