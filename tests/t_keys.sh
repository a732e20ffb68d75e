#!/bin/sh
# The keys and defaults of the program, of the sample file and of the manual are the same, and the sample file is good.
# usage: t_keys.sh PRINT_KEYS SOURCE_ROOT
set -u

print_keys=$1
root=$2
passed=0
failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# Lines of the sample file that begin with "#" and no single blank are settings, others are prose.
uncomment()
{
    sed -n -e 's/^#\(    .*\)$/\1/p' -e 's/^#\([^ ].*\)$/\1/p' "$root/conf/pfx.cfg"
}

sample_keys()
{
    uncomment | awk '
        BEGIN { place_of["socket_maps"] = "MAP"; place_of["policy_services"] = "POLICY"
                place_of["dovecot_sasl"] = "LOGIN" }
        { sub(/^ +/, "") }
        /^};$/ { depth--; next }
        {
            name = $1
            value = substr($0, length(name) + 4)
            opens = value == "{"
            sub(/;$/, "", value)
            if (depth == 0)
                place = "TOP"
            else if (depth > 2 && group[2] ~ /_oidc_auth$/)
                place = "OIDC"
            else if (group[0] in place_of)
                place = depth == 1 ? "" : place_of[group[0]]
            else if (group[0] == "response_cache")
                place = "CACHE"
            else
                place = toupper(group[0])
            if (place != "")
                print place, name, opens ? "{}" : value
            if (opens)
                group[depth++] = name
        }'
}

# A comment names the places of the list of keys that follows; .It Ic NAME No = Li DEFAULT, without default: it depends.
manual_keys()
{
    sed -e 's/\\(dq/"/g' "$root/man/pfx.cfg.5" | awk '
        $1 == ".\\\"" && $2 == "keys:" { places = $3 " " $4 " " $5 }
        $1 == ".El" { places = "" }
        $1 == ".It" && $2 == "Ic" && places != "" {
            name = $3
            value = $0
            sub(/^.* = Li /, "", value)
            number = split(places, place)
            for (i = 1; i <= number; i++)
                print place[i], name, value == $0 ? "-" : value
        }'
}

# A default that depends on other keys is an example in the sample file, and a key of OpenID Connect stands there more
# than once, as each section shows a group of it.
compare()
{
    awk 'NR == FNR { if ($3 == "-") depends[$1, $2] = 1; next }
         ($1, $2) in depends { print $1, $2, "-"; next }
         { print }' "$scratch/keys" "$2" | sort -u >"$scratch/found"
    if diff "$scratch/keys" "$scratch/found" >"$scratch/diff"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1 differs (<: the program, >: $1):"
        grep '^[<>]' "$scratch/diff"
    fi
}

"$print_keys" | sed 's|"pfx/[0-9][^"]*"|"pfx/VERSION"|' | sort >"$scratch/keys"
if [ ! -s "$scratch/keys" ]; then
    echo "no keys from $print_keys"
    failed=$((failed + 1))
fi

sample_keys >"$scratch/sample"
compare conf/pfx.cfg "$scratch/sample"
manual_keys >"$scratch/manual"
compare man/pfx.cfg.5 "$scratch/manual"

for all in yes no; do
    if [ $all = yes ]; then uncomment >"$scratch/pfx.cfg"; else cp "$root/conf/pfx.cfg" "$scratch/pfx.cfg"; fi
    if "$print_keys" "$scratch/pfx.cfg"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done

echo "keys: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
