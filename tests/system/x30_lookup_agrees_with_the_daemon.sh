#!/usr/bin/env bash
# pfxctl lookup says what pfx-socketmap says: to 10,000 keys, in their order, in this process and through the daemon;
# its exit status tells what happened (A8). It uses the daemons' cache, makes none, and counts nothing.
set -eu
. "$(dirname "$0")/cache.sh"

[ -x "$B/pfxctl" ] || fail "no $B/pfxctl: run make asan"
install -m 755 "$B/pfxctl" "$T/pfxctl"
data_of known 5000 >"$T/data.tsv"
printf '%s\t%s\n' 'a b "c"' 'spaces' 'gr€en@x.example' 'UTF-8' >>"$T/data.tsv"
PORT=$(instance_unused_port)
backend_at "inet:127.0.0.1:$PORT" -d "$T/data.tsv"
postfix_new
INET=$(instance_unused_port)
echo "127.0.0.1:$INET inet n - n - 1 $PFX_COMMAND" >>"$T/etc/master.cf"
map users 'miss=404'
map kept 'miss=404' 'response_cache = { enabled = true; max_age = "1h"; };'
map old '' 'response_cache = { enabled = true; max_age = "0s"; };'
map permanent 'status=401'
map temporary 'status=503'
map late 'hang=1' 'http = { timeout = "300ms"; };'
entry nobody "target = \"http://127.0.0.1:$(instance_unused_port)/?%s\";"
entry bad "target = \"http://127.0.0.1/%%s\"; no_such_key = 1;"
entry typo "target = \"http://$BACKEND/get/%s\"; value_field = \"valeu\";"
entry mixed "target = \"http://$BACKEND/mixed?key=known1&status=%s\";"
configuration

ctl() {
    timeout 60 "$T/pfxctl" -c "$T/etc" "$@"
}
# said STATUS OUTPUT ARGUMENTS...: what it exits with and prints; stderr goes to $T/err.
said() {
    local status=0 out
    out=$(ctl "${@:3}" 2>"$T/err" </dev/null) || status=$?
    expect_equal "exit status of ${*:3}: $(<"$T/err")" "$1" "$status"
    expect_equal "output of ${*:3}" "$2" "$out"
}

# --- Without daemons, and without their files

said 0 value-of-known7 lookup kept known7
expect_equal "files of the state directory" '' "$(ls "$T/data")"

said 0 value-of-known7 -v lookup kept known7
expect_holds "no file of answers" 'no answers are kept yet: the daemon makes pfx-cache when it starts' "$(<"$T/err")"

# A value_field that is not there is told, with -v and without.
lacks='the answer has no member "valeu" (value_field): nothing there; with value_required = true this is an error'
said 1 '' lookup typo known1 known2
expect_equal "value_field" "pfxctl: $lacks" "$(<"$T/err")"
said 1 '' -v lookup typo known1
expect_equal "lines about value_field, with -v" 1 "$(grep -cF ": $lacks" "$T/err")"

# --- With them

postfix_start
{
    for ((i = 0; i < 9990; i++)); do echo "known$i"; done
    printf '%s\n' 'a b "c"' 'gr€en@x.example' 'KNOWN12' '' ' ' '"' "$(printf 'x\xff')" '*' '@' 'a@@b'
} >"$T/keys"
postmap -c "$T/etc" -q - "socketmap:unix:$SOCKET:users" <"$T/keys" >"$T/by_postmap"
expect_equal "keys that postmap finds" 5003 "$(wc -l <"$T/by_postmap")"
for via in '' "--via $SERVICE" "--via private/$SERVICE" "--via unix:$SOCKET" "--via inet:127.0.0.1:$INET"; do
    status=0
    # shellcheck disable=SC2086
    ctl lookup $via users - <"$T/keys" >"$T/by_pfxctl" 2>"$T/err" || status=$?
    expect_equal "exit status of $via: some are not found" 1 "$status"
    expect_equal "complaints of $via" '' "$(<"$T/err")"
    cmp "$T/by_postmap" "$T/by_pfxctl" || fail "lookup $via differs from postmap"
done

for via in '' "--via $SERVICE" "--via unix:$SOCKET" "--via inet:127.0.0.1:$INET"; do
    # shellcheck disable=SC2086
    set -- lookup $via
    said 0 value-of-known1 "$@" users known1
    said 0 value-of-known1 "$@" map:users KNOWN1
    said 0 $'known1\tvalue-of-known1\nknown2\tvalue-of-known2' "$@" users known1 known2
    said 1 '' "$@" users nobody
    said 1 $'known2\tvalue-of-known2' "$@" users nobody known2
    said 65 '' "$@" permanent known1
    expect_holds "permanent" 'pfxctl: key=<known1>: unusable answer: the backend refuses pfx' "$(<"$T/err")"
    said 75 '' "$@" temporary known1
    expect_holds "temporary" 'pfxctl: key=<known1>: temporary error: ' "$(<"$T/err")"
    said 69 '' "$@" late known1
    said 64 '' "$@" policy:users known1
done
said 69 '' lookup nobody known1
said 75 '' lookup --via "$SERVICE" nobody known1
said 78 '' lookup bad known1
expect_holds "bad" no_such_key "$(<"$T/err")"
said 78 '' lookup no_such_map known1
said 65 '' lookup --via "$SERVICE" no_such_map known1
said 78 '' -C "$T/no_such_file" lookup users known1
said 69 '' lookup --via no_such_service users known1
said 69 '' lookup --via "unix:$T/no_such_socket" users known1
said 69 '' lookup --via "inet:127.0.0.1:$(instance_unused_port)" users known1
said 64 '' lookup users
said 64 '' lookup
said 64 '' lookup --no-such-option users known1
expect_match "the option" $'pfxctl lookup: unknown option --no-such-option\nusage: *' "$(<"$T/err")"

# A person is told that there is nothing; a program is not, nor who sees it with -v.
told() { # ARGUMENTS: what stands on a terminal that is standard error only
    local status=0
    script -qec "'$T/pfxctl' -c '$T/etc' $* >'$T/out'" /dev/null </dev/null >"$T/told" || status=$?
    tr -d '\r' <"$T/told"
    echo "$status"
}
for via in '' "--via $SERVICE "; do
    expect_equal "nothing, on a terminal" $'pfxctl: key=<key9>: not found\n1' \
        "$(told lookup "${via}users" key9)"
    expect_equal "nothing on standard output" '' "$(<"$T/out")"
done
told -v lookup users key9 >"$T/shown"
expect_equal "with -v it is told already" '' "$(grep -F 'key=<key9>: not found' "$T/shown")"
expect_holds "with -v" 'HTTP/1.1 404' "$(<"$T/shown")"

# Of several the highest; what comes after it is printed all the same.
said 75 $'200\tvalue-of-known1\n200\tvalue-of-known1' lookup mixed 200 401 404 503 200
said 65 $'200\tvalue-of-known1' lookup mixed 401 404 200

# As another user: the configuration may be read by root alone, as is the socket.
chmod 600 "$CFG"
as_nobody() {
    local status=0
    setpriv --reuid=nobody --regid=nogroup --clear-groups "$T/pfxctl" -c "$T/etc" "$@" >"$T/out" 2>"$T/err" || status=$?
    echo "$status"
}
expect_equal "the configuration is not readable" 77 "$(as_nobody lookup users known1)"
expect_holds "who may read it" "Permission denied: only root may read it" "$(<"$T/err")"
expect_equal "the socket is not reachable" 77 "$(as_nobody lookup --via "$SERVICE" users known1)"
expect_equal "the port is reachable" 0 "$(as_nobody lookup --via "inet:127.0.0.1:$INET" users known1)"
chmod 644 "$CFG"

# --- A pause in the input: what was asked before is answered before more comes

mkfifo "$T/typed"
ctl lookup users - >"$T/shown" <"$T/typed" &
STARTED+=($!)
exec {typed}>"$T/typed"
is_shown() { # COUNT
    [ "$(wc -l <"$T/shown")" = "$1" ]
}
for i in 1 2 3; do
    echo "known$i" >&"$typed"
    wait_for 20 is_shown "$i" || fail "no answer while the input is open"
done
exec {typed}>&-
wait "${STARTED[-1]}" || fail "lookup - fails"

# --- The cache of the daemons

file=$T/data/pfx-cache
counts() {
    "$B/print_stats" "$T/data" | grep '/socket_maps/'
}
expect_equal "kept, by the daemon" value-of-known3 "$(postfix_query kept known3)"
expect_equal "old, by the daemon" value-of-known3 "$(postfix_query old known3)"
before=$(counts)
inode=$(stat -c '%i %s %U %a' "$file")
asked=$(count '/kept?')
said 0 value-of-known3 -v lookup kept known3
expect_holds "what the daemon has kept" 'source=cache' "$(<"$T/err")"
said 0 value-of-known4 -v lookup kept known4
expect_holds "what nobody has kept" 'source=backend' "$(<"$T/err")"
expect_equal "the counters" "$before" "$(counts)"
expect_equal "what pfxctl has kept, by the daemon" value-of-known4 "$(postfix_query kept known4)"
expect_equal "requests for four questions" $((asked + 1)) "$(count '/kept?')"
sed -i 's/^response_cache = { /&size = "2M"; /' "$CFG"
said 0 value-of-known3 -v lookup kept known3
expect_holds "another size" 'source=cache' "$(<"$T/err")"
backend_kill
said 0 value-of-known3 -v lookup old known3
expect_holds "an old answer" 'source=stale' "$(<"$T/err")"
said 69 '' lookup old known5
expect_equal "the file of the cache" "$inode" "$(stat -c '%i %s %U %a' "$file")"
postfix_stop
said 0 value-of-known3 -v lookup kept known3
expect_holds "without daemons" 'source=cache' "$(<"$T/err")"
expect_equal "the file of the cache" "$inode" "$(stat -c '%i %s %U %a' "$file")"
expect_no_log 'pfx-socketmap.* (error|fatal): [^/]'
