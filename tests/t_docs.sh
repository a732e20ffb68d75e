#!/bin/sh
# The documents are true: manual pages are well-formed and explain every line of the log, functions and files that
# README.md names exist, and each configuration that comes with the sources starts each daemon.
# Usage: t_docs.sh BUILD SOURCES
set -u
LC_ALL=C
export LC_ALL

START_LIMIT_SECONDS=20
LOG_LINES_MIN=50 # less, and the sources are read wrongly

usage() {
    echo "usage: $0 BUILD SOURCES" >&2
    exit 2
}

[ $# -eq 2 ] || usage
build=$(cd "$1" && pwd) || usage
cd "$2" || usage
for program in pfx-socketmap pfx-policyd pfx-saslbridge pfx-metrics client; do
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

chmod 755 "$directory"
mkdir -m 777 "$directory/state"

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
        count groff "$(groff -k -mdoc -T utf8 -ww -rLL=78n "$page" 2>&1 >/dev/null)"
    done
}

# The tags of the lists under DIAGNOSTICS in all manual pages, a line for each.
tags() {
    for page in man/*.[0-9]; do
        mandoc -T html -O fragment "$page" | tr '\n' ' ' | sed 's/<section class="Sh">/\n&/g' |
            grep 'id="DIAGNOSTICS"' | grep -oE '<dt[ >].*' | sed 's/<dt[ >]/\n&/g' |
            sed -n 's/^\(<dt.*\)<\/dt>.*/\1/p' | sed 's/<[^>]*>//g; s/  */ /g; s/^ //'
    done | sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#x27;/'"'"'/g; s/&amp;/\&/g'
}

STRING='"([^"\\]|\\.)*"'

# The strings that follow CALL (a pattern for grep, up to them) in the files: the literals of each joined, with "%" for
# each conversion.
formats() {
    call=$1
    shift
    cat "$@" | tr '\n' ' ' | grep -oE "$call *$STRING( *($STRING|PRI[a-zA-Z0-9]+))*" |
        sed -E 's/^[^"]*"//; s/"[^"]*$//; s/" *PRI[a-zA-Z0-9]+ *"/d/g; s/" *"//g; s/\\"/"/g
            s/%[-0-9.*]*(hh|h|ll|l|z|j)?[a-zA-Z]/%/g'
}

# Strings with a space in them: sentences for people.
texts() {
    grep -hv '^#' "$@" | tr '\n' ' ' | grep -oE "$STRING" | sed 's/^"//; s/"$//' | grep ' '
}

# What the administrator may find in the log: whole formats, and causes up to the advice that follows a colon.
log_lines() {
    formats 'log_(fatal|error|warning|info)\(' libpfx/*.c daemons/*/*.c
    {
        formats 'backend_log_warning\([^;"]*,' libpfx/backend*.c libpfx/inquiry.c
        texts libpfx/verdict.c
        sed -n '/^static const char \*const reasons/,/^};/p' libpfx/http_failure.c | texts -
    } | sed 's/[:,].*//'
}

# A tag says the same, with something for each conversion, and advice may follow. A format without a word says nothing.
check_log_lines() {
    tags | sed -E 's/^(fatal|error): //' >"$directory/tags"
    log_lines | sort -u | grep -E '[a-z]{3}' >"$directory/lines"
    count DIAGNOSTICS "$([ "$(wc -l <"$directory/lines")" -ge "$LOG_LINES_MIN" ] || echo "too few log lines are found")"
    while IFS= read -r line; do
        pattern=$(printf '%s\n' "$line" | sed 's/[][().*+?{}|\\^$]/\\&/g; s/%%*/.*/g')
        count DIAGNOSTICS "$(grep -qE -e "^$pattern([:,].*)?\$" "$directory/tags" ||
            echo "no manual explains \"$line\"")"
    done <"$directory/lines"
}

# Asks for an entry that does not exist, or for the handshake: the answer to it needs no backend.
ask() {
    case $1 in
    pfx-socketmap) "$build/client" ask "unix:$directory/socket" no_such_entry key </dev/null ;;
    pfx-policyd) printf 'policy_context=no_such_entry\n\n' | "$build/client" raw "unix:$directory/socket" -h ;;
    pfx-metrics) printf 'GET /health HTTP/1.0\r\n\r\n' | "$build/client" raw "unix:$directory/socket" | tail -1 ;;
    pfx-saslbridge) printf 'VERSION\t1\t0\nCPID\t1\n' | "$build/client" raw "unix:$directory/socket" -h ;;
    esac >"$directory/answer" 2>&1
    grep -qE '^(PERM |action=DEFER_IF_PERMIT |DONE$|ok$)' "$directory/answer" ||
        echo "$1 does not answer: $(cat "$directory/answer")"
}

# Reads the log of a daemon to its end; when the daemon has started, and answers, stops it.
watch_log() {
    started=no
    while IFS= read -r line; do
        case $line in
        *': started, '*)
            started=yes
            ask "$1"
            kill "$daemon" ;;
        *'error: '* | *'fatal: '*) printf '%s\n' "$line" ;;
        esac
    done
    [ "$started" = yes ] || echo "$1 does not start"
}

# Starts a daemon with a copy of a configuration. Under timeout(1) it ends, and with it its log, whatever happens.
check_configuration() { # FILE DAEMON
    cat "$1" >"$directory/pfx.cfg" || { count "$1" "cannot be read"; return; }
    echo "state_directory = \"$directory/state\";" >>"$directory/pfx.cfg"
    copy_secrets "$directory/pfx.cfg"
    timeout "$START_LIMIT_SECONDS" "$build/$2" -C "$directory/pfx.cfg" -L "unix:$directory/socket" \
        </dev/null >"$directory/log" 2>&1 &
    daemon=$!
    watch_log "$2" <"$directory/log" >"$directory/violations"
    wait "$daemon" || echo "exit status $?" >>"$directory/violations"
    daemon=
    count "$1" "$(cat "$directory/violations")"
}

# A secret that the configuration reads from a file is read from one of ours.
copy_secrets() {
    echo user:secret >"$directory/secret"
    sed "s|{ file = \"[^\"]*\"; }|{ file = \"$directory/secret\"; }|" "$1" >"$1.new" && mv "$1.new" "$1"
}

check_configurations() {
    mkfifo "$directory/log"
    for file in conf/*.cfg conf/examples/*/pfx.cfg; do
        check_configuration "$file" pfx-socketmap
        check_configuration "$file" pfx-policyd
        check_configuration "$file" pfx-saslbridge
        check_configuration "$file" pfx-metrics
    done
}

# Each section of a pfx.cfg has its daemon in master.cf.
missing_services() { # PFX.CFG SERVICES
    for pair in socket_maps:pfx-socketmap policy_services:pfx-policyd dovecot_sasl:pfx-saslbridge; do
        ! grep -q "^${pair%:*} = " "$1" || grep -qE " ${pair#*:}( |\$)" "$2" || echo "no service ${pair#*:}"
    done
}

# What postconf(1) says of the lines for main.cf and master.cf: parameters that nothing uses, services that are none.
check_postfix_lines() {
    for file in conf/main.cf conf/examples/*/main.cf; do
        rm -rf "$directory/etc"
        mkdir "$directory/etc"
        cp "$file" "$directory/etc/main.cf"
        cat "${file%main.cf}master.cf" >"$directory/etc/master.cf" 2>/dev/null ||
            cp conf/master.cf "$directory/etc/master.cf"
        count "$file" "$(postconf -c "$directory/etc" -n 2>&1 >/dev/null)"
        count "$file" "$(postconf -c "$directory/etc" -M 2>&1 >"$directory/services")"
        count "$file" "$(missing_services "${file%main.cf}pfx.cfg" "$directory/services")"
    done
}

check_manuals
check_log_lines
check_steps
check_paths
check_configurations
check_postfix_lines

echo "docs: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
