#!/usr/bin/env bash
# propagate_extension: what was found without the extension of the key gets it back, in each address (A3, Keys; as
# propagate_unmatched_extensions of virtual(5)).
set -eu
. "$(dirname "$0")/lib.sh"

known() { # KEY VALUE: all that the backend has from now on
    printf '%s\t%s\n' "$@" >"$T/data.new"
    mv "$T/data.new" "$T/data"
}
known nothing ''
backend_start -l inet:127.0.0.1:0 -d "$T/data"
extends='keys = "virtual"; local_domains = "x.example"; propagate_extension = true;'
map alias '' "$extends recipient_delimiter = \"+\";"
map unfolded '' "$extends recipient_delimiter = \"+\"; fold_case = false;"
map formatted '' "$extends recipient_delimiter = \"+\"; result_format = \"%u@%D\";"
map small '' "$extends recipient_delimiter = \"+\"; max_reply_size = 1024;"
map several '' "$extends recipient_delimiter = \"-+\";"
map none '' "$extends"
map off '' 'keys = "virtual"; recipient_delimiter = "+";'
map kept '' "$extends recipient_delimiter = \"+\"; response_cache = { enabled = true; max_age = \"1h\"; };"
answer() { # NAME RESULT [SETTINGS]
    map "$1" "body=$(url "{\"result\":$2}")" "$extends recipient_delimiter = \"+\"; ${3:-}"
}
all='payload = { all = "%{keys}"; };'
answer array '["a@y.example","b+c@y.example","@y.example","plain"]' 'keys = "unextended";'
answer one '["a@y.example"]' 'keys = "unextended"; expansion_limit = 1;'
answer object '{"u@x.example":["a@y.example","b@y.example"]}' "$all"
answer object_full '{"u+e@x.example":"f@y.example"}' "$all"
answer object_catchall '{"@x.example":"c@y.example"}' "$all"
answer object_localpart '{"u":"l@y.example"}' "$all"
answer not_told '"a@y.example"' "$all"
answer object_kept '{"u@x.example":"a@y.example"}' "$all response_cache = { enabled = true; max_age = \"1h\"; };"
answer comment '["a@y.example","b@z.example (b)"]' 'keys = "unextended";'
configuration
sed -i 's/keys = "virtual";\(.*\)keys = "unextended";/keys = "unextended";\1/' "$CFG"
pfx_standalone

# gives NAME KEY VALUE REPLY: what is found for the only key that the backend has, when u+e@x.example is asked.
gives() {
    known "$2" "$3"
    expect_equal "$1: $2 is $3" "OK $4" "$(ask "$1" u+e@x.example)"
}
gives alias u@x.example a@y.example a+e@y.example
gives alias u a@y.example a+e@y.example
gives alias u+e@x.example a@y.example a@y.example
gives alias u+e a@y.example a@y.example
gives alias @x.example a@y.example a@y.example
gives alias u@x.example a@y.example,b@z.example a+e@y.example,b+e@z.example
gives alias u@x.example 'a@y.example, "b c"@z.example d' 'a+e@y.example, "b c+e"@z.example d+e'
gives alias u@x.example '"a, b"@y.example,"c\"d"@y.example' '"a, b+e"@y.example,"c\"d+e"@y.example'
gives alias u@x.example @y.example @y.example
gives alias u@x.example 'b+c@y.example' 'b+c+e@y.example'
for value in 'a@y.example (a, b)' 'team: a@y.example, b@z.example;' '<@z.example:a@y.example>' 'a @y.example' \
    'a@ y.example' 'b@z.example,a @ y.example' 'host!a' 'a%host' 'smtp:[host]'; do
    gives alias u@x.example "$value" "$value"
done
gives alias u@x.example 'host!a,b@z.example,c%host' 'host!a,b+e@z.example,c%host'
gives alias u@x.example 'host!a@y.example,b%host@z.example' 'host!a+e@y.example,b%host+e@z.example'
gives alias u@x.example 'a@[IPv6:2001:db8::1],"b:c (d)"@z.example' 'a+e@[IPv6:2001:db8::1],"b:c (d)+e"@z.example'
gives formatted u@x.example a@y.example a+e@x.example
gives off u@x.example a@y.example a@y.example
gives several u+e@x.example a@y.example a@y.example
gives several u@x.example a@y.example a+e@y.example

known u@x.example a@y.example
expect_reply alias u@x.example 'OK a@y.example'
expect_reply alias U+E@X.example 'OK a+E@y.example'
expect_reply several u-e+f@x.example 'OK a-e+f@y.example'
expect_reply none u+e@x.example 'NOTFOUND '
expect_equal "an extension with a blank" 'OK "a+e f"@y.example' "$(ask alias '"u+e f"@x.example')"
for host in 'e%host' 'host!e'; do
    known u@x.example a@y.example
    expect_equal "an extension with a host" "OK a+$host@y.example" "$(ask alias "u+$host@x.example")"
    known u@x.example a,b@y.example
    expect_equal "no domain" "OK \"a+$host\",b+$host@y.example" "$(ask alias "u+$host@x.example")"
done
known U@x.example a@y.example
expect_reply unfolded U+E@x.example 'OK a+E@y.example'

expect_equal "an array" 'OK a+e@y.example,b+c+e@y.example,@y.example,plain+e' "$(ask array u+e@x.example)"
expect_equal "one value" 'OK a+e@y.example' "$(ask one u+e@x.example)"
expect_equal "a comment" 'OK a@y.example,b@z.example (b)' "$(ask comment u+e@x.example)"
expect_equal "an object" 'OK a+e@y.example,b+e@y.example' "$(ask object u+e@x.example)"
expect_equal "an object for another extension" 'OK a+f@y.example,b+f@y.example' "$(ask object u+f@x.example)"
expect_equal "an object without extension" 'OK a@y.example,b@y.example' "$(ask object u@x.example)"
expect_equal "an object with the whole key" 'OK f@y.example' "$(ask object_full u+e@x.example)"
expect_equal "an object with a catch-all" 'OK c@y.example' "$(ask object_catchall u+e@x.example)"
expect_equal "an object with a local part" 'OK l+e@y.example' "$(ask object_localpart u+e@x.example)"
expect_equal "a value of nobody knows what" 'OK a@y.example' "$(ask not_told u+e@x.example)"

# What is kept is without the extension, or with each as it was written.
known u@x.example a@y.example
for extension in e f E e f E; do
    expect_equal "kept" "OK a+$extension@y.example" "$(ask kept "u+$extension@x.example")"
    expect_equal "kept, an object" "OK a+$extension@y.example" "$(ask object_kept "u+$extension@x.example")"
done
expect_reply kept u@x.example 'OK a@y.example'
expect_equal "requests for u@x.example" 1 "$(fetch '/_count?path=/kept?key=u%40x.example')"

# The longer value must fit, too.
known u@x.example "$(printf 'a@y.example,%.0s' {1..60})a@y.example"
long=$(printf 'e%.0s' {1..60})
expect_reply small u@x.example 'OK a@y.example,*'
expect_reply small "u+$long@x.example" 'PERM *'
pfx_stop
