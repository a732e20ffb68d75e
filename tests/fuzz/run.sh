#!/bin/sh
# Looks for inputs that break a target: tests/fuzz/run.sh PROGRAM TARGET SECONDS BYTES, see "make fuzz".
# New inputs go to found/TARGET beside the program, those that break it to broken-TARGET-*.
set -eu

program=$1
target=$2
build=$(dirname "$program")
dictionary=$build/$target.dict

# answer.dict is for answer_map, answer_policy and answer_login.
echo "# $target" >"$dictionary" # an empty file is an error
for file in "tests/fuzz/dict/$target.dict" "tests/fuzz/dict/${target%%_*}.dict"; do
    if [ -r "$file" ]; then
        cat "$file" >>"$dictionary"
        break
    fi
done
[ "$target" != config ] ||
    sed -n 's/^CONFIG_KEY([A-Z_ |]*, \([a-z_]*\),.*/"\1"/p' libpfx/config_keys.def | sort -u >>"$dictionary"

mkdir -p "$build/found/$target"
exec "$program" -max_total_time="$3" -max_len="$4" -dict="$dictionary" -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$build/broken-$target-" "$build/found/$target" "tests/fuzz/corpus/$target"
