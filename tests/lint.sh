#!/usr/bin/env bash
# make lint: static analysis of libpfx, daemons and tools. Nothing is found, but for what is explained where it stands
# and in .clang-tidy. lint.sh [analyzer] [tidy] [cppcheck]: only these.
set -eu
cd "$(dirname "$0")/.."

DEFINES=(-D_GNU_SOURCE '-DPFX_VERSION="0"' '-DPFX_POSTCONF="/usr/sbin/postconf"')

# The analyser of gcc 12 follows C only so far; what it says of generated or test code is not asked for.
analyzer() {
    make -s -j2 B=build/analyzer CFLAGS="-fanalyzer" all
}

# Some files a process, two processes at a time. How many warnings are suppressed in headers of the system, it says
# whatever it is asked.
tidy() {
    local flags
    read -ra flags <<<"$(pkg-config --cflags libcurl libconfig libcjson openssl zlib libseccomp yaml-0.1)"
    export TIDY_FLAGS
    TIDY_FLAGS=$(printf '%q ' -std=c17 "${DEFINES[@]}" -Ilibpfx "${flags[@]}")
    printf '%s\n' libpfx/*.c daemons/*/*.c tools/*/*.c | xargs -P 2 -n 8 bash -c \
        'eval "flags=($TIDY_FLAGS)"; clang-tidy --quiet --warnings-as-errors="*" "$@" -- "${flags[@]}"' bash
}

cppcheck() {
    command cppcheck -q --std=c11 --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
        --suppress=missingInclude -Ilibpfx "${DEFINES[@]}" libpfx daemons tools
}

[ $# -gt 0 ] || set -- analyzer tidy cppcheck
for check; do
    echo "$check"
    "$check"
done
