#!/usr/bin/env bash
# make demo: a Postfix of its own asks an HTTP service through pfx, and you see what is asked and answered.
# demo.sh BUILD-DIRECTORY [KEEP]: KEEP leaves it running.
set -eu

build=$(realpath "$1")
keep=${2:-}
cd "$(dirname "$0")/.."
. tests/instance.sh

[ "$(id -u)" = 0 ] || { echo "demo: Postfix can only be started by root" >&2; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/pfx-demo.XXXXXX")
chmod 755 "$dir"
backend=

stop() {
    [ ! -e "$dir/queue/pid/master.pid" ] || postfix -c "$dir/etc" stop >/dev/null 2>&1 || true
    [ -z "$backend" ] || kill "$backend" 2>/dev/null || true
    wait
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

title() {
    printf '\n== %s\n' "$*"
}

# Shows a command, then runs it.
run() {
    printf '$ %s\n' "$*"
    "$@" || echo "(exit status $?)"
}

start_backend() {
    rm -f "$dir/ports"
    "$build/backend" -d "$dir/answers" -m result -n "$dir/users" -b demo:demo-secret -P "$dir/ports" \
        -l "inet:127.0.0.1:$http_port" &
    backend=$!
    for _ in {1..100}; do
        [ ! -e "$dir/ports" ] || return 0
        sleep 0.05
    done
    echo "demo: the HTTP service does not start" >&2
    exit 1
}

query() { # KEY
    run postmap -c "$dir/etc" -q "$1" "socketmap:unix:$dir/queue/private/pfx-socketmap:mailboxes"
}

# One mail; shows what smtpd says to its recipient, and to the message if it goes on.
mail() { # RECIPIENT
    printf '$ RCPT TO:<%s>\n' "$1"
    instance_smtp "$port" 'EHLO client.example' 'MAIL FROM:<me@elsewhere.example>' "RCPT TO:<$1>" \
        DATA $'Subject: hello\r\n\r\nHello.\r\n.' QUIT 2>/dev/null | sed -n '4p;6{/^250/p}'
}

# Logs in; shows what smtpd says to it.
login() { # USER PASSWORD
    printf '$ AUTH PLAIN  (%s, %s)\n' "$1" "$2"
    instance_smtp "$port" 'EHLO client.example' "AUTH PLAIN $(printf '\0%s\0%s' "$1" "$2" | base64)" QUIT | sed -n 3p
}

# until_is GLOB COMMAND...: until the last line that it prints is like that. Daemons that found the service down ask
# it now and then.
until_is() {
    local wanted=$1 line
    shift
    for _ in {1..150}; do
        line=$("$@" | tail -1)
        # shellcheck disable=SC2053
        [[ $line != $wanted ]] || return 0
        sleep 0.1
    done
    echo "demo: the service is not asked again" >&2
    exit 1
}

title "An HTTP service that knows who has a mailbox, whose mail is wanted, and who may log in (tests/backend)"
port=$(instance_unused_port)
http_port=$(instance_unused_port)
printf '%s\t%s\n' mailbox:alice@example.test alice/Maildir/ mailbox:bob@example.test bob/Maildir/ \
    mailbox:carol@example.test carol/Maildir/ policy:alice@example.test DUNNO \
    policy:carol@example.test 'REJECT 5.7.1 carol takes no mail from you' >"$dir/answers"
printf '%s\t%s\t%s\n' alice wonderland alice@example.test >"$dir/users"
run cat "$dir/answers" "$dir/users"
start_backend

title "A Postfix in $dir, with pfx-socketmap, pfx-policyd and pfx-saslbridge in its master.cf"
instance_make "$dir" "$port"
cat >>"$dir/etc/main.cf" <<END
virtual_mailbox_domains = example.test
virtual_mailbox_maps = socketmap:unix:private/pfx-socketmap:mailboxes
smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service unix:private/pfx-policy
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/pfx-sasl
smtpd_error_sleep_time = 0
END
cat >>"$dir/etc/master.cf" <<END
pfx-socketmap unix - - n - 1 $(instance_command "$build/pfx-socketmap")
pfx-policy    unix - - n - 1 $(instance_command "$build/pfx-policyd")
pfx-sasl      unix - - n - 1 $(instance_command "$build/pfx-saslbridge")
END
cat >"$dir/etc/pfx.cfg" <<END
socket_maps = {
    mailboxes = {
        target = "http://127.0.0.1:$http_port/mailbox";
        payload = { key = "mailbox:%s"; };
        value_field = "result";
    };
};
policy_services = {
    wanted = {
        target = "http://127.0.0.1:$http_port/policy";
        payload = { key = "policy:%{recipient}"; };
        value_field = "result";
        cache_key = [ "recipient" ];
        response_cache = { enabled = true; };
    };
};
dovecot_sasl = {
    users = {
        target = "http://127.0.0.1:$http_port/api/v1/auth/json";
        http_auth_basic = "demo:demo-secret";
    };
};
END
run cat "$dir/etc/pfx.cfg"
run postconf -c "$dir/etc" -n virtual_mailbox_maps smtpd_recipient_restrictions smtpd_sasl_type \
    smtpd_sasl_path
run postconf -c "$dir/etc" -M pfx-socketmap/unix pfx-policy/unix pfx-sasl/unix
run postfix -c "$dir/etc" start 2>/dev/null

title "A key that the service knows, and one that it does not"
query alice@example.test
query nobody@example.test

title "Mail for the one, and for the other"
mail alice@example.test
mail nobody@example.test

title "A recipient that exists, but whom the policy refuses"
mail carol@example.test

title "A login with the right password, and one with a wrong one"
login alice wonderland
login alice looking-glass

title "The service goes away: what it has answered before is answered from the cache"
kill "$backend"
wait "$backend" || true
query alice@example.test
mail alice@example.test
mail carol@example.test

title "What it has not is deferred, not bounced"
query bob@example.test
mail bob@example.test

title "A login is told to come back later: 454, and not 535, which would say that the password is wrong"
login alice wonderland

title "It comes back, and is asked again after a second or some"
start_backend
until_is '250 *' mail bob@example.test
until_is '235 *' login alice wonderland
mail bob@example.test
login alice wonderland

title "What pfx wrote into Postfix's log"
grep -E 'pfx-(socketmap|policyd|saslbridge)' "$dir/maillog" || true

if [ -n "$keep" ]; then
    trap - EXIT
    disown "$backend"
    title "Left running. To stop it:"
    echo "postfix -c $dir/etc stop; kill $backend; rm -rf $dir"
    exit 0
fi
title "Stopping everything"
