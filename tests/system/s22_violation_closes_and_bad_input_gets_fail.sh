#!/usr/bin/env bash
# Every row of the contract's 1.8: a violation closes the connection within a second and gives one line in the log; an
# input that is no more than bad is answered with FAIL and its own id, and the connection stays (contract 6.5, point 2).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
login good 'status=200'
login one_mechanism 'status=200' 'mechanisms = ["LOGIN"];'
sasl_configuration
port=$(instance_unused_port)
pfx_standalone -L "unix:$SOCKET,mode=0666" -L "inet:127.0.0.1:$port" good
pfx_serves "unix:$SOCKET"

resp=$(plain alice SECRET)
refusals() {
    grep -c "warning: peer=[^ ]*: malformed request: $1, closing\$" "$LOG" || true
}
# closes WHAT REASON STEP...: on both kinds of sockets, without another byte; a TCP connection by a reset.
closes() {
    local before
    before=$(refusals "$2")
    dialogue "$1" "unix:$SOCKET" "${@:3}" end
    dialogue "$1, TCP" "inet:127.0.0.1:$port" "${@:3}" reset
    expect_equal "lines in the log about $1" $((before + 2)) "$(refusals "$2")"
}
# begins WHAT REASON LINE: closes instead of being taken as the client's first line.
handshake=(within\ 1000 like\ VERSION.* like\ MECH.* like\ MECH.* like\ SPID.* like\ CUID.* like\ COOKIE.* line\ DONE)
begins() {
    closes "$1" "$2" "${handshake[@]}" "send $3"
}
after() { # WHAT REASON LINE: closes when it comes after the handshake
    closes "$1" "$2" 'hello 0' "send $3"
    closes "$1, minor 2" "$2" 'hello 2' "send $3"
}
first='VERSION must come first'
begins "AUTH first" "$first" "$(auth 1 PLAIN "$resp")"
begins "CPID first" "$first" 'CPID\t5'
begins "CONT first" "$first" "CONT\t1\t$resp"
begins "another protocol" "$first" 'GET / HTTP/1.1'
begins "an empty line first" "$first" ''
begins "another major version" 'unknown major version' 'VERSION\t2\t0'
begins "version 0" 'unknown major version' 'VERSION\t0\t1'
for line in VERSION 'VERSION\t1' 'VERSION\t' 'VERSION\t1\t' 'VERSION\t1\tx' 'VERSION\tx\t1' 'VERSION\t1\t0\t0' \
    'VERSION\t-1\t0' 'VERSION\t01\t0' 'VERSION\t1\t99999999999'; do
    begins "'$line'" 'VERSION needs two numbers' "$line"
done
second='CPID must follow VERSION'
version=$'VERSION\t1\t0\n'
begins "AUTH after VERSION" "$second" "$version$(auth 1 PLAIN "$resp")"
begins "an unknown word after VERSION" "$second" "${version}HELLO\t1"
begins "VERSION twice" "$second" "${version}VERSION\t1\t0"
for line in CPID 'CPID\t' 'CPID\t0' 'CPID\tx' 'CPID\t-5' 'CPID\t5\t5' 'CPID\t4294967296'; do
    begins "'$line'" 'CPID needs a process ID' "$version$line"
done
after "VERSION again" 'a second handshake' 'VERSION\t1\t0'
after "CPID again" 'a second handshake' 'CPID\t5'

identifier='AUTH needs an ID from 1 to 4294967295'
for id in 0 '' x -1 +1 01 1x ' 1' 4294967296 18446744073709551617; do
    after "AUTH with the id '$id'" "$identifier" "$(auth "$id" PLAIN "$resp")"
    after "CONT with the id '$id'" "CONT needs an ID from 1 to 4294967295" "CONT\t$id\t$resp"
    after "CANCEL with the id '$id'" "CANCEL needs an ID from 1 to 4294967295" "CANCEL\t$id"
done
after "AUTH alone" "$identifier" AUTH
after "CANCEL alone" "CANCEL needs an ID from 1 to 4294967295" CANCEL
after "CANCEL with more" "CANCEL needs an ID from 1 to 4294967295" 'CANCEL\t1\t2'
after "AUTH without a mechanism" 'AUTH has no mechanism' 'AUTH\t1'
after "AUTH with an empty mechanism" 'AUTH has no mechanism' $'AUTH\t1\t\tservice=smtp'
after "AUTH without a service" 'AUTH has no service' "AUTH\t1\tPLAIN\tnologin\tresp=$resp"
after "AUTH with an empty service" 'AUTH has no service' "AUTH\t1\tPLAIN\tservice=\tresp=$resp"
after "a field behind resp=" 'AUTH has a field behind resp=' "$(auth 1 PLAIN "$resp")\tsecured"
after "an empty field behind resp=" 'AUTH has a field behind resp=' "$(auth 1 PLAIN "$resp")\t"
after "a second resp=" 'AUTH has a field behind resp=' "$(auth 1 PLAIN "$resp")\tresp=$resp"
after "CONT without data" 'CONT has no data' 'CONT\t1'
after "CONT with more than data" 'CONT has a field behind its data' "CONT\t1\t$resp\t"
after "an unknown command" 'unknown command' "HELLO\t1\t$resp"
after "a command in lower case" 'unknown command' "auth\t1\tPLAIN\tservice=smtp\tresp=$resp"
after "what only a server says" 'unknown command' 'OK\t1\tuser=alice'
after "an empty line" 'an empty line' ''
after "a line that ends with CR LF" 'unknown command' $'\r'
question="like CONT\t1\t$(b64 Username:)"
for minor in 1 2; do
    closes "an id in flight" 'AUTH has an ID that is in use' "hello $minor" "send $(auth 1 LOGIN)" "$question" \
        "send $(auth 1 LOGIN)"
done
# A client of minor version 0 has forgotten an exchange when it begins another: its id may be the same.
for where in "unix:$SOCKET" "inet:127.0.0.1:$port"; do
    dialogue "an id that waits, minor 0" "$where" 'hello 0' "send $(auth 1 LOGIN)" "$question" \
        "send CONT\t1\t$(b64 bob)" "like CONT\t1\t$(b64 Password:)" "send $(auth 1 LOGIN)" "$question" \
        "send CONT\t1\t$(b64 alice)" "like CONT\t1\t$(b64 Password:)" "send CONT\t1\t$(b64 pw)" 'line OK\t1\tuser=alice'
done

# The longest line is 32768 bytes with its LF. Its last field is ignored.
fill() { # BYTES: a line of so many with its LF
    local line
    line=$'AUTH\t1\tPLAIN\tservice=smtp\tunknown='
    printf '%s%s\tresp=%s' "$line" "$(long $(($1 - ${#line} - ${#resp} - 7)))" "$resp"
}
dialogue "the longest line" "unix:$SOCKET" 'hello 0' "send $(fill 32768)" 'line OK\t1\tuser=alice'
after "a line too long" 'line is longer than the limit' "$(fill 32769)"
closes "a line without an end" 'line is longer than the limit' 'hello 0' "bytes $(long 40000)"
expect_no_log "SECRET|U0VDUkVU|${resp:0:12}"

# Bad, but no violation: FAIL with the id, at once, and the connection goes on.
good=$(auth 9 PLAIN "$(plain alice pw)")
fails() { # WHAT REPLY STEP...
    for where in "unix:$SOCKET" "inet:127.0.0.1:$port"; do
        dialogue "$1" "$where" 'hello 0' "${@:3}" "like FAIL\t5\t$2" "send $good" 'line OK\t9\tuser=alice'
    done
}
questioned() { # WHAT REPLY MECHANISM RESPONSE: the same, as the answer to the first question
    fails "$1" "$2" "send $(auth 5 "$3")" 'like CONT\t5\t.*' "send CONT\t5\t$4"
}
for mechanism in XOAUTH2 OAUTHBEARER EXTERNAL ANONYMOUS CRAM-MD5 PLAI PLAINX 'PLAIN ' "$(long 3000)"; do
    fails "the mechanism '${mechanism:0:20}'" 'reason=mechanism not offered' "send $(auth 5 "$mechanism" "$resp")"
done
for response in A AA AAA 'AA=A' 'AA==AA==' 'A A=' '****' 'AAAA=' 'AB==' 'ä' $'AA\r'; do
    fails "base64 '$response'" 'code=invalid_base64\treason=.+' "send $(auth 5 PLAIN "$response")"
    questioned "base64 '$response'" 'code=invalid_base64\treason=.+' PLAIN "$response"
    questioned "base64 '$response', LOGIN" 'code=invalid_base64\treason=.+' LOGIN "$response"
done
fails "bad base64 for the password of LOGIN" 'user=alice\tcode=invalid_base64\treason=.+' \
    "send $(auth 5 LOGIN "$(b64 alice)")" 'like CONT.*' 'send CONT\t5\tAAA'
fails "an empty initial response" 'reason=.+' "send $(auth 5 PLAIN =)"
questioned "an empty response" 'reason=.+' PLAIN ''
questioned "an empty response, =" 'reason=.+' PLAIN =
questioned "an empty response, LOGIN" 'reason=.+' LOGIN ''
fails "CONT with an id that nobody uses" 'reason=.+' "send CONT\t5\t$resp"
fails "CONT after the end" 'reason=.+' "send $(auth 5 LOGIN '')" 'like CONT.*' "send $(auth 6 LOGIN)" 'like CONT\t6.*' \
    "send CONT\t5\t$(b64 alice)"
expect_log 'pfx-saslbridge.*: peer=[0-9]+: login refused: mechanism not offered$'
expect_log 'pfx-saslbridge.*: peer=127\.0\.0\.1:[0-9]+: login refused: mechanism not offered$'
expect_log 'pfx-saslbridge.*: peer=[0-9]+: login refused: authentication request timed out$'
dialogue "resp= is no response with minor 1" "unix:$SOCKET" 'hello 1' "send $(auth 5 PLAIN)\tresp=" 'line CONT\t5\t'
dialogue "resp= is an empty response with minor 2" "unix:$SOCKET" 'hello 2' "send $(auth 5 PLAIN)\tresp=" \
    'like FAIL\t5\treason=.+'
expect_equal "an empty question keeps its field" $'CONT\t5\t' \
    "$(talk "unix:$SOCKET" 'hello 0' "send $(auth 5 PLAIN)" show)"
dialogue "any case, ids as they come, unknown fields" "unix:$SOCKET" 'hello 7' \
    "send AUTH\t4294967295\tpLaIn\tprotocol=smtp\tx=y\tz\tresp=$(plain alice pw)" 'line OK\t4294967295\tuser=alice' \
    "send AUTH\t1\tlogin\tservice=a\tresp=$(b64 alice)" 'like CONT\t1\t.*'
pfx_stop

pfx_standalone one_mechanism
fails_here() {
    dialogue "$1" "unix:$SOCKET" 'hello 0' "send $2" "like $3"
}
: >"$LOG"
fails_here "a mechanism that is known, but not offered" "$(auth 5 PLAIN "$resp")" \
    'FAIL\t5\treason=mechanism not offered'
expect_log 'pfx-saslbridge.*: peer=[0-9]+: login refused: mechanism not offered$'
fails_here "the one that is" "$(auth 5 LOGIN)" 'CONT\t5\t.+'
pfx_stop
expect_no_log "SECRET|U0VDUkVU|${resp:0:12}"
