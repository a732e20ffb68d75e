#!/bin/sh
# The rules of the tree that a program can check: layers, quarantine, purity, sizes, lines, names, time.
# Usage: t_rules.sh OBJECTS SOURCES
#   OBJECTS  a tree of objects built without sanitizers, from all of libpfx
#   SOURCES  the top of the source tree
set -u
LC_ALL=C
export LC_ALL

usage() {
    echo "usage: $0 OBJECTS SOURCES" >&2
    exit 2
}

[ $# -eq 2 ] || usage
objects=$(cd "$1" && pwd) || usage
cd "$2" || usage
[ -r libpfx/LAYERS ] || usage

FILE_MAX_LINES=400
FUNCTION_MAX_LINES=50
LINE_MAX_COLUMNS=120

passed=0
failed=0

# Runs a check; each line that it prints is a violation.
rule() {
    violations=$("$2" 2>&1)
    if [ -z "$violations" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s\n' "$violations" | sed "s|^|$1: |"
    fi
}

sources() {
    for directory; do
        find "$directory" -type f -name '*.[ch]' 2>/dev/null
    done | sort
}

# A file may include headers of modules further left in LAYERS, or its own. Daemons may include anything.
check_layers() {
    awk '
        FILENAME == "libpfx/LAYERS" {
            sub(/#.*/, "")
            for (i = 2; i <= NF; i++) {
                if ($i in rank)
                    print "LAYERS: " $i " stands there twice"
                rank[$i] = ++ranks
            }
            next
        }
        FNR == 1 {
            module = FILENAME
            sub(/.*\//, "", module)
            sub(/\.[ch]$/, "", module)
            seen[module] = 1
            if (!(module in rank))
                print FILENAME ": not in LAYERS"
        }
        /^[ \t]*#[ \t]*include[ \t]*"/ && module in rank {
            header = $0
            sub(/^[^"]*"/, "", header)
            sub(/".*/, "", header)
            if (header ~ /\.def$/)
                next
            other = header
            sub(/\.h$/, "", other)
            if (other != module && !(other in rank))
                print FILENAME ":" FNR ": " header " is not of a module in LAYERS"
            else if (other != module && rank[other] > rank[module])
                print FILENAME ":" FNR ": " header " stands higher than " module
        }
        END {
            for (module in rank)
                if (!(module in seen))
                    print "LAYERS: there is no module " module
        }
    ' libpfx/LAYERS $(sources libpfx)
}

# including PATTERN: the files that include a header like PATTERN (a pattern for grep).
including() {
    grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($1)[>\"]" $(sources libpfx daemons) /dev/null
}

# A foreign header, and each header of ours that brings it along, is included by files like FAMILY only.
quarantine() {
    known=$1
    while :; do
        new=$(including "$known" | sed -n 's|.*/\([^/]*\.h\)$|\1|p' | grep -vxE "$known" | paste -sd '|' -)
        [ -n "$new" ] || break
        known="$known|$new"
    done
    including "$known" | grep -vxE "libpfx/($2)" | sed "s#\$#: includes $1, or a header that brings it along#"
}

check_quarantine() {
    quarantine 'curl/.*' 'http(_[a-z]+)?\.[ch]'
    quarantine 'libconfig\.h' 'config_[a-z]+\.[ch]'
    quarantine '(cjson/)?cJSON\.h' 'jsondoc\.c'
    quarantine 'openssl/.*' '(tls|crypto)\.c'
    quarantine 'pthread\.h' '(resolver|shm)\.c'
    quarantine 'zlib\.h' 'gzip\.c'
    quarantine 'seccomp\.h' 'sandbox\.c'
    quarantine 'check\.h' 'none'
    grep -l '<yaml\.h>' $(sources libpfx daemons tools) | grep -vx tools/pfxctl/yamldoc.c | sed 's/$/: includes yaml.h/'
}

# With an object for each source, no check of objects passes because there was nothing to look at.
check_objects() {
    for source in libpfx/*.c; do
        [ -r "$objects/${source%.c}.o" ] || echo "$source: no object in $objects"
    done
}

codec_objects() {
    for module in $(awk '$1 == "codecs" { $1 = ""; print }' libpfx/LAYERS); do
        [ ! -r "$objects/libpfx/$module.o" ] || echo "$objects/libpfx/$module.o"
    done
}

# A codec calls nothing but functions on memory and text, UTF-8 and other codecs, and has no variables.
check_purity() {
    codecs=$(codec_objects)
    [ -n "$codecs" ] || echo "no object of a codec"
    {
        nm -g --defined-only $codecs "$objects/libpfx/utf8.o" | sed 's/^/own /'
        nm -A $codecs
    } | awk '
        BEGIN {
            split("memchr memrchr memcmp memcpy memmove memset memmem bcmp strlen strnlen strchr strrchr strcmp " \
                  "strncmp strspn strcspn strstr snprintf vsnprintf", names)
            for (i in names)
                allowed[names[i]] = allowed["__" names[i] "_chk"] = 1
            allowed["__stack_chk_fail"] = allowed["_GLOBAL_OFFSET_TABLE_"] = 1
        }
        $1 == "own" { allowed[$NF] = 1; next }
        $(NF - 1) == "U" && !($NF in allowed) { print $1 " calls " $NF }
        $(NF - 1) ~ /^[bBdDsSgGcC]$/ { print $1 " has the variable " $NF }
    ' | sed "s|^$objects/||"
}

# What foo.o defines is named foo or foo_...; foo_part.o may also define what the header of a whole, foo.h, declares.
check_names() {
    for object in "$objects"/libpfx/*.o; do
        module=${object##*/}
        module=${module%.o}
        whole=${module%_*}
        [ -r "libpfx/$whole.h" ] || whole=$module
        nm -g --defined-only "$object" | awk -v module="$module" -v whole="$whole" '
            NF == 3 && $3 != module && index($3, whole "_") != 1 {
                print module ".o: " $3 " does not begin with " whole "_"
            }'
    done
}

check_file_sizes() {
    for file in $(sources libpfx daemons tools tests); do
        lines=$(wc -l < "$file")
        [ "$lines" -le $FILE_MAX_LINES ] || echo "$file: $lines lines, at most $FILE_MAX_LINES"
    done
}

check_function_sizes() {
    awk -v max=$FUNCTION_MAX_LINES '
        FNR == 1 { first = 0 }
        /^\{$/ { first = FNR }
        /^\}$/ && first {
            if (FNR - first + 1 > max)
                print FILENAME ":" first ": a function of " FNR - first + 1 " lines, at most " max
            first = 0
        }
    ' $(sources libpfx daemons tools tests)
}

# Of a character of UTF-8 the first byte counts.
check_lines() {
    files=$(find libpfx daemons tools tests -type f \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' \) | sort)
    [ -n "$files" ] || echo "no file is found"
    awk -v max=$LINE_MAX_COLUMNS '
        {
            line = $0
            gsub(/[\200-\277]/, "", line)
            if (length(line) > max)
                print FILENAME ":" FNR ": " length(line) " columns, at most " max
        }
    ' $files
}

# calls NAMES DIRECTORY...: where one of NAMES (joined by |) is called.
calls() {
    names=$1
    shift
    grep -nE "(^|[^[:alnum:]_])($names)[[:space:]]*\(" $(sources "$@") /dev/null
}

check_time() {
    calls 'sleep|usleep|nanosleep|clock_nanosleep|time|clock_gettime|gettimeofday' libpfx daemons |
        grep -v '^libpfx/clock\.c:'
    calls 'sleep|usleep|nanosleep|clock_nanosleep' tests/unit
}

rule layers check_layers
rule quarantine check_quarantine
rule objects check_objects
rule purity check_purity
rule names check_names
rule "file sizes" check_file_sizes
rule "function sizes" check_function_sizes
rule lines check_lines
rule time check_time

echo "rules: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
