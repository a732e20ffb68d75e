#!/usr/bin/env bash
# A login is answered by the second target when the first refuses or hangs, in the time that smtpd waits; with all
# targets down it is told to come again, at once: 454, and not 535 (A6, A4).
set -eu
. "$(dirname "$0")/cache.sh"

SMTPD_WAITS_MS=9500 # Postfix gives up after 10 s
printf '%s\t%s\t%s\n' user word user@x.example >"$T/users"
PORTS=("$(instance_unused_port)" "$(instance_unused_port)")
backend_at "inet:127.0.0.1:${PORTS[0]}" -n "$T/users" -b back:channel
first=$BACKEND_PID
backend_at "inet:127.0.0.1:${PORTS[1]}" -n "$T/users" -b back:channel
second=$BACKEND_PID

DAEMON=pfx-saslbridge
SERVICE=pfx-sasl
postfix_new
postfix_main 'smtpd_sasl_auth_enable = yes' 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/pfx-sasl' \
    'smtpd_error_sleep_time = 0'
path=/api/v1/auth/json
cat >"$CFG" <<END
dovecot_sasl = {
    users = {
        target = [ "http://127.0.0.1:${PORTS[0]}$path", "http://127.0.0.1:${PORTS[1]}$path" ];
        http_auth_basic = "back:channel";
        retry_interval = "2s";
    };
};
END
postfix_start

login() { # PASSWORD REPLY
    local reply
    reply=$(smtp 'EHLO client.example' "AUTH PLAIN $(printf '\0user\0%s' "$1" | base64)" QUIT | sed -n 3p)
    expect_match "the login" "$2" "$reply"
}
count_logins() { # PORT
    count "$path" "127.0.0.1:$1"
}
login word '235 *'
login wrong '535 *'
expect_equal "logins at the first" 2 "$(count_logins "${PORTS[0]}")"
expect_equal "logins at the second" 0 "$(count_logins "${PORTS[1]}")"

# Refused, then down: each login is answered by the second, whether it was the probe or not.
backend_kill "$first"
for _ in 1 2 3; do
    took ms login word '235 *'
    expect_at_most "milliseconds of a login, the first refusing" 2000 "$ms"
done
login wrong '535 *'
expect_log "$(down_line "http://127.0.0.1:${PORTS[0]}")"
backend_at "inet:127.0.0.1:${PORTS[0]}" -n "$T/users" -b back:channel
first=$BACKEND_PID
is_up() {
    login word '235 *'
    log_has "$(up_line "http://127.0.0.1:${PORTS[0]}")"
}
wait_for 10 is_up || fail "the first is back, and not asked"

# Hung: the second within attempt_timeout (3 s).
backend_hang "$first"
for _ in 1 2; do
    took ms login word '235 *'
    expect_at_most "milliseconds of a login, the first hanging" "$SMTPD_WAITS_MS" "$ms"
done
backend_go_on "$first"
login word '235 *'

# All of them: 454, and soon without waiting.
backend_kill "$first"
backend_kill "$second"
for _ in 1 2 3; do login word '454 *'; done
expect_log "$(down_line "http://127.0.0.1:${PORTS[1]}")"
for _ in 1 2 3; do
    took ms login word '454 *'
    expect_at_most "milliseconds of a login, all being down" 1500 "$ms"
done
backend_at "inet:127.0.0.1:${PORTS[1]}" -n "$T/users" -b back:channel
let_in() {
    smtp 'EHLO client.example' "AUTH PLAIN $(printf '\0user\0word' | base64)" QUIT | sed -n 3p | grep -q ^235
}
wait_for 10 let_in || fail "the second is back, and not asked"
login wrong '535 *'
postfix_stop
