#!/usr/bin/env bash
# %{keys} asks for all forms of a key in one request; the answer is a value, or an object by form, of which the first in
# order counts (A3, Templates, Keys).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
full=user+ext@mx.example.com unextended=user@mx.example.com catchall=@mx.example.com
array='["user+ext@mx.example.com","user@mx.example.com","@mx.example.com"]'
every='keys = "virtual"; recipient_delimiter = "+";'
post() { # NAME SETTINGS
    entry "$1" "target = \"http://$BACKEND/$1?body=$(url '{"result":"x"}')\"; $every $2"
}
post in_string "payload = $(quoted '{"n": 1, "all": %{keys}, "one": "%s of %u at %d"}');"
post in_group 'payload = { all = "%{keys}"; deep = { list = ("%{keys}", "%U"); }; };'
post in_form 'payload = "all=%{keys}&one=%s"; content_type = "application/x-www-form-urlencoded";'
post in_header 'custom_headers = "X-Keys: %{keys}"; payload = { one = "%s"; };'
map in_url 'all=%{keys}&deep=1' "$every"
map in_url_unfolded 'all=%{keys}' "$every fold_case = false;"
map one_form 'all=%{keys}' ''

number=0
wanted=()
answer() { # BODY REPLY [SETTINGS]: an entry and its reply to $full; "PERM" stands for any such, "OTHERS"
    # for what is said of a member that was not asked for
    number=$((number + 1))
    entry "v$number" "target = \"http://$BACKEND/v$number?body=$(url "$1")\"; payload = { all = \"%{keys}\"; };
        $every ${3:-}"
    wanted[number]=$2
}
objects() { # MEMBERS REPLY [SETTINGS]
    answer "{\"result\":{$1}}" "${@:2}"
}
objects "\"$catchall\":\"c\",\"$unextended\":\"u\",\"$full\":\"f\"" 'OK f'
objects "\"$catchall\":\"c\",\"$unextended\":\"u\"" 'OK u'
objects "\"$catchall\":\"c\"" 'OK c'
for nothing in null '""' '[]' '[null,""]'; do
    objects "\"$full\":$nothing,\"$unextended\":$nothing,\"$catchall\":\"c\"" 'OK c'
    objects "\"$full\":$nothing,\"$unextended\":$nothing" 'NOTFOUND '
done
objects '' 'NOTFOUND '
objects "\"User@mx.Example.com\":\"u\",\"$catchall\":\"c\"" 'OK u'
objects "\"$unextended\":[\"a\",5e3,null,true]" 'OK a,5000,true'
objects "\"$unextended\":false,\"$catchall\":\"c\"" 'OK false'
objects "\"$unextended\":0" 'OK 0'
objects "\"$full\":{\"a\":\"b\"},\"$catchall\":\"c\"" PERM
objects "\"$full\":\"a\\nb\",\"$catchall\":\"c\"" PERM
answer '{"result":"plain"}' 'OK plain'
answer '{"result":["a","b"]}' 'OK a,b'
answer '{"result":null}' 'NOTFOUND '
answer "{\"$unextended\":\"u\"}" 'OK u' 'value_field = "";'
answer "{\"data\":[{\"$unextended\":\"u\"}]}" 'OK u' 'value_field = "data.0";'
answer '{}' 'NOTFOUND ' 'value_field = "";'

# Whatever was not asked for makes it no answer.
for other in '"other@mx.example.com":"o"' '"user":"x"' '"mx.example.com":null' '"":"y"' '"@mx.example.com ":"z"'; do
    objects "$other" OTHERS
    objects "\"$full\":\"f\",$other" OTHERS
    objects "$other,\"$full\":null" OTHERS
done
objects "\"User@mx.Example.com\":\"u\"" OTHERS 'fold_case = false;'
answer '{"error":"the database is down"}' OTHERS 'value_field = "";'
answer '{"data":{"list":{}}}' OTHERS 'value_field = "data";'

# result_format and expansion_limit are of the form that was found.
objects "\"$unextended\":[\"a@x.example\",\"b@y.example\"]" \
    "OK a of $unextended user mx.example.com com,b of $unextended user mx.example.com com" \
    'result_format = "%u of %S %U %D %1";'
objects "\"$full\":[\"a\",\"b\"],\"$unextended\":\"c@x.example\"" 'OK x.example' 'result_format = "%d";'
answer '{"result":"plain"}' "OK plain of $full" 'result_format = "%s of %S";'
answer "{\"result\":{\"$unextended\":[\"a\",\"b\"]}}" TEMP 'expansion_limit = 1;'

map kept 'all=%{keys}' "$every response_cache = { enabled = true; max_age = \"1h\"; };"
configuration
pfx_standalone

# --- What is asked
body_of() { # NAME
    fetch /_reset >/dev/null
    expect_reply "$1" User+Ext@MX.example.com 'OK *'
    expect_equal "requests of $1" 1 "$(fetch '/_count?path=/')"
    fetch /_last | sed '1,/^\r*$/d' | tr -d '\n'
}
expect_equal "a string" "{\"n\": 1, \"all\": $array, \"one\": \"$full of user+ext at mx.example.com\"}" \
    "$(body_of in_string)"
expect_equal "a group" "{\"all\":$array,\"deep\":{\"list\":[$array,\"user+ext\"]}}" "$(body_of in_group)"
encoded='%5B%22user%2Bext%40mx.example.com%22%2C%22user%40mx.example.com%22%2C%22%40mx.example.com%22%5D'
expect_equal "a form" "all=$encoded&one=user%2Bext%40mx.example.com" "$(body_of in_form)"
expect_equal "the payload beside a header" "{\"one\":\"$full\"}" "$(body_of in_header)"
expect_holds "a header" $'\r\n'"X-Keys: $array"$'\r\n' "$(fetch /_last)"
expect_equal "no payload" '' "$(body_of in_url)"
expect_equal "a URL" "/in_url?key=user%2Bext%40mx.example.com&all=$encoded&deep=1" "$(fetch /_urls)"
expect_equal "no payload, unfolded" '' "$(body_of in_url_unfolded)"
expect_holds "a URL, unfolded" '&all=%5B%22User%2BExt%40MX.example.com%22%2C%22User%40MX' "$(fetch /_urls)"
expect_equal "no payload, one form" '' "$(body_of one_form)"
expect_holds "a URL with one form" '&all=%5B%22user%2Bext%40mx.example.com%22%5D' "$(fetch /_urls)"

# Whatever a key holds, the array is JSON.
odd='"a\b"c'$'\x01''d+é"@x.example'
expect_reply in_string "$odd" 'OK x'
expect_holds "an odd key" '"all": ["\"a\\b\"c\u0001d+é\"@x.example",' "$(fetch /_last)"

# --- What is answered
for i in "${!wanted[@]}"; do
    case ${wanted[i]} in
    PERM | TEMP) expect_reply "v$i" "$full" "${wanted[i]} *" ;;
    OTHERS)
        expect_reply "v$i" "$full" 'PERM the answer has a member that was not asked for'
        expect_log "map=v$i, .* the answer has a member that was not asked for: check value_field \(status 200\)"
        ;;
    *) expect_equal "v$i: $(grep -A1 " v$i = " "$CFG")" "${wanted[i]}" "$(ask "v$i" "$full")" ;;
    esac
done
fetch /_reset >/dev/null
for _ in 1 2 3; do expect_reply kept "$full" "OK value-of-$full"; done
expect_equal "requests about a kept answer" 1 "$(asked kept)"
expect_reply kept "$unextended" "OK value-of-$unextended"
expect_equal "requests about two" 2 "$(asked kept)"
pfx_stop
