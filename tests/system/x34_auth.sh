#!/usr/bin/env bash
# pfxctl auth says what pfx-saslbridge says, in this process and through the daemon: passwords by PLAIN and LOGIN,
# tokens by XOAUTH2 and OAUTHBEARER (A8). No password and no token is in its arguments, in a log, or in what -v shows.
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"

[ -x "$B/pfxctl" ] || fail "no $B/pfxctl: run make asan"
secret='SECRET "pä&s=s\%'
token=TOKEN.SECRET-token
nauthilus_start "alice:$secret:alice@virt.example" "bob:bobs:"
provider_start
provider_new idp
introspects idp "$token" '{"active":true,"username":"alice@x.example"}'
introspects idp other '{"active":false}'
status='status=%{user}&header=Auth-Status:%%20no'
nauthilus demo '' 'mechanisms = ["PLAIN", "LOGIN"];'
login basic "$status" 'auth_style = "basic"; failure_status = 403;'
login form "$status" 'auth_style = "form";'
login template "$status" \
    'auth_style = "template"; payload = { a = "%{user}"; b = "%{password}"; c = "x%{password}y"; };'
login urls "$status" 'auth_style = "template"; content_type = "application/x-www-form-urlencoded";
    payload = "q=%{password}&r=%{user}";'
token_entry users '' 'http = { timeout = "2s"; };'
entry nobody "target = \"http://127.0.0.1:$(instance_unused_port)/\"; auth_style = \"basic\";"
names=(demo basic form template urls users nobody)
sasl_postfix_new "${names[@]}"
INET=$(instance_unused_port)
echo "127.0.0.1:$INET inet n - n - 1 $PFX_COMMAND demo" >>"$T/etc/master.cf"
sasl_configuration 'log_level = "debug";'
postfix_start

# said STATUS OUTPUT SECRET ARGUMENTS...: what it exits with and prints; stderr goes to $T/err.
said() {
    local status=0 out
    out=$(printf '%s\nanother line\n' "$3" | timeout 60 "$B/pfxctl" -c "$T/etc" "${@:4}" 2>"$T/err") || status=$?
    cat "$T/err" >>"$T/all"
    expect_equal "exit status of ${*:4}: $(<"$T/err")" "$1" "$status"
    expect_equal "output of ${*:4}" "$2" "$out"
}

for here in yes ''; do
    as() { # OPTION ENTRY: sets WAY to the arguments that name it, here or by its service of master.cf
        WAY=(${1:+"$1"} auth)
        [ -n "$here" ] || WAY+=(--via "$2")
        WAY+=("$2")
    }
    for way in '' -v; do
        as "$way" demo
        said 0 alice@virt.example "$secret" "${WAY[@]}" alice
        said 0 alice@virt.example "$secret" "${WAY[@]}" alice --mechanism LOGIN
        said 0 alice@virt.example "$secret" "${WAY[@]}" --mechanism plain --rip 192.0.2.7 alice
        said 0 bob bobs "${WAY[@]}" bob
        said 1 '' "$secret-" "${WAY[@]}" alice --mechanism LOGIN
        said 1 '' "$secret" "${WAY[@]}" nobody
        said 1 '' "$token" "${WAY[@]}" alice --mechanism XOAUTH2
        expect_holds "a mechanism" 'pfxctl: refused: mechanism not offered' "$(<"$T/err")"
        said 1 '' "$secret" "${WAY[@]}" $'a\tb'
        for name in basic form template urls; do
            as "$way" "$name"
            said 0 200 "$secret" "${WAY[@]}" 200
            said 1 '' "$secret" "${WAY[@]}" 403
            said 75 '' "$secret" "${WAY[@]}" 500
            said "$([ -n "$here" ] && echo 65 || echo 75)" '' "$secret" "${WAY[@]}" 404
        done
        as "$way" users
        said 0 alice@x.example "$token" "${WAY[@]}" alice@x.example --mechanism XOAUTH2
        said 0 alice@x.example "$token" "${WAY[@]}" '' --mechanism OAUTHBEARER
        said 0 alice@x.example "$token" "${WAY[@]}" alice@x.example --mechanism OAUTHBEARER
        said 1 '' other "${WAY[@]}" alice --mechanism OAUTHBEARER
        said 1 '' "$token" "${WAY[@]}" eve,= --mechanism OAUTHBEARER
        as "$way" nobody
        said "$([ -n "$here" ] && echo 69 || echo 75)" '' "$secret" "${WAY[@]}" alice
    done
done
said 0 alice@virt.example "$secret" -v auth --via "inet:127.0.0.1:$INET" demo alice
said 0 alice@virt.example "$secret" auth --via "unix:$Q/private/demo" sasl:demo alice
said 69 '' "$secret" auth --via "unix:$T/no_such_socket" demo alice
said 64 '' "$secret" auth demo
said 64 '' "$secret" auth demo alice --mechanism FOREIGN
said 64 '' "$secret" auth demo alice --rip no.address
said 64 '' "$secret" auth map:demo alice
said 64 '' '' auth demo alice
said 78 '' "$secret" auth no_such_entry alice

# The client's address, and what else the backend got, is the same both ways.
said 0 alice@virt.example "$secret" auth demo alice --rip 192.0.2.7
here=$(last_body)
expect_holds "what the backend got" '"client_ip":"192.0.2.7"' "$here"
said 0 alice@virt.example "$secret" auth --via demo demo alice --rip 192.0.2.7
expect_equal "what the backend got" "$here" "$(last_body)"

# What -v shows, and what nothing shows.
said 0 200 "$secret" -v auth template 200
for text in 'pfxctl: request to http://' '> {"a":"200","b":"***","c":"x***y"}' 'result=found, source=backend'; do
    expect_holds "-v" "$text" "$(<"$T/err")"
done
said 0 200 "$secret" -v auth urls 200
expect_holds "-v" '> q=***&r=200' "$(<"$T/err")"
said 0 200 "$secret" -v auth basic 200
expect_holds "-v" '> Authorization: ***' "$(<"$T/err")"
said 0 alice@virt.example "$secret" -v auth --via demo demo alice
expect_holds "-v --via" 'resp=***' "$(<"$T/err")"
for text in SECRET TOKEN "$(b64 "SECRET")" "$(plain alice "$secret")" "$BACK_CHANNEL" "$(b64 "$BACK_CHANNEL")" \
    "$(b64 "200:$secret")"; do
    ! grep -Fq -- "$text" "$T/all" || fail "on stderr: $(grep -F -m 1 -- "$text" "$T/all")"
    ! grep -Fq -- "$text" "$LOG" || fail "in the log: $(grep -F -m 1 -- "$text" "$LOG")"
done

# While it asks, its arguments and its environment hold no password; on a terminal nothing is echoed.
backend_start -l silent:127.0.0.1:0
ENTRIES=
entry silent "target = \"http://$BACKEND/\"; auth_style = \"basic\"; http = { timeout = \"2s\"; };"
sasl_configuration
printf '%s\n' "$secret" >"$T/in"
"$B/pfxctl" -C "$CFG" -c "$T/etc" auth silent alice <"$T/in" >"$T/out" 2>&1 &
pid=$!
STARTED+=("$pid")
asks() {
    [ -n "$(find "/proc/$pid/fd" -lname 'socket:*' 2>/dev/null)" ]
}
wait_for 10 asks || fail "nobody is asked"
! grep -aFq SECRET "/proc/$pid/cmdline" "/proc/$pid/environ" || fail "the password can be seen in ps"
status=0
wait "$pid" || status=$?
expect_equal "exit status without an answer" 69 "$status"

mkfifo "$T/typed"
command script -qec "'$B/pfxctl' -c '$T/etc' auth --via 'unix:$Q/private/demo' demo alice" /dev/null \
    >"$T/shown" <"$T/typed" &
STARTED+=($!)
exec {typed}>"$T/typed"
wait_for 20 log_has 'Password: ' "$T/shown" || fail "nobody asks for the password: $(<"$T/shown")"
printf '%s\n' "$secret" >&"$typed"
wait_for 20 log_has 'alice@virt.example' "$T/shown" || fail "no account: $(<"$T/shown")"
exec {typed}>&-
wait "${STARTED[-1]}" || fail "a login on a terminal fails"
expect_no_log SECRET "$T/shown"

# A person who stops it for a while, or ends it, has a terminal that echoes.
# (What the last one saw is gone before somebody reads: the fifo is opened last.)
cat >"$T/session" <<END
set -m
trap : INT
ask() {
    "$B/pfxctl" -c "$T/etc" auth --via "unix:$Q/private/demo" demo alice
}
echoes() {
    stty -a | grep -qw -- -echo && echo "\$1: silent" || echo "\$1: echoes"
}
ask
echoes stopped
fg
ask
echoes "ended, \$?"
END
env --default-signal=INT script -qec "bash '$T/session'" /dev/null >"$T/shown" <"$T/typed" &
STARTED+=($!)
exec {typed}>"$T/typed"
prompts() { # COUNT
    [ "$(grep -ao 'Password: ' "$T/shown" | wc -l)" = "$1" ]
}
wait_for 20 prompts 1 || fail "nobody asks for the password: $(<"$T/shown")"
printf '\032' >&"$typed"
wait_for 20 prompts 2 || fail "nobody asks again: $(<"$T/shown")"
printf '%s\n' "$secret" >&"$typed"
wait_for 20 prompts 3 || fail "nobody asks a second time: $(<"$T/shown")"
printf '\003' >&"$typed"
wait_for 20 log_has 'ended' "$T/shown" || fail "it does not end: $(<"$T/shown")"
exec {typed}>&-
expect_holds "while it is stopped" 'stopped: echoes' "$(<"$T/shown")"
expect_holds "the account" 'alice@virt.example' "$(<"$T/shown")"
expect_holds "after an interrupt" 'ended, 130: echoes' "$(<"$T/shown")"
expect_no_log SECRET "$T/shown"

# In the background, and deaf to what would stop it there, it cannot ask, and does not try for ever.
cat >"$T/session" <<END_OF_SESSION
set -m
trap '' TTIN TTOU
{ "$B/pfxctl" -c "$T/etc" auth demo alice; echo "ended, \$?"; } 2>&1 | head -c 4096 &
wait
END_OF_SESSION
timeout 60 script -qec "bash '$T/session'" /dev/null </dev/null >"$T/shown"
expect_equal "prompts" 1 "$(grep -ao 'Password: ' "$T/shown" | wc -l)"
expect_holds "without a password" 'ended, 64' "$(<"$T/shown")"
