#!/usr/bin/env bash
# The same client gets the same replies from the auth server of Dovecot 2.3 and from pfx-saslbridge; and where it does
# not, the differences are those that pfx-saslbridge(8) lists (contract, sections 1 and 2).
set -eu
. "$(dirname "$0")/dovecot.sh"

DAEMON=pfx-saslbridge
MINOR=2           # of the client's VERSION
CASES_AT_A_TIME=16 # Dovecot looks at its failures twice a second, so they wait together
S='no-penalty service=smtp'

# --- Both know the same users.

printf -v long_password '%09000d' 1
printf '%s\t%s\t%s\n' tim tanstaaftanstaaf tim long "$long_password" long latin $'caf\xe9' latin >"$T/users.tsv"
awk -F '\t' '{ print $1 ":{PLAIN}" $2 }' "$T/users.tsv" >"$T/passwd"
echo 'ursel:{PLAIN}master' >"$T/masters"
install -m 000 /dev/null "$T/domain.broken" # Dovecot cannot read it
backend_start -n "$T/users.tsv" -b workshop:secret -l inet:127.0.0.1:0
theirs_inet=127.0.0.1:$(instance_unused_port)
ours_inet=127.0.0.1:$(instance_unused_port)
passdb() { # SETTING...
    dovecot_add 'passdb {' 'driver = passwd-file' "$@" '}'
}
dovecot_new
dovecot_add 'auth_mechanisms = plain login'
passdb "args = $T/masters" 'master = yes'
passdb "args = $T/passwd"
passdb "args = $T/domain.%d"
dovecot_add 'service auth {' "unix_listener $T/theirs {" 'mode = 0600' '}' \
    'inet_listener {' "port = ${theirs_inet#*:}" '}' '}'
dovecot_start
cat >"$CFG" <<END
workers = 1;
dovecot_sasl = {
    defaults = { http_auth_basic = "workshop:secret"; };
    same = { target = "http://$BACKEND/api/v1/auth/json"; };
    down = { target = "http://$BACKEND/api/v1/auth/json?status=500"; };
};
END
pfx_standalone -L "unix:$T/down" down
pfx_serves "unix:$T/down"
pfx_standalone -L "unix:$T/ours" -L "inet:$ours_inet" same
pfx_serves "unix:$T/ours"

# --- Cases

CASES=()
PIDS=()

# raw WHAT THEIRS OURS STEP...: a case, whose replies settle looks at.
raw() {
    auth_talk "$T/theirs" "${@:4}" >"$T/theirs.${#CASES[@]}" &
    PIDS+=($!)
    auth_talk "$T/ours" "${@:4}" >"$T/ours.${#CASES[@]}" &
    PIDS+=($!)
    CASES+=("$1" "$2" "$3")
    [ "${#CASES[@]}" -lt $((3 * CASES_AT_A_TIME)) ] || settle
}
settle() {
    local i
    wait "${PIDS[@]}"
    for ((i = 0; i < ${#CASES[@]}; i += 3)); do
        expect_equal "${CASES[i]}: Dovecot" "${CASES[i + 1]}" "$(cat "$T/theirs.$i")"
        expect_equal "${CASES[i]}: pfx" "${CASES[i + 2]}" "$(cat "$T/ours.$i")"
    done
    CASES=()
    PIDS=()
}

raw_same() { # WHAT REPLIES STEP...
    raw "$1" "$2" "$2" "${@:3}"
}
same() { # the same behind the client's handshake
    raw "$1" "$2" "$2" "-VERSION 1 $MINOR" '-CPID 1' "${@:3}"
}
differs() { # WHAT REPLIES-OF-DOVECOT OURS STEP...
    raw "$1" "$2" "$3" "-VERSION 1 $MINOR" '-CPID 1' "${@:4}"
}
same_plain() { # WHAT REPLY MESSAGE
    same "PLAIN, $1" "$2" "AUTH 1 PLAIN $S resp=$3"
}
differs_plain() { # WHAT REPLY-OF-DOVECOT OURS MESSAGE
    differs "PLAIN, $1" "$2" "$3" "AUTH 1 PLAIN $S resp=$4"
}
same_login() { # WHAT REPLIES-AFTER-THE-NAME NAME PASSWORD
    same "LOGIN, $1" "CONT 1 $username | $2" "AUTH 1 LOGIN $S" "CONT 1 $3" "CONT 1 $4"
}
good=$(plain tim tanstaaftanstaaf)
wrong=$(plain tim wrong)
username=$(base64_of Username:)
password=$(base64_of Password:)
tim=$(base64_of tim)
right=$(base64_of tanstaaftanstaaf)

# --- The handshake comes before the client says a word (1.2).

expect_equal "the handshake" "$(auth_handshake "$T/theirs")" "$(auth_handshake "$T/ours")"
expect_equal "its lines" 'VERSION MECH MECH SPID CUID COOKIE DONE' \
    "$(auth_handshake "$T/ours" | cut -f 1 | paste -sd ' ')"

# --- The client's part of it (1.2, 1.8)

raw_same "AUTH before VERSION" closed "AUTH 1 PLAIN $S"
raw_same "AUTH before CPID" closed '-VERSION 1 2' "AUTH 1 PLAIN $S"
raw_same "CPID before VERSION" closed 'CPID 1'
raw_same "another major version" closed 'VERSION 2 0'
raw_same "a later minor version" 'OK 1 user=tim' '-VERSION 1 99' '-CPID 1' "AUTH 1 PLAIN $S resp=$good"
raw_same "VERSION without a minor" closed 'VERSION 1'
raw_same "VERSION that is no number" closed 'VERSION one 2'
raw_same "VERSION with a field too many" closed 'VERSION 1 2 3'
raw_same "CPID 0" closed '-VERSION 1 2' 'CPID 0'
raw_same "CPID that is no number" closed '-VERSION 1 2' 'CPID x'
raw_same "CPID with a field too many" closed '-VERSION 1 2' 'CPID 1 2'
raw_same "an unknown word" closed 'HELLO 1'
same "VERSION twice" closed 'VERSION 1 2'
same "CPID twice" closed 'CPID 2'

# --- AUTH: numbers, parameters (1.4, 1.8)

same "AUTH" 'OK 1 user=tim' "AUTH 1 PLAIN $S resp=$good"
same "AUTH as Postfix writes it" 'OK 7 user=tim' \
    "AUTH 7 PLAIN service=smtp nologin lip=192.0.2.1 rip=192.0.2.2 secured resp=$good"
same "empty addresses" 'OK 1 user=tim' "AUTH 1 PLAIN service=smtp nologin lip= rip= resp=$good"
same "addresses that are none" 'OK 1 user=tim' "AUTH 1 PLAIN $S lip=here rip=there rport=x resp=$good"
same "all parameters of Dovecot" 'OK 1 user=tim' "AUTH 1 PLAIN $S secured=tls final-resp-ok valid-client-cert lport=25 \
rport=4711 session=abc local_name=mail.example.test client_id=x forward_fields=y debug resp=$good"
same "unknown parameters" 'OK 1 user=tim' "AUTH 1 PLAIN $S what=ever method=EXTERNAL more resp=$good"
same "an escaped parameter" 'OK 1 user=tim' "AUTH 1 PLAIN $S session=a"$'\x01'"tb resp=$good"
same "a mechanism in lower case" 'OK 1 user=tim' "AUTH 1 plain $S resp=$good"
same "the largest number" 'OK 4294967295 user=tim' "AUTH 4294967295 PLAIN $S resp=$good"
same "a number used again" 'OK 1 user=tim | OK 1 user=tim' "AUTH 1 PLAIN $S resp=$good" "AUTH 1 PLAIN $S resp=$good"
same "no number" closed 'AUTH'
same "an empty number" closed "AUTH  PLAIN $S resp=$good"
same "the number 0" closed "AUTH 0 PLAIN $S resp=$good"
same "a number that is none" closed "AUTH x PLAIN $S resp=$good"
same "a negative number" closed "AUTH -1 PLAIN $S resp=$good"
same "a number too large" closed "AUTH 4294967296 PLAIN $S resp=$good"
same "no mechanism" closed 'AUTH 1'
same "an empty mechanism" closed "AUTH 1  $S resp=$good"
same "no service" closed "AUTH 1 PLAIN no-penalty resp=$good"
same "a field behind resp=" closed "AUTH 1 PLAIN $S resp=$good secured"
same "a number in use" 'CONT 1  | closed' "AUTH 1 PLAIN $S" "AUTH 1 PLAIN $S resp=$good"
same "an unknown command" closed 'NOOP 1'
same "a command in lower case" closed "auth 1 PLAIN $S resp=$good"
same "an empty line" closed ''
same "a line over both limits" closed "AUTH 1 PLAIN $S x=$(printf '%032768d' 0) resp=$good"

# --- Initial responses (1.4)

for MINOR in 0 1 2; do
    same "no response, minor $MINOR" 'CONT 1  | OK 1 user=tim' "AUTH 1 PLAIN $S" "CONT 1 $good"
    same "an empty response, minor $MINOR" 'FAIL 1' "AUTH 1 PLAIN $S resp=="
done
for MINOR in 0 1; do
    same "resp= is no response, minor $MINOR" 'CONT 1  | OK 1 user=tim' "AUTH 1 PLAIN $S resp=" "CONT 1 $good"
    same "nor with LOGIN, minor $MINOR" "CONT 1 $username" "AUTH 1 LOGIN $S resp="
done
MINOR=2
same "resp= is an empty response, minor 2" 'FAIL 1' "AUTH 1 PLAIN $S resp="
same "resp without a value" 'FAIL 1' "AUTH 1 PLAIN $S resp"

# --- Base64 (1.4, 1.5)

for response in '!!!!' "${good%??}" "${good}=" "${tim}${tim}=" dGltbw dGltbw==dGlt; do
    same "$response is not base64" 'FAIL 1 code=invalid_base64 | OK 2 user=tim' "AUTH 1 PLAIN $S resp=$response" \
        "AUTH 2 PLAIN $S resp=$good"
    same "$response is not base64 in CONT" 'CONT 1  | FAIL 1 code=invalid_base64 | OK 2 user=tim' "AUTH 1 PLAIN $S" \
        "CONT 1 $response" "AUTH 2 PLAIN $S resp=$good"
done

# --- CONT and CANCEL (1.5, 1.8)

same "an empty CONT" 'CONT 1  | FAIL 1' "AUTH 1 PLAIN $S" 'CONT 1 '
same "CONT without data" 'CONT 1  | closed' "AUTH 1 PLAIN $S" 'CONT 1'
same "CONT without a number" 'CONT 1  | closed' "AUTH 1 PLAIN $S" 'CONT'
same "CONT with a number that is none" closed "CONT x $good"
same "CONT for nothing" 'FAIL 5 | OK 1 user=tim' "CONT 5 $good" "AUTH 1 PLAIN $S resp=$good"
same "CONT after the end" 'OK 1 user=tim | FAIL 1' "AUTH 1 PLAIN $S resp=$good" "CONT 1 $good"
same "CANCEL" 'CONT 1  | FAIL 1 | OK 1 user=tim' "AUTH 1 PLAIN $S" '-CANCEL 1' "CONT 1 $good" \
    "AUTH 1 PLAIN $S resp=$good"
same "CANCEL for nothing" 'OK 1 user=tim' '-CANCEL 5' "AUTH 1 PLAIN $S resp=$good"
same "CANCEL without a number" closed 'CANCEL'
same "CANCEL with a number that is none" closed 'CANCEL x'
same "CANCEL with a field too many" closed 'CANCEL 1 2'
same "several at a time" "CONT 1 $username | CONT 2 $username | CONT 1 $password | CONT 2 $password | OK 2 user=tim | \
FAIL 1 user=tim" "AUTH 1 LOGIN $S" "AUTH 2 LOGIN $S" "CONT 1 $tim" "CONT 2 $tim" "CONT 2 $right" \
    "CONT 1 $(base64_of wrong)"

# --- PLAIN (2.1) and LOGIN (2.2)

same_plain "a wrong password" 'FAIL 1 user=tim' "$wrong"
same_plain "an unknown name" 'FAIL 1 user=nobody' "$(plain nobody tanstaaftanstaaf)"
same_plain "an unknown name in UTF-8" $'FAIL 1 user=caf\xc3\xa9' "$(plain 'caf\303\251' tanstaaftanstaaf)"
same_plain "the name as authzid" 'OK 1 user=tim' "$(plain tim tim tanstaaftanstaaf)"
same_plain "no name" 'FAIL 1' "$(plain '' tanstaaftanstaaf)"
same_plain "no password" 'FAIL 1 user=tim' "$(plain tim '')"
same_plain "neither name nor password" 'FAIL 1' "$(plain '' '')"
same_plain "no NUL" 'FAIL 1' "$tim"
same_plain "one NUL" 'FAIL 1' "$(base64_of 'tim\000tanstaaftanstaaf')"
same_plain "three NULs" 'FAIL 1' "$(base64_of '\000tim\000tanstaaftanstaaf\000')"
same_plain "text behind a third NUL" 'FAIL 1' "$(base64_of '\000tim\000tanstaaftanstaaf\000x')"
same_login "the right password" "CONT 1 $password | OK 1 user=tim" "$tim" "$right"
same_login "a wrong password" "CONT 1 $password | FAIL 1 user=tim" "$tim" "$(base64_of wrong)"
same_login "no name" 'FAIL 1 | FAIL 1' '' "$right"
same_login "no password" "CONT 1 $password | FAIL 1 user=tim" "$tim" ''
same_login "NUL in the name" 'FAIL 1 | FAIL 1' "$(base64_of 'tim\000')" "$right"
same_login "NUL in the password" "CONT 1 $password | FAIL 1 user=tim" "$tim" "$(base64_of 'tanstaaftanstaaf\000')"
same "LOGIN with an empty initial response" "CONT 1 $username" "AUTH 1 LOGIN $S resp=="
same "LOGIN, the name as initial response" "CONT 1 $password | OK 1 user=tim" "AUTH 1 LOGIN $S resp=$tim" \
    "CONT 1 $right"

# --- The differences

differs "a line of more than 16384 bytes" closed 'OK 1 user=tim' "AUTH 1 PLAIN $S x=$(printf '%020000d' 0) resp=$good"

theirs='' ours='' steps=()
for ((i = 1; i <= 65; i++)); do
    theirs+="${theirs:+ | }CONT $i "
    steps+=("AUTH $i PLAIN $S")
done
ours="${theirs%CONT 65 }closed"
differs "65 exchanges at a time" "$theirs" "$ours" "${steps[@]}"

differs "a mechanism that is not offered" closed 'FAIL 1 | OK 2 user=tim' "AUTH 1 EXTERNAL $S resp==" \
    "AUTH 2 PLAIN $S resp=$good"
differs "a lone = in CONT" 'CONT 1  | FAIL 1 code=invalid_base64' 'CONT 1  | FAIL 1' "AUTH 1 PLAIN $S" 'CONT 1 ='

differs "a leading zero in AUTH" 'OK 1 user=tim' closed "AUTH 01 PLAIN $S resp=$good"
differs "a leading zero in CONT" 'CONT 1  | OK 1 user=tim' 'CONT 1  | closed' "AUTH 1 PLAIN $S" "CONT 01 $good"
raw "a leading zero in VERSION" 'OK 1 user=tim' closed '-VERSION 01 2' '-CPID 1' "AUTH 1 PLAIN $S resp=$good"
raw "a leading zero in CPID" 'OK 1 user=tim' closed '-VERSION 1 2' '-CPID 01' "AUTH 1 PLAIN $S resp=$good"
differs "an empty service=" 'OK 1 user=tim' closed "AUTH 1 PLAIN no-penalty service= resp=$good"
differs "a third field in CONT" 'CONT 1  | FAIL 1 code=invalid_base64' 'CONT 1  | closed' "AUTH 1 PLAIN $S" \
    "CONT 1 $good x"
differs "the number 0 in CONT" 'FAIL 0' closed "CONT 0 $good"
differs "the number 0 in CANCEL" 'OK 1 user=tim' closed '-CANCEL 0' "AUTH 1 PLAIN $S resp=$good"
differs "protocol=, the name of service= in 2.4" closed 'OK 1 user=tim' \
    "AUTH 1 PLAIN no-penalty protocol=smtp resp=$good"
differs "a CR before the LF" 'OK 1 user=tim' 'FAIL 1 code=invalid_base64' "AUTH 1 PLAIN $S resp=$good"$'\r'
differs "a CR in base64" 'OK 1 user=tim' 'FAIL 1 code=invalid_base64' \
    "AUTH 1 PLAIN $S resp=${good:0:4}"$'\r'"${good:4}"
differs "bits left over in base64" "CONT 1 $password" 'FAIL 1 code=invalid_base64' "AUTH 1 LOGIN $S resp=dGltbx=="

differs_plain "a TAB in the name" $'FAIL 1 user=a\x01tb' 'FAIL 1' "$(plain 'a\011b' x)"
differs_plain "a LF in the name" $'FAIL 1 user=a\x01nOK\x01t1\x01tuser=tim' 'FAIL 1' \
    "$(plain 'a\012OK\0111\011user=tim' x)"
differs_plain "DEL in the name" $'FAIL 1 user=a\x7fb' 'FAIL 1' "$(plain 'a\177b' x)"
differs_plain "a name that is not UTF-8" $'FAIL 1 user=caf\xe9' 'FAIL 1' "$(plain 'caf\351' x)"
differs_plain "a password that is not UTF-8" 'OK 1 user=latin' 'FAIL 1 user=latin' "$(plain latin 'caf\351')"
differs_plain "a password of 9000 bytes" 'OK 1 user=long' 'FAIL 1 user=long' "$(plain long "$long_password")"
printf -v long_name '%01025d' 1
differs_plain "a name of 1025 bytes" "FAIL 1 user=$long_name" 'FAIL 1' "$(plain "$long_name" x)"
differs_plain "a name in capitals" 'OK 1 user=tim' 'FAIL 1 user=TIM' "$(plain TIM tanstaaftanstaaf)"
differs_plain "a master user" 'OK 1 user=tim' 'FAIL 1 user=ursel code=authz_fail' "$(plain tim ursel master)"
differs_plain "authzid is another" 'FAIL 1 user=tim' 'FAIL 1 user=tim code=authz_fail' \
    "$(plain kurt tim tanstaaftanstaaf)"

differs "FAIL comes at once" 'OK 2 user=tim | FAIL 1' 'FAIL 1 | OK 2 user=tim' "-AUTH 1 PLAIN $S resp==" \
    "AUTH 2 PLAIN $S resp=$good" '?'

MINOR=0
differs "a new AUTH of minor version 0" "CONT 1 $username | CONT 2 $username | CONT 1 $password | CONT 2 $password" \
    "CONT 1 $username | CONT 2 $username | FAIL 1 | CONT 2 $password" \
    "AUTH 1 LOGIN $S" "AUTH 2 LOGIN $S" "CONT 1 $tim" "CONT 2 $tim"
settle

temporary() { # MINOR REPLY-OF-DOVECOT OURS
    local steps=("-VERSION 1 $1" '-CPID 1' "AUTH 1 PLAIN $S resp=$(plain tim@broken tanstaaftanstaaf)")
    expect_equal "a temporary failure, minor $1: Dovecot" "$2" "$(auth_talk "$T/theirs" "${steps[@]}")"
    expect_equal "a temporary failure, minor $1: pfx" "$3" "$(auth_talk "$T/down" "${steps[@]}")"
}
temporary 0 'FAIL 1 user=tim@broken code=temp_fail' closed
temporary 1 'FAIL 1 user=tim@broken code=temp_fail' 'FAIL 1 user=tim@broken code=temp_fail temp'
temporary 2 'FAIL 1 user=tim@broken code=temp_fail' 'FAIL 1 user=tim@broken code=temp_fail temp'

expect_equal "the end over TCP: Dovecot" closed "$(auth_talk "$theirs_inet" '')"
expect_equal "the end over TCP: pfx" reset "$(auth_talk "$ours_inet" '')"
dovecot_stop
