#!/usr/bin/env bash
# A value of the backend comes back as "OK value", over UNIX and TCP sockets (A4, "value there"; A3, Values).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0 -l unix:"$T/backend.sock"
chmod 666 "$T/backend.sock"

number=0
value() { # BODY WANTED [SETTINGS]: an entry and what it has to answer
    number=$((number + 1))
    map "v$number" "body=$(url "$1")" "${3:-}"
    wanted[number]=$2
}

value '{"result":"user@example.com"}' 'user@example.com'
value ' { "result" : "two  words " } ' 'two  words '
value '{"result":"gr\u00fcn \u20ac \ud83d\ude00"}' 'grün € 😀'
value '{"result":"grün"}' 'grün'
value '{"result":"a\"b\\c\/d\te"}' $'a"b\\c/d\te'
value '{"result":5000}' 5000
value '{"result":5e3}' 5000
value '{"result":-7}' -7
value '{"result":0}' 0
value '{"result":1.5}' 1.5
value '{"result":9007199254740992}' 9007199254740992
value '{"result":true}' true
value '{"result":false}' false
value '{"result":["a@x.example","b@x.example",3]}' 'a@x.example,b@x.example,3'
value '{"result":["a",null,"","b"]}' 'a,b'
value '{"data":{"result":"deep"}}' deep 'value_field = "data.result";'
value '{"aliases":["first","second"]}' second 'value_field = "aliases.1";'
value '"the whole body"' 'the whole body' 'value_field = "";'
map created 'status=201&body=%%7b%%22result%%22:1%%7d' 'status_code = [200, 201];'
map sent_in_chunks chunked=1
map packed gzip=1 'http_response_compression = true;'
map until_the_end nolength=1
map dripping drip=1
map many_headers headers=50
entry by_socket "target = \"unix:$T/backend.sock:/get/%s\";"
map big bytes=99997

configuration
port=$(instance_unused_port)
pfx_standalone -L "unix:$SOCKET,mode=0666" -L "inet:127.0.0.1:$port"
pfx_serves "unix:$SOCKET"

for i in "${!wanted[@]}"; do
    expect_equal "v$i" "OK ${wanted[i]}" "$(ask "v$i" key)"
    expect_equal "v$i by TCP" "OK ${wanted[i]}" "$(ask_at "inet:127.0.0.1:$port" "v$i" key)"
done
for name in sent_in_chunks packed until_the_end dripping many_headers by_socket; do
    expect_reply "$name" some@key.example 'OK value-of-some@key.example'
done
expect_reply created key 'OK 1'
expect_match "Host on a UNIX socket" $'*\r\nHost: localhost\r\n*' "$(ask by_socket key >"$T/reply" && fetch /_last)"
reply=$(ask big key) # "OK " and 99,997 bytes: the longest that Postfix reads
expect_equal "length of the longest reply" 100000 ${#reply}
pfx_stop
