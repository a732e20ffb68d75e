#!/usr/bin/env bash
# What becomes of the values of an answer: value_field, conversion, result_format, expansion_limit (A3, Values).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
number=0
wanted=()
value() { # BODY REPLY [SETTINGS]: an entry and its reply to user+x@mx.example.com; "PERM" stands for any such
    number=$((number + 1))
    map "v$number" "body=$(url "$1")" "${3:-}"
    wanted[number]=$2
}
format() { # RESULT-FORMAT BODY REPLY [SETTINGS]
    value "$2" "$3" "result_format = $(quoted "$1"); ${4:-}"
}
one='{"result":"info@box.example.org"}'
two='{"result":["a@x.example","b@y.example"]}'

# --- Paths and conversion
value '{"aliases":["first","second"]}' 'OK first' 'value_field = "aliases.0";'
value '{"aliases":["first","second"]}' 'NOTFOUND ' 'value_field = "aliases.2";'
value '{"data":{"list":[{"name":"a"},{"name":"b"}]}}' 'OK b' 'value_field = "data.list.1.name";'
value '{"data":{"list":[{"name":"a"},{}]}}' 'NOTFOUND ' 'value_field = "data.list.1.name";'
value '{"data":{"list":"a"}}' 'NOTFOUND ' 'value_field = "data.list.1.name";'
value '{"data":{"0":"member"}}' 'OK member' 'value_field = "data.0";'
value '[["a"],["b","c"]]' 'OK c' 'value_field = "1.1";'
for number_and_text in 5000=5000 5e3=5000 1e3=1000 5000.0=5000 -5=-5 -0=0 1.5=1.5 -1.25=-1.25 \
    9007199254740992=9007199254740992 -9007199254740992=-9007199254740992 true=true false=false; do
    value "{\"result\":${number_and_text%=*}}" "OK ${number_and_text#*=}"
    value "{\"result\":[\"x\",${number_and_text%=*}]}" "OK x,${number_and_text#*=}"
done
for bad in 9007199254740993 -9007199254740993 1e300 '{"a":"b"}' '{}' '[["a"]]' '["a",["b"]]' '["a",{"b":"c"}]' \
    '["a",9007199254740993]' '"a\nb"'; do
    value "{\"result\":$bad}" PERM
    format '<%s>' "{\"result\":$bad}" PERM
done
for nothing in null '""' '[]' '[null]' '["",null]'; do
    value "{\"result\":$nothing}" 'NOTFOUND '
    format '<%s>' "{\"result\":$nothing}" 'NOTFOUND '
done

# --- result_format
format '%s' "$one" 'OK info@box.example.org'
format 'smtp:[%s]:25' '{"result":"mx1.example.com"}' 'OK smtp:[mx1.example.com]:25'
format '%u at %d' "$one" 'OK info at box.example.org'
format '%S %U %D' "$one" 'OK user+x@mx.example.com user+x mx.example.com'
format '%1 %2 %3 %{1}' "$one" 'OK com example mx com'
format '100%% %s%%' "$one" 'OK 100% info@box.example.org%'
format '{"%s"}\' '{"result":"a\"b\\"}' 'OK {"a"b\"}\'
format 'OK' "$two" 'OK OK,OK'
format '<%s>' "$two" 'OK <a@x.example>,<b@y.example>'
format '%s of %U' "$two" 'OK a@x.example of user+x,b@y.example of user+x'
format '%d' "$two" 'OK x.example,y.example'
format '%s bytes' '{"result":5e3}' 'OK 5000 bytes'
format '%s!' '{"result":true}' 'OK true!'
format 'n%s' '{"result":[1,2.5,false]}' 'OK n1,n2.5,nfalse'
format '%u' '{"result":["plain","a@b@c.example","\"d e\"@f.example"]}' 'OK plain,a@b,"d e"'
format '<%s>' '{"result":["a",null,"","b"]}' 'OK <a>,<b>'
format '%d' '{"result":["a@x.example","plain","b@","c@y.example"]}' 'OK x.example,y.example'
format '%u' '{"result":["@x.example","a@x.example"]}' 'OK a'
format 'x%d' '{"result":"plain"}' 'NOTFOUND '
format 'x%u' '{"result":["@x.example","@y.example"]}' 'NOTFOUND '
format '%s %s %s' "$one" 'OK info@box.example.org info@box.example.org info@box.example.org'
value "$two" 'OK a@x.example,b@y.example' 'result_format = "%s";'

# --- expansion_limit
limit='expansion_limit = 1;'
value "$one" 'OK info@box.example.org' "$limit"
value '{"result":"a@x.example,b@y.example"}' 'OK a@x.example,b@y.example' "$limit"
value '{"result":["one"]}' 'OK one' "$limit"
value '{"result":["one",null,""]}' 'OK one' "$limit"
format '%d' '{"result":["plain","a@x.example"]}' 'OK x.example' "$limit"
value "$two" 'OK a@x.example,b@y.example' 'expansion_limit = 2;'
value "$two" 'OK a@x.example,b@y.example' 'expansion_limit = 0;'
map over "body=$(url "$two")" "$limit"
map over_formatted "body=$(url "$two")" "$limit result_format = \"%d\";"
map over_20 "body=$(url "{\"result\":[$(seq -s, 21)]}")" 'expansion_limit = 20;'

# --- Statuses; all that is asked in the URL
map created "status=201&body=$(url "$one")" 'status_code = [200, 201, 299];'
map other "status=202&body=$(url "$one")" 'status_code = [200, 201, 299];'
in_url() { # NAME STATUS BODY
    entry "$1" "target = \"http://$BACKEND/domains/%d/users/%u?status=$2&body=$3\";"
}
in_url rest 200 "$(url "$one")"
in_url rest_404 404 ''
in_url rest_404_json 404 "$(url '{"message":"no such user"}')"
in_url rest_204 204 ''
in_url rest_empty 200 ''
in_url rest_403 403 ''
configuration
pfx_standalone

key=user+x@mx.example.com
for i in "${!wanted[@]}"; do
    case ${wanted[i]} in
    PERM) expect_reply "v$i" "$key" 'PERM *' ;;
    *) expect_equal "v$i: $(grep " v$i = " "$CFG")" "${wanted[i]}" "$(ask "v$i" "$key")" ;;
    esac
done
for name in over over_formatted over_20; do
    expect_reply "$name" "$key" 'TEMP *'
    expect_log "warning: .*map=$name[, ].*expansion_limit"
done
expect_reply created "$key" 'OK info@box.example.org'
expect_reply other "$key" 'PERM *'
fetch /_reset >/dev/null
expect_reply rest "$key" 'OK info@box.example.org'
expect_match "the URL" '/domains/mx.example.com/users/user%2Bx\?*' "$(fetch /_urls)"
for name in rest_404 rest_404_json rest_204 rest_empty; do
    expect_reply "$name" "$key" 'NOTFOUND '
done
expect_reply rest_403 "$key" 'PERM *'
expect_equal "requests" 6 "$(fetch '/_count?path=/domains/mx.example.com/users/user%2Bx?')"
pfx_stop
