#!/usr/bin/env bash
# No password in the log, at any level and whatever happens; none in a core file; and after a login none in the memory
# of the worker, not even in what libcurl and the C library have given back (A9, http.h).
set -eu
. "$(dirname "$0")/sasl.sh"

B=$PLAIN # the sanitizers keep freed memory
backend_start -l inet:127.0.0.1:0 -l silent:127.0.0.1:0
answer='status=%{user}&header=Auth-Status:%%20no'
styles=(json basic form template header)
login json "$answer" 'http_auth_basic = "bridge:BACKCHANNEL";'
login basic "$answer" 'auth_style = "basic"; failure_status = 403;'
login form "$answer" 'auth_style = "form"; http_auth_bearer = "BACKCHANNEL";'
login template "$answer" 'auth_style = "template"; payload = { a = "%{user}"; b = "%{password}"; };'
login header "$answer" 'auth_style = "template"; payload = { a = "%{user}"; };
    custom_headers = ["X-Password: %{password}"];'
entry nobody "target = \"http://bridge:BACKCHANNEL@127.0.0.1:$(instance_unused_port)/\";"
entry refused "target = \"http://127.0.0.1:$(instance_unused_port)/\"; auth_style = \"basic\";"
entry silent "target = \"http://${BACKENDS[1]}/\"; http = { timeout = \"200ms\"; };"
sasl_configuration 'log_level = "debug"; debug_peer = ["127.0.0.1"]; debug_entry = ["json", "basic"];'

secret='SECRETpassword'
for name in "${styles[@]}" nobody refused silent; do
    where=unix:$T/$name
    serves "$name" -v -v
    message=$(plain 200 "$secret")
    for user in 200 403 500 401 204; do
        ADDRESS=$where reply "$user" "$secret" >"$T/reply"
        expect_match "$name, $user" '@(OK|FAIL)*' "$(<"$T/reply")"
        talk "$where" 'hello 0' "send $(auth 1 LOGIN)" show "send CONT\t1\t$(b64 "$user")" show \
            "send CONT\t1\t$(b64 "$secret")" 'within 5000' show >"$T/reply"
        expect_match "$name, LOGIN, $user" $'*\nCONT*\n@(OK|FAIL|closed)*' "$(<"$T/reply")"
    done
    for line in "$(auth 1 PLAIN "${message}A")" "$(auth 1 PLAIN "$(b64 "\\0a\\x01\\0$secret")")" \
        "$(auth 1 PLAIN "$(plain a "$secret" b)")" "$(auth 1 PLAIN "$(b64 "\\0$secret")")" \
        "$(auth 1 FOREIGN "$message")" "CONT\t1\t$message" "$(auth 1 LOGIN "$(b64 "$secret\\n")")"; do
        dialogue "$name" "$where" 'hello 2' "send $line" 'like (FAIL|CONT)\t1.*'
    done
    for line in "$(auth 1 PLAIN "$message")\tsecured" "$(auth 0 PLAIN "$message")" "AUTH\t1\tPLAIN\tresp=$message" \
        "CONT\t$message" "AUTH\t$message" "$message" "resp=$message" "CANCEL\t$secret" "AUTH\t$secret\tPLAIN"; do
        dialogue "$name" "$where" 'hello 2' "send $line" end
    done
    raw "$where" < <(printf 'VERSION\t1\t%s\n' "$secret") >/dev/null
    raw_end "$where" < <(printf 'VERSION\t1\t0\nCPID\t5\n%s' "$(auth 1 PLAIN "$message")") >/dev/null
    pfx_stop
done
expect_log 'debug|result=denied'
for text in $(traces "$secret") $(traces BACKCHANNEL) Authorization; do
    ! grep -Fq -- "$text" "$LOG" || fail "in the log: $(grep -F -m 1 -- "$text" "$LOG")"
done
expect_no_log 'resp=[^,]'

# No core file, and nobody of the same user may look into the worker: its files in /proc belong to root. Not only
# because root has become another user, for then the kernel sees to it.
as_postfix=(setpriv --reuid=postfix --regid=postfix --clear-groups)
in_background /dev/null "${as_postfix[@]}" tail -f /dev/null
sleeper=$JOB
owner() {
    [ "$(stat -c %U "/proc/$1/environ")" = "$2" ]
}
wait_for 5 owner "$sleeper" postfix || fail "another process of postfix is root's"
install -m 755 "$B/$DAEMON" "$T" # which that user may execute, wherever this tree lies
rm -f "$T/json"
(
    ulimit -c unlimited
    cd "$T"
    exec "${as_postfix[@]}" "$T/$DAEMON" -L "unix:$T/json,mode=0666" -C "$CFG" json </dev/null >>"$LOG" 2>&1
) &
PFX=$!
STARTED+=("$PFX")
pfx_serves "unix:$T/json"
worker=$(children "$PFX")
expect_equal "who the worker is" "$(id -u postfix)" "$(awk '$1 == "Uid:" { print $2 }' "/proc/$worker/status")"
owner "$worker" root || fail "the worker can be looked into"
expect_match "the limit of core files" '*size *0 *0 *bytes*' "$(grep '^Max core file size' "/proc/$worker/limits")"
expect_equal "a login" $'OK\t7\tuser=200' "$(ADDRESS=unix:$T/json reply 200 "$secret")"
kill -SEGV "$worker"
expect_log "worker $worker killed by signal 11"
expect_equal "core files" '' "$(find "$T" "$TOP" -maxdepth 1 -name 'core*')"
kill "$sleeper"
another() {
    [ -n "$(children "$PFX")" ]
}
wait_for 10 another || fail "no other worker"
pfx_stop

sasl_configuration
for name in "${styles[@]}"; do
    where=unix:$T/$name
    serves "$name"
    worker=$(children "$PFX")
    for way in PLAIN PLAIN_ASKED LOGIN DENIED LATER REFUSED CLOSED; do
        word="${way}verysecret$name"
        user=200
        case $way in DENIED) user=403 ;; LATER) user=500 ;; esac
        steps=('hello 2' 'within 5000')
        password=$FRONT$word
        response=$(plain "$user" "$password")
        case $way in
        PLAIN_ASKED) steps+=("send $(auth 1 PLAIN)" show "send CONT\t1\t$response" show) ;;
        LOGIN)
            steps+=("send $(auth 1 LOGIN)" show "send CONT\t1\t$(b64 200)" show "send CONT\t1\t$(b64 "$password")" show)
            ;;
        REFUSED) steps+=("send $(auth 1 PLAIN "$(plain "$user" "$password" other)")" show) ;;
        CLOSED) steps+=("send $(auth 1 PLAIN "$response")\tsecured" show) ;;
        *) steps+=("send $(auth 1 PLAIN "$response")" show) ;;
        esac
        talk "$where" "${steps[@]}" >"$T/reply"
        expect_match "$name, $way" '*@(OK|FAIL|closed)*' "$(<"$T/reply")"
        mapfile -t texts < <(traces "$word")
        out=$(found "$worker" "${texts[@]}" 2>&1) || fail "$name, $way: $out"
        expect_equal "$name, $way: in the memory of the worker" '' "$out"
    done
    # A line that has not ended is there, until its client has gone.
    mapfile -t texts < <(traces HALFverysecret)
    printf 'VERSION\t1\t0\nCPID\t5\n%s' "$(auth 1 PLAIN "$(plain 200 "${FRONT}HALFverysecret")")" >"$T/half"
    "$B/client" raw "$where" -t 20000 <"$T/half" >/dev/null 2>&1 &
    client=$!
    STARTED+=("$client")
    there() {
        [ -n "$(found "$worker" "${texts[@]}")" ]
    }
    not_there() {
        out=$(found "$worker" "${texts[@]}") && [ -z "$out" ]
    }
    wait_for 10 there || fail "$name: what is in the memory is not found"
    kill "$client"
    wait_for 10 not_there || fail "$name: what a client left behind is in the memory: $out"
    pfx_stop
done
