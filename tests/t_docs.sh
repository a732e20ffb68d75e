#!/bin/sh
# The documents are true: manual pages are well-formed, functions and files that README.md names exist, and each
# configuration that comes with the sources starts the daemon.
# Usage: t_docs.sh BUILD SOURCES
set -u
LC_ALL=C
export LC_ALL

START_LIMIT_SECONDS=20

usage() {
    echo "usage: $0 BUILD SOURCES" >&2
    exit 2
}

[ $# -eq 2 ] || usage
build=$(cd "$1" && pwd) || usage
cd "$2" || usage
for program in pfx-socketmap client; do
    [ -x "$build/$program" ] || { echo "$0: no $build/$program" >&2; exit 2; }
done

directory=$(mktemp -d "${TMPDIR:-/tmp}/pfx-docs.XXXXXX") || exit 2
daemon=
finish() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null
    wait
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

passed=0
failed=0

# Counts a check; each line of its second argument is a violation.
count() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s\n' "$2" | sed "s|^|$1: |"
    fi
}

# The lines of README.md between the heading and the next of the same rank.
section() {
    awk -v heading="## $1" '/^## / { inside = $0 == heading; next } inside' README.md
}

# A line "step" for each numbered step; PATH FUNCTION for each function in backquotes, of the path that stands before.
steps() {
    section "The life of one request" | awk -F '`' '
        /^[0-9]+\. / { inside = 1; print "step" }
        inside {
            for (i = 2; i <= NF; i += 2)
                if ($i ~ /\(\)$/)
                    print path, substr($i, 1, length($i) - 2)
                else if ($i ~ /\//)
                    path = $i
        }'
}

# A definition begins its line with the type, and has no semicolon.
defines() {
    grep -qE "^[a-z][a-z_ *]*[ *]$2\([^;]*\$" "$1" 2>/dev/null
}

check_steps() {
    steps >"$directory/steps"
    number=$(grep -cx step "$directory/steps")
    count README.md "$([ "$number" -eq 10 ] || echo "the life of a request has $number steps, not 10")"
    while read -r path function; do
        [ "$path" != step ] || continue
        count README.md "$(defines "$path" "$function" || echo "$path does not define $function()")"
    done <"$directory/steps"
}

# Paths are the first words of the map, and what stands in backquotes anywhere and begins like a path of ours.
check_paths() {
    map=$(section "Map of the tree" | sed -n 's/^    \([^ ]*\) .*/\1/p')
    quoted=$(grep -oE '`(conf|daemons|libpfx|man|tests)/[^` ]*`' README.md | tr -d '`' | sort -u)
    count README.md "$([ -n "$map" ] || echo "there is no map of the tree")"
    for path in $map $quoted; do # patterns are expanded here
        count README.md "$([ -e "$path" ] || echo "there is no $path")"
    done
}

check_manuals() {
    for page in man/*.[0-9]; do
        count mandoc "$(mandoc -T lint -W warning "$page" 2>&1)"
    done
}

# Reads the daemon's log to its end; when the daemon has started, and answers, stops it.
watch_log() {
    started=no
    while IFS= read -r line; do
        case $line in
        *': started, '*)
            started=yes
            "$build/client" ask "unix:$directory/socket" no_such_map key </dev/null >"$directory/answer" 2>&1
            grep -q '^PERM ' "$directory/answer" || echo "the daemon does not answer: $(cat "$directory/answer")"
            kill "$daemon" ;;
        *'error: '* | *'fatal: '*) printf '%s\n' "$line" ;;
        esac
    done
    [ "$started" = yes ] || echo "the daemon does not start"
}

# Starts the daemon with a copy of a configuration. Under timeout(1) it ends, and with it its log, whatever happens.
check_configuration() {
    cat "$1" >"$directory/pfx.cfg" || { count "$1" "cannot be read"; return; }
    timeout "$START_LIMIT_SECONDS" "$build/pfx-socketmap" -C "$directory/pfx.cfg" -L "unix:$directory/socket" \
        </dev/null >"$directory/log" 2>&1 &
    daemon=$!
    watch_log <"$directory/log" >"$directory/violations"
    wait "$daemon" || echo "exit status $?" >>"$directory/violations"
    daemon=
    count "$1" "$(cat "$directory/violations")"
}

check_configurations() {
    mkfifo "$directory/log"
    for file in conf/*.cfg conf/examples/*/pfx.cfg; do
        check_configuration "$file"
    done
}

check_manuals
check_steps
check_paths
check_configurations

echo "docs: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
