#!/usr/bin/env bash
# faults.tsv is whole: each row is one fault, says what Postfix sees and what the log says, and its test is there, does
# that row and checks at its end that it has done all of its rows; and each test of faults has a row.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")"

rows=0
while IFS=$'\t' read -r row fault map policy login log test more; do
    case $row in \#*) continue ;; esac
    rows=$((rows + 1))
    [ -n "$test" ] && [ -z "$more" ] || fail "row $row has not 7 columns"
    [ "$map$policy$login$log" != ---- ] || fail "row $row says nothing"
    [[ $row =~ ^[A-Za-z0-9_]+$ && $fault != - ]] || fail "row $row: its name, or what the fault is"
    [ -x "$test.sh" ] || fail "row $row: no $test.sh"
    grep -qw -- "$row" "$test.sh" || fail "row $row: $test.sh does not do it"
    [ "$(tail -1 "$test.sh")" = expect_all_rows ] || fail "$test.sh does not end with expect_all_rows"
done <faults.tsv
[ "$rows" -gt 0 ] || fail "no rows"
expect_equal "names that stand twice" '' "$(grep -v '^#' faults.tsv | cut -f 1 | sort | uniq -d)"
for test in $(grep -l '/faults\.sh"' [a-z][0-9][0-9]_*.sh); do
    cut -f 7 faults.tsv | grep -qx "${test%.sh}" || fail "$test has no row"
done
