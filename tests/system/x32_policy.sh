#!/usr/bin/env bash
# pfxctl policy says what pfx-policyd says, in this process and through the daemon; its exit status tells whether mail
# goes on (A8).
set -eu
. "$(dirname "$0")/policy.sh"

[ -x "$B/pfxctl" ] || fail "no $B/pfxctl: run make asan"
on=('DUNNO' 'OK' 'ok really' 'RELAY' 'PREPEND X-Policy: seen' 'FILTER smtp:[192.0.2.1]' 'HOLD' 'WARN x' 'INFO 450'
    'REDIRECT a@x.example' 'BCC a@x.example')
off=('REJECT' 'reject 5.7.1 no' 'DEFER later' 'defer_if_permit later' 'DEFER_IF_REJECT later' 'DISCARD' '450 4.7.1 x'
    '554 5.7.1 x')
unusable=('REJECTED' '554' ' REJECT' 'HANGUP')
n=0
for action in "${on[@]}" "${off[@]}" "${unusable[@]}" 'permit_mynetworks, reject'; do
    printf 'sender%d\t%s\n' "$n" "$action"
    n=$((n + 1))
done >"$T/data.tsv"
backend_start -d "$T/data.tsv" -m result -l inet:127.0.0.1:0
policy_postfix_new
service says 'member=sender'
service loose 'member=sender' 'restrictions = true;'
service tries 'member=sender' 'dry_run = true;'
service empty 'member=sender' 'no_value_action = "REJECT nothing";'
service typo 'member=sender' 'value_field = "valeu";'
service permanent 'status=401'
service temporary 'status=503' 'on_error = "450 4.3.0 own";'
service late 'hang=1' 'http = { timeout = "300ms"; };'
service bad '' 'no_such_key = 1;'
policy_configuration
postfix_start
chmod 600 "$CFG"

ctl() {
    timeout 60 "$B/pfxctl" -c "$T/etc" "$@"
}
# said STATUS ACTION ARGUMENTS...: what it exits with and prints; stderr goes to $T/err, stdin is $T/in.
: >"$T/in"
said() {
    local status=0 out
    out=$(ctl "${@:3}" 2>"$T/err" <"$T/in") || status=$?
    expect_equal "exit status of ${*:3}: $(<"$T/err")" "$1" "$status"
    expect_equal "output of ${*:3}" "${2:+action=$2}" "$out"
}
attributes=(client_address=192.0.2.1 'client_name=a b=c')
for via in '' "--via $SERVICE" "--via unix:$SOCKET"; do
    # shellcheck disable=SC2086
    set -- policy $via
    n=0
    for action in "${on[@]}"; do
        said 0 "$action" "$@" says "sender=sender$n"
        expect_equal "the daemon" "$action" "$(action says "sender=sender$n")"
        n=$((n + 1))
    done
    for action in "${off[@]}"; do
        said 1 "$action" "$@" policy:says "${attributes[@]}" "sender=sender$n"
        n=$((n + 1))
    done
    for action in "${unusable[@]}"; do
        said "$([ -n "$via" ] && echo 75 || echo 65)" "$ON_ERROR" "$@" says "sender=sender$n"
        n=$((n + 1))
    done
    said 0 'permit_mynetworks, reject' "$@" loose "sender=sender$n"
    said 0 DUNNO "$@" tries sender=sender11
    [ -n "$via" ] || expect_holds "a dry run" 'pfxctl: would: REJECT' "$(<"$T/err")"
    said 0 DUNNO "$@" says sender=nobody
    said 1 'REJECT nothing' "$@" empty sender=nobody
    said 64 '' "$@" map:says sender=x
    said 64 '' "$@"
done

said 65 "$ON_ERROR" policy permanent
said 75 '450 4.3.0 own' policy temporary
said 69 "$ON_ERROR" policy late
said 75 "$ON_ERROR" policy --via "$SERVICE" permanent
said 75 "$ON_ERROR" policy --via "$SERVICE" no_such_policy
said 78 '' policy no_such_policy
said 78 '' policy bad
said 64 '' policy says no_attribute
said 64 '' policy says sender=a sender=b
said 75 '' policy --via "$SERVICE" says no_attribute
said 69 '' policy --via "unix:$T/no_such_socket" says

# From standard input, up to an empty line; what Postfix always sends is there.
printf '%s\n' client_address=192.0.2.7 sender=sender11 '' sender=sender0 >"$T/in"
said 1 REJECT policy says - helo_name=x
wanted='{"client_address":"192.0.2.7","sender":"sender11","helo_name":"x","request":"smtpd_access_policy",'
expect_equal "the request" "$wanted\"policy_context\":\"says\"}" "$(fetch /_last | sed '1,/^\r*$/d')"
said 1 REJECT policy --via "$SERVICE" says - helo_name=x
said 0 DUNNO policy says policy_context=other request=other sender=x
expect_holds "the request" '{"policy_context":"other","request":"other","sender":"x"}' "$(fetch /_last)"

# An answer without value_field lets mail go on, and that is told.
said 0 DUNNO policy typo sender=sender11
expect_holds "value_field" 'pfxctl: the answer has no member "valeu" (value_field): nothing there' "$(<"$T/err")"

# What -v shows.
said 1 REJECT -v policy says sender=sender11
for text in "pfxctl: request to http://$BACKEND" '> POST /says?' '> {"sender":"sender11"' '< HTTP/1.1 200' \
    '< {"result":"REJECT"}' 'pfxctl: name look-up ' ', TLS 0.0 ms, first byte ' 'result=found, source=backend'; do
    expect_holds "-v" "$text" "$(<"$T/err")"
done
said 1 REJECT -v policy --via "$SERVICE" says sender=sender11
expect_holds "-v --via" '> sender=sender11' "$(<"$T/err")"
expect_holds "-v --via" '< action=REJECT' "$(<"$T/err")"
