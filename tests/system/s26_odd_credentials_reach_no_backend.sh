#!/usr/bin/env bash
# Names with TAB, LF, CR, 0x01, NUL or 0x7F, empty names and passwords, text that is not UTF-8, and a wish to act for
# somebody else are refused without a request to the backend (contract 6.5, point 4; what a backend names as the account
# is in s12).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
login json 'status=200'
login basic 'status=200' 'auth_style = "basic";'
login form 'status=200' 'auth_style = "form";'
login template 'status=200' 'auth_style = "template"; payload = { name = "%{user}"; secret = "%{password}"; };'
sasl_configuration

refused=0
# plainly WHAT MESSAGE FAIL-FIELDS: that message of PLAIN, in AUTH and in CONT.
plainly() {
    local response
    response=$(b64 "$2")
    dialogue "$entry, $1" "unix:$T/$entry" 'hello 0' "send $(auth 1 PLAIN "${response:-=}")" "like FAIL\t1\t$3" \
        "send $(auth 2 PLAIN)" 'line CONT\t2\t' "send CONT\t2\t$response" "like FAIL\t2\t$3"
    refused=$((refused + 2))
}
# name WHAT NAME: by PLAIN, and as the first answer of LOGIN.
name() {
    plainly "a name with $1" "\\0000$2\\0000pw" 'reason=.+'
    dialogue "$entry, LOGIN, a name with $1" "unix:$T/$entry" 'hello 0' \
        "send $(auth 1 LOGIN)" 'like CONT.*' "send CONT\t1\t$(b64 "$2")" 'like FAIL\t1\treason=.+'
    [ -z "$2" ] || dialogue "$entry, LOGIN at once, a name with $1" "unix:$T/$entry" 'hello 0' \
        "send $(auth 1 LOGIN "$(b64 "$2")")" 'like FAIL\t1\treason=.+'
    refused=$((refused + 2))
}
# password WHAT PASSWORD
password() {
    [ "$1" = NUL ] || # which would be one too many
        plainly "a password with $1" "\\0000alice\\0000$2" "user=alice\treason=.+"
    dialogue "$entry, LOGIN, a password with $1" "unix:$T/$entry" 'hello 0' "send $(auth 1 LOGIN "$(b64 alice)")" \
        'like CONT.*' "send CONT\t1\t$(b64 "$2")" 'like FAIL\t1\tuser=alice\treason=.+'
}

for entry in json basic form template; do
    serves "$entry"
    name TAB 'al\tice'
    name LF 'alice\n'
    name CR '\ralice'
    name 0x01 'al\x01ice'
    name "an escape" 'al\x01tice'
    name 0x7F 'alice\x7f'
    name ESC 'al\x1b[31mice'
    name 0x1F '\x1falice'
    name nothing ''
    name "bytes that are not UTF-8" 'al\xffice'
    name Latin-1 'Zo\xeb'
    name "half a character" 'alice\xc3'
    name "an overlong form" 'al\xc0\xafice'
    name "a surrogate" 'al\xed\xa0\x80ice'
    name "1025 bytes" "$(long 1025)"
    dialogue "$entry, LOGIN, a name with NUL" "unix:$T/$entry" 'hello 0' \
        "send $(auth 1 LOGIN "$(b64 'al\x00ice')")" 'like FAIL\t1\treason=.+'
    password nothing ''
    password "bytes that are not UTF-8" 'p\xff'
    password NUL 'p\x00w'
    password "8193 bytes" "$(long 8193)"
    plainly "nothing" '' 'reason=.+'
    plainly "no NUL" 'alice' 'reason=.+'
    plainly "one NUL" 'alice\0000pw' 'reason=.+'
    plainly "three NULs" '\0000alice\0000pw\0000' 'reason=.+'
    plainly "NULs alone" '\0000\0000' 'reason=.+'
    plainly "another authzid" 'bob\0000alice\0000pw' 'user=alice\tcode=authz_fail\treason=.+'
    plainly "an authzid of another case" 'Alice\0000alice\0000pw' 'user=alice\tcode=authz_fail\treason=.+'
    plainly "an authzid with a blank" 'alice \0000alice\0000pw' 'user=alice\tcode=authz_fail\treason=.+'
    plainly "the example of RFC 4616" 'Ursel\0000Kurt\0000xipj3plmq' 'user=Kurt\tcode=authz_fail\treason=.+'
    expect_equal "$entry: requests" 0 "$(asked "$entry")"

    # What comes near it is asked.
    dialogue "$entry, the same authzid" "unix:$T/$entry" 'hello 0' "send $(auth 1 PLAIN "$(plain alice pw alice)")" \
        'line OK\t1\tuser=alice'
    dialogue "$entry, the longest" "unix:$T/$entry" 'hello 0' \
        "send $(auth 1 PLAIN "$(plain "$(long 1024)" "$(long 8192)")")" "line OK\t1\tuser=$(long 1024)"
    dialogue "$entry, blanks and UTF-8" "unix:$T/$entry" 'hello 0' "send $(auth 1 PLAIN "$(plain ' Zoë "%s" ' ' ')")" \
        'line OK\t1\tuser= Zoë "%s" '
    dialogue "$entry, the example of RFC 4616" "unix:$T/$entry" 'hello 0' \
        'send AUTH\t1\tPLAIN\tservice=smtp\tresp=AHRpbQB0YW5zdGFhZnRhbnN0YWFm' 'line OK\t1\tuser=tim'
    expect_equal "$entry: requests of those" 4 "$(asked "$entry")"
    pfx_stop
done
for entry in json basic form template; do
    for mechanism in PLAIN LOGIN; do
        about="sasl=$entry, mechanism=$mechanism, client=\\[192\\.0\\.2\\.7\\], peer=[0-9]+: refused: "
        for why in 'is empty' 'has bytes that are not allowed' 'is too long'; do
            expect_log "pfx-saslbridge.*\\]: ${about}user name or password $why\$"
        done
    done
    expect_log "pfx-saslbridge.*\\]: ${about/LOGIN/PLAIN}not allowed to act for another user\$"
done
expect_no_log '[[:cntrl:]]|xipj|WAR|(warning|error): '
