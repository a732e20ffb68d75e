#!/usr/bin/env bash
# The mail stack of Nauthilus' tutorial, with conf/examples/nauthilus in the place of pfxhttp: Postfix asks for domains,
# a policy and logins, Dovecot asks for logins of IMAP; a mail goes in by SMTP AUTH and comes out by IMAP.
set -eu
. "$(dirname "$0")/dovecot.sh"

credentials=workshop-backchannel:workshop-backchannel-secret
printf '%s\t%s\t%s\n' testuser testpassword testuser >"$T/users.tsv"
printf '%s\t%s\n' spammer@example.test 'REJECT 5.7.1 blocked by tutorial' >"$T/policy.tsv"
nauthilus() { # ADDRESS
    backend_start -n "$T/users.tsv" -b "$credentials" -d "$T/policy.tsv" -m result -l "$1"
}
nauthilus inet:127.0.0.1:0
NAUTHILUS=$BACKEND

# --- Dovecot, with the tutorial's auth.lua as the HTTP client of 2.3 wants it

cat >"$T/auth.lua" <<END
local http_client = dovecot.http.client { timeout = 5000; max_attempts = 1; }

local function query(request, password, suffix)
    local call = http_client:request { url = "http://$NAUTHILUS/api/v1/auth/header" .. suffix; method = "POST"; }
    call:add_header("Authorization", "Basic $(printf %s "$credentials" | base64 -w 0)")
    call:add_header("X-Nauthilus-Username", request.user)
    call:add_header("X-Nauthilus-Password", password)
    call:add_header("X-Nauthilus-Protocol", request.service)
    call:add_header("X-Nauthilus-Client-IP", request.rip or "")
    return call:submit():status()
end

function auth_password_verify(request, password)
    if query(request, password, "") == 200 then
        return dovecot.auth.PASSDB_RESULT_OK, {}
    end
    return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, ""
end

function auth_userdb_lookup(request)
    if query(request, "", "?mode=no-auth") == 200 then
        local home = "$T/mail/" .. request.user
        return dovecot.auth.USERDB_RESULT_OK, { uid = "$MAIL_USER", gid = "$MAIL_USER", home = home }
    end
    return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, ""
end
END
install -d -o "$MAIL_USER" "$T/mail"

# --- Postfix with the example; every domain is one of demo_map.

LMTP_PORT=$(instance_unused_port)
example_new nauthilus "s|nauthilus:8080|$NAUTHILUS|"
printf '%s\n' "/^testuser@example\.test\$/ lmtp:127.0.0.1:$LMTP_PORT" '/./ discard:' >"$T/etc/transport.regexp"
postfix_main 'virtual_mailbox_domains = socketmap:unix:private/pfx-socketmap:demo_map' \
    'smtpd_sasl_authenticated_header = yes' 'smtpd_tls_auth_only = yes'
dovecot_new
dovecot_add 'protocols = imap lmtp' 'auth_mechanisms = plain login' 'auth_username_format = %Ln' \
    'mail_location = maildir:~/maildir' \
    'passdb {' 'driver = lua' "args = file=$T/auth.lua blocking=yes" '}' \
    'userdb {' 'driver = lua' "args = file=$T/auth.lua blocking=yes" '}' \
    'service lmtp {' 'inet_listener lmtp {' "port = $LMTP_PORT" '}' '}'
dovecot_tls
dovecot_imap
dovecot_start
postfix_start


# --- Each of the three services by itself

expect_equal "the socket map" workshop-route:example.test "$(postfix_query demo_map example.test)"
good='235 2.7.0 Authentication successful'
refused='535 5.7.8 Error: authentication failed: *'
expect_equal "AUTH PLAIN" "$good" "$(auth_plain testuser testpassword)"
last=$(fetch /_last)
for part in 'POST /api/v1/auth/json HTTP/1.1' '"username":"testuser"' '"password":"testpassword"' '"protocol":"smtp"' \
    '"method":"plain"' '"client_ip":"127.0.0.1"' '"local_port":"25"' '"ssl":"on"'; do
    expect_holds "what Nauthilus is asked" "$part" "$last"
done
expect_equal "AUTH LOGIN" "$good" "$(auth_login testuser testpassword)"
expect_holds "what Nauthilus is asked" '"method":"login"' "$(fetch /_last)"
expect_match "AUTH PLAIN with a wrong password" "$refused" "$(auth_plain testuser wrong)"
expect_match "AUTH LOGIN with a wrong password" "$refused" "$(auth_login testuser wrong)"
expect_match "AUTH without TLS" '5?? *' "$(smtp 'EHLO client.example' "AUTH PLAIN $(plain testuser testpassword)" QUIT |
    sed -n 3p)"

# --- A mail, in and out

# recipient SENDER: what smtpd says to the recipient, after a login.
recipient() {
    secure_smtp 'EHLO client.example' "AUTH PLAIN $(plain testuser testpassword)" "MAIL FROM:<$1>" \
        'RCPT TO:<testuser@example.test>' QUIT | sed -n 4p
}
recipient_becomes() { # SENDER GLOB
    # shellcheck disable=SC2053
    [[ $(recipient "$1") == $2 ]]
}
# deliver SENDER SUBJECT: sends a mail, and waits until it is delivered.
deliver() {
    local reply id
    reply=$(secure_smtp 'EHLO client.example' "AUTH LOGIN $(base64_of testuser)" "$(base64_of testpassword)" \
        "MAIL FROM:<$1>" 'RCPT TO:<testuser@example.test>' DATA \
        $'From: Demo Sender <'"$1"$'>\r\nSubject: '"$2"$'\r\n\r\nThis message is accepted.\r\n.' QUIT | sed -n 7p)
    expect_match "the message" '250 2.0.0 Ok: queued as *' "$reply"
    id=${reply##* }
    expect_log "$id: client=.*, sasl_method=LOGIN, sasl_username=testuser"
    expect_log "lmtp\[.*$id: to=<testuser@example\.test>.*status=sent"
}
deliver alice@example.test 'Workshop demo'
expect_equal "questions to the policy" 1 "$(fetch '/_count?path=/api/v1/custom/postfix/policy')"
[ "$(fetch '/_count?path=/api/v1/custom/postfix/socket-map')" -gt 0 ] || fail "nobody asked for the domain"

mailbox=$(imap 'LOGIN testuser testpassword' 'SELECT INBOX' 'SEARCH ALL' 'FETCH 1 BODY[]' LOGOUT)
for part in 'a1 OK' '* SEARCH 1' 'Subject: Workshop demo' 'Delivered-To: testuser@example.test' \
    '(Authenticated sender: testuser)' 'This message is accepted.' 'a4 OK'; do
    expect_holds "IMAP" "$part" "$mailbox"
done
expect_holds "IMAP with a wrong password" 'a1 NO [AUTHENTICATIONFAILED]' "$(imap 'LOGIN testuser wrong' LOGOUT)"

# --- The policy has something against one sender.

sed -i "s|/api/v1/custom/postfix/policy|/policy?member=sender|" "$CFG"
postfix_reload
wait_for 20 recipient_becomes spammer@example.test \
    '554 5.7.1 <testuser@example.test>: Recipient address rejected: blocked by tutorial' ||
    fail "the policy does not refuse: $(recipient spammer@example.test)"
expect_match "another sender" '250 *' "$(recipient alice@example.test)"

# --- Nauthilus goes away and comes back: that is nobody's fault.

kill "$BACKEND_PID"
wait "$BACKEND_PID" || true
expect_equal "AUTH PLAIN without Nauthilus" \
    '454 4.7.0 Temporary authentication failure: Connection lost to authentication server' \
    "$(auth_plain testuser testpassword)"
expect_match "AUTH LOGIN without Nauthilus" '454 4.7.0 *' "$(auth_login testuser testpassword)"
expect_match "a recipient without Nauthilus" '45[01] 4.3.0 *' "$(smtp 'EHLO client.example' \
    'MAIL FROM:<bob@example.test>' 'RCPT TO:<testuser@example.test>' QUIT | sed -n 4p)"
nauthilus "inet:$NAUTHILUS"
logs_in() {
    [ "$(auth_plain testuser testpassword)" = "$good" ]
}
wait_for 10 logs_in || fail "no login with Nauthilus again"
wait_for 10 recipient_becomes carol@example.test '250 *' || fail "no recipient with Nauthilus again"
expect_equal "AUTH LOGIN again" "$good" "$(auth_login testuser testpassword)"
deliver carol@example.test 'Second demo'
expect_holds "IMAP, the second mail" '* SEARCH 2' \
    "$(imap 'LOGIN testuser testpassword' 'SELECT INBOX' 'SEARCH SUBJECT "Second demo"' LOGOUT)"
dovecot_stop
