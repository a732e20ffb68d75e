#!/usr/bin/env bash
# Only strict JSON is read; everything else is TEMP and its bytes go nowhere (A4, "not JSON"; A3, Values).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0

number=0
not_json() { # BODY in which $'...' bytes may stand, percent-encoded by url
    number=$((number + 1))
    map "j$number" "body=$(url "$1")"
}
not_json '<html>SECRET</html>'
not_json 'SECRET'
not_json '{"result":"x"} SECRET'
not_json '{"result":"x"}{"result":"y"}'
not_json '{"result":"x","result":"y"}'
not_json '{"other":{"a":1,"a":2},"result":"x"}'
not_json '{"result":"x\u0000y"}'
not_json '{"result":"\ud800"}'
not_json $'{"result":"\xff"}'
not_json $'{"result":"\xc0\x80"}'
not_json $'{"result":"\xed\xa0\x80"}'
not_json $'{"result":"\xf4\x90\x80\x80"}'
not_json $'{"result":"raw\nline"}'
not_json $'\xef\xbb\xbf{"result":"x"}'
not_json '{"result":01}'
not_json '{"result":NaN}'
not_json "{'result':'x'}"
not_json '{"result":"x",}'
not_json '{"result":"x"'
not_json '{"result":"x'
not_json '{"result":/* */"x"}'
not_json "$(printf '[%.0s' {1..5000})"
map nul 'body=%%7b%%22result%%22:%%22x%%00y%%22%%7d'
map nul_behind 'body=%%7b%%22result%%22:%%22x%%22%%7d%%00SECRET'
configuration
pfx_standalone

for ((i = 1; i <= number; i++)); do
    expect_reply "j$i" key 'TEMP *'
done
expect_reply nul key 'TEMP *'
expect_reply nul_behind key 'TEMP *'
expect_log 'warning: .*j1\b'
expect_no_log SECRET
pfx_stop
