#!/usr/bin/env bash
# Method, payload, headers and authorization reach the backend as configured (A3, keys of an entry).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
printf 'token-from-file\n' >"$T/token"
printf 'user:word:with:colons\n' >"$T/basic"
chmod 600 "$T/token" "$T/basic"

map plain ''
map put '' 'method = "PUT"; payload = { key = "%s"; };'
post="target = \"http://$BACKEND/post\";"
entry string "$post payload = $(quoted '{ "key": "%s", "local": "{{ .Key }} of %u at %d", "n": 5 }');"
entry group "$post payload = { key = \"%s\"; n = 5; yes = true;
    deep = { user = \"%u\"; }; list = (\"%d\", \"100%%\", 7); };"
entry form "$post content_type = \"application/x-www-form-urlencoded\"; payload = \"user=%s&x=1&%%\";"
map headers '' 'custom_headers = ("X-One: 1", "x-two: changed", "X-Three:", "X-Key: <%s>");'
map basic '' 'http_auth_basic = "user:pass";'
map basic_file '' "http_auth_basic = { file = \"$T/basic\"; };"
map bearer '' 'http_auth_bearer = "abc.def";'
map bearer_file '' "http_auth_bearer = { file = \"$T/token\"; };"
map own_header '' 'custom_headers = "Authorization: Magic xyz";'
map agent '' 'http = { user_agent = "tester/1"; };'
map packed '' 'http_request_compression = true; payload = { key = "%s"; };'
map unpacked '' 'http_response_compression = true;'
map not_packed '' 'http_response_compression = false;'
map folded ''
map not_folded '' 'fold_case = false;'
{
    top_level
    printf 'socket_maps = {\n    defaults = { value_field = "result";'
    printf ' custom_headers = ["X-Two: 2", "X-Three: 3", "X-Four: 4"]; };\n%s};\n' "$ENTRIES"
} >"$CFG"
pfx_standalone

# sends NAME KEY GLOB...: what the backend received for the key.
sends() {
    local name=$1 key=$2 last
    shift 2
    expect_reply "$name" "$key" 'OK *'
    last=$(fetch /_last)
    for glob in "$@"; do
        expect_match "the request of $name" "$glob" "$last"
    done
}
lacks() { # NAME REGEX: the last request has no such header
    ! fetch /_last | grep -Eiq "^$2" || fail "the request of $1 has a header $2"
}

sends plain me@example.com 'GET /plain?key=me%40example.com HTTP/1.1'$'\r\n*' $'*\r\nHost: '"$BACKEND"$'\r\n*' \
    $'*\r\nUser-Agent: pfx/[0-9]*\r\n*'
[[ $(fetch /_last) =~ X-Request-Id:\ [0-9a-f]{16}$'\r' ]] || fail "no X-Request-Id"
lacks plain 'authorization:'
lacks plain 'content-type:'
sends put key 'PUT /put*' '*"key"*:*"key"*'
sends string me@example.com 'POST /post HTTP/1.1*' $'*\r\nContent-Type: application/json\r\n*' \
    '*"key": "me@example.com", "local": "me@example.com of me at example.com", "n": 5*'
sends group me@example.com 'POST /post *' $'*\r\nContent-Type: application/json\r\n*'
body=$(fetch /_last | sed '1,/^\r*$/d' | tr -d ' \n')
for part in '"key":"me@example.com"' '"n":5' '"yes":true' '"deep":{"user":"me"}' '"list":["example.com","100%",7]'; do
    expect_holds "the payload of group" "$part" "$body"
done
sends form 'a b&c@x.example' $'*\r\nContent-Type: application/x-www-form-urlencoded\r\n*' \
    '*user=a%20b%26c%40x.example&x=1&%*'
sends headers key $'*\r\nX-One: 1\r\n*' $'*\r\nx-two: changed\r\n*' $'*\r\nX-Four: 4\r\n*' $'*\r\nX-Key: <key>\r\n*'
lacks headers 'x-three'
lacks headers 'x-two: 2'
sends basic key $'*\r\nAuthorization: Basic dXNlcjpwYXNz\r\n*'
sends basic_file key $'*\r\nAuthorization: Basic '"$(printf user:word:with:colons | base64)"$'\r\n*'
sends bearer key $'*\r\nAuthorization: Bearer abc.def\r\n*'
sends bearer_file key $'*\r\nAuthorization: Bearer token-from-file\r\n*'
sends own_header key $'*\r\nAuthorization: Magic xyz\r\n*'
sends agent key $'*\r\nUser-Agent: tester/1\r\n*'
sends packed key $'*\r\nContent-Encoding: gzip\r\n*' '*"key"*:*"key"*'
sends unpacked key $'*\r\nAccept-Encoding: gzip*'
sends not_packed key
lacks not_packed 'accept-encoding:.*gzip'
expect_reply folded 'User+X@Example.COM' 'OK value-of-user+x@example.com'
expect_reply folded 'ÄÖ@Example.COM' 'OK value-of-ÄÖ@example.com'
expect_reply not_folded 'User+X@Example.COM' 'OK value-of-User+X@Example.COM'
expect_no_log 'token-from-file|abc\.def|word:with'
pfx_stop
