#!/usr/bin/env bash
# Whatever the key holds, the backend gets exactly that key, and it cannot leave the JSON, URL or header it is put into.
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
as_is='fold_case = false; custom_headers = ["X-Marker: end"];'
entry in_path "target = \"http://$BACKEND/get/%s?\"; $as_is"
entry in_query "target = \"http://$BACKEND/in_query?key=%s\"; $as_is"
entry in_json "target = \"http://$BACKEND/in_json\"; payload = $(quoted '{"key": "%s", "admin": false}'); $as_is"
entry in_group "target = \"http://$BACKEND/in_group\"; payload = { key = \"%s\"; admin = false; }; $as_is"
entry in_form "target = \"http://$BACKEND/in_form\"; content_type = \"application/x-www-form-urlencoded\";
    payload = \"key=%s&admin=no\"; $as_is"
entry in_header "target = \"http://$BACKEND/in_header?body=%%7b%%22result%%22:1%%7d\"; fold_case = false;
    custom_headers = [\"X-Key: <%s>\", \"X-Marker: end\"];"
configuration
pfx_standalone

keys=(
    'john doe' '"john doe"@example.com' '"quo\"te"@example.com' '*' '""' '"<>"' '<>' ' ' ' leading' 'trailing '
    'grün@bücher.example' '日本@例え.jp' '😀@example.com'
    '"}' '","admin":true,"x":"' '\' '\\' '\"' '\u0000' '{"a":1}' '[1]' "it's" '`id`' '$(id)'
    'a/b' '/' '//' '?admin=1' '#fragment' '&admin=yes' 'key=other' ';' '%' '%41' '%00' '%s' '%%' '{{ .Key }}'
    'http://other.example/' '@' '@example.com' 'a@b@c.example' 'user+ext@example.com' ':,' '0:,'
    $'tab\tin it' $'line\nin it'
    $'\r\nX-Evil: 1\r\n\r\n' $'\x01\x02\x1f\x7f' "$(printf 'k%.0s' {1..9000})" "$(printf '"%.0s' {1..9000})"
)
seen() { # MAP: what the backend has read of the last request
    fetch /_last | sed '1,/^\r*$/d'
}
for key in "${keys[@]}"; do
    for name in in_path in_query in_json in_group in_form; do
        fetch /_reset >/dev/null
        reply=$(ask "$name" "$key")
        case $name:$key in
        in_form:*) ;;
        *$'\n'* | *$'\r'*) expect_match "$name '$key'" 'PERM *' "$reply" ;; # the value would have two lines
        *) expect_equal "$name '${key:0:40}'" "OK value-of-$key" "$reply" ;;
        esac
        expect_equal "requests of $name '${key:0:40}'" 1 "$(fetch '/_count?path=/')"
        head=$(fetch /_last | sed '/^\r*$/,$d')
        expect_equal "headers of $name '${key:0:40}'" 1 "$(grep -c '^X-Marker: end.$' <<<"$head")"
        expect_no_log '^X-Evil' <(printf '%s' "$head")
    done
    form=$(ask in_form "$key" >/dev/null && seen)
    expect_match "the form of '${key:0:40}'" 'key=*([A-Za-z0-9._~%-])&admin=no' "$form"
    case $key in
    *$'\n'* | *$'\r'*)
        expect_reply in_header "$key" 'PERM *'
        ;;
    *)
        expect_reply in_header "$key" 'OK 1'
        expect_match "the header of '${key:0:40}'" $'*\r\nX-Key: <'"${key//[\\*?\[]/?}"$'>\r\n*' "$(fetch /_last)"
        ;;
    esac
done

# A key that is empty or no UTF-8 is in no table: Postfix itself does not ask for it.
fetch /_reset >/dev/null
for name in in_path in_query in_json in_group in_form in_header; do
    for key in '' $'\xff\xfe@example.com' $'\xc0\xaf' $'\xed\xa0\x80'; do
        expect_reply "$name" "$key" 'NOTFOUND '
    done
done
# Nor is one that a server could take as a way out of the path, once it has decoded its slashes; elsewhere it is a key.
for key in . .. ../admin 'x/../../admin' '"x/../admin/"@virt.example' '..\admin'; do
    expect_reply in_path "$key" 'NOTFOUND '
done
expect_equal "requests about keys that are none" 0 "$(fetch '/_count?path=/')"
expect_reply in_query ../admin 'OK value-of-../admin'
expect_reply in_json ../admin 'OK value-of-../admin'
expect_reply in_query well 'OK value-of-well'
pfx_stop
