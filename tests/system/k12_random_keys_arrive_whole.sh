#!/usr/bin/env bash
# Random keys arrive whole, wherever an entry puts them, at a backend that shares no code with pfx; what cannot be a key
# there is not asked for. SEED=N asks for other keys, COUNT=N for so many.
set -eu
. "$(dirname "$0")/lib.sh"

SEED=${SEED:-1}
COUNT=${COUNT:-5000}
here=$(dirname "$0")

in_background "$T/backend.log" perl "$here/independent.pl" "$T/port"
wait_for 10 test -s "$T/port" || fail "the backend does not start: $(cat "$T/backend.log")"
BACKEND=127.0.0.1:$(<"$T/port")

requests_of() { # NAME
    fetch "/_count/$1" | tr -dc 0-9
}
as_is() { # NAME REST-OF-THE-URL SETTINGS
    entry "$1" "target = \"http://$BACKEND/$1$2\"; fold_case = false; $3"
}
as_is in_string '' "payload = $(quoted '{"key": "%s", "admin": false}');"
as_is in_group '' 'payload = { key = "%s"; admin = false; };'
as_is in_form '' 'content_type = "application/x-www-form-urlencoded"; payload = "key=%s&admin=no";'
as_is in_path '/%s/end?admin=no' ''
as_is in_query '?key=%s&admin=no' ''
as_is in_header '' 'custom_headers = "X-Key: <%s>";'
as_is all_in_group '' 'payload = { keys = "%{keys}"; };'
as_is all_in_form '' 'content_type = "application/x-www-form-urlencoded"; payload = "keys=%{keys}&admin=no";'
as_is all_in_header '' 'custom_headers = "X-Key: %{keys}";'
names=(in_string in_group in_form in_path in_query in_header all_in_group all_in_form all_in_header)
configuration
pfx_standalone

perl "$here/random_keys.pl" "$SOCKET" "$SEED" "$COUNT" "${names[@]}" >"$T/asked" 2>"$T/wrong" || fail "$(<"$T/wrong")"
while read -r name wanted; do
    expect_equal "requests of $name (seed $SEED)" "$wanted" "$(requests_of "$name")"
    [ "$wanted" -gt $((COUNT / 2)) ] || fail "only $wanted keys for $name (seed $SEED)"
    [ "$wanted" -lt "$COUNT" ] || fail "none of the keys for $name is left out (seed $SEED)"
done <"$T/asked"
expect_equal "entries asked" "${#names[@]}" "$(wc -l <"$T/asked")"

# A NUL ends the connection; nothing is asked.
for name in "${names[@]}"; do
    before=$(requests_of "$name")
    expect_equal "reply to a NUL" '' "$(printf '%d:%s k\0y,' $((${#name} + 4)) "$name" | raw "unix:$SOCKET")"
    expect_equal "requests about a NUL" "$before" "$(requests_of "$name")"
done
expect_log 'NUL'
pfx_stop
