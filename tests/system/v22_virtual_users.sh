#!/usr/bin/env bash
# conf/examples/virtual-users: domains, mailboxes, aliases and owners of sender addresses by socket maps, AUTH by pfx on
# the submission port only, LMTP to Dovecot, IMAP with Dovecot's own passwords. Nobody sends as another.
set -eu
. "$(dirname "$0")/dovecot.sh"

# --- The service: one stand-in for each name of a member, and one for logins

certificates
service() { # ARGUMENTS: sets SERVICE_AT
    backend_start "$@" -T "$T/certs/good.pem" -K "$T/certs/good.key" -l inet:127.0.0.1:0 -l tls:127.0.0.1:0
}
printf '%s\t%s\n' domains:virt.example virt.example mailboxes:alice@virt.example alice@virt.example \
    mailboxes:bob@virt.example bob@virt.example >"$T/names.tsv"
printf '%s\t%s\n' info@virt.example alice@virt.example,bob@virt.example >"$T/aliases.tsv"
printf '%s\t%s\n' alice@virt.example alice@virt.example bob@virt.example bob@virt.example \
    info@virt.example alice@virt.example >"$T/senders.tsv"
printf '%s\t%s\t%s\n' alice@virt.example wonderland alice@virt.example bob@virt.example builder bob@virt.example \
    b@virt.example builder bob@virt.example >"$T/logins.tsv"
service -d "$T/names.tsv" -m name
names=${BACKENDS[1]}
names_control=$BACKEND
service -d "$T/aliases.tsv" -m to
aliases=${BACKENDS[1]}
service -d "$T/senders.tsv" -m logins
senders=${BACKENDS[1]}
service -n "$T/logins.tsv" -b postfix:secret
logins=${BACKENDS[1]}

# --- Postfix and Dovecot

example_new virtual-users "s#users\.example\.com/\(domains\|mailboxes\)/%s#$names/\1/%s?key=\1:%s\&miss=404#
    s|users\.example\.com/aliases/%s|$aliases/aliases/%s?key=%s\&miss=404|
    s|users\.example\.com/senders/%s|$senders/senders/%s?key=%s\&miss=404|
    s|users\.example\.com/login|$logins/api/v1/auth/json|
    /^dovecot_sasl/,\$s|http_auth_bearer = { file = .*|http_auth_basic = \"postfix:secret\";|"
echo "tls = { root_ca = \"$T/certs/ca.pem\"; };" >>"$CFG"
echo a-token >"$T/etc/users.token"
chmod 600 "$T/etc/users.token"
sed "s|/var/spool/postfix|$Q|; s|/var/vmail|$T/vmail|g; s|id=vmail|id=$MAIL_USER|g
    s|/etc/ssl/certs/mail.example.com|$T/certs/good|; s|/etc/ssl/private/mail.example.com|$T/certs/good|" \
    "$TOP/conf/examples/virtual-users/dovecot.conf" >"$T/example.conf"
install -d -o "$MAIL_USER" -m 755 "$T/vmail"
install -d -m 755 "$T/vmail/auth.d/virt.example"
for user in alice bob; do
    echo "$user@virt.example:{SHA512-CRYPT}$(openssl passwd -6 "imap-of-$user")"
done >"$T/vmail/auth.d/virt.example/passwd"
dovecot_new "$T/example.conf"
dovecot_imap
dovecot_start
postfix_start

# --- Port 25: mail for our users, no AUTH

said() { # COMMAND...: the replies of port 25 behind EHLO
    smtp 'EHLO client.example' "$@" QUIT | sed 1,2d
}
mapfile -t reply < <(said 'MAIL FROM:<me@elsewhere.example>' 'RCPT TO:<alice@virt.example>' \
    'RCPT TO:<info@virt.example>' 'RCPT TO:<nobody@virt.example>' 'AUTH PLAIN' 'VRFY alice@virt.example')
expect_match "a mailbox" '250 2.1.5 *' "${reply[1]}"
expect_match "an alias" '250 2.1.5 *' "${reply[2]}"
expect_match "no mailbox" '550 5.1.1 *User unknown in virtual mailbox table*' "${reply[3]}"
expect_match "AUTH on port 25" '50? *' "${reply[4]}"
expect_match "VRFY" '502 *' "${reply[5]}"
expect_match "the null sender" '250 *' "$(said 'MAIL FROM:<>' 'RCPT TO:<bob@virt.example>' | sed -n 2p)"
last=$(fetch /_last "$names_control")
expect_holds "a lookup" 'Authorization: Bearer a-token' "$last"
expect_holds "a lookup" 'GET /mailboxes/bob%40virt.example?' "$last"

# --- Submission: AUTH, and own addresses only

expect_match "a login" '235 *' "$(auth_plain alice@virt.example wonderland)"
expect_match "a login of another name" '235 *' "$(auth_login b@virt.example builder)"
expect_match "a wrong password" '535 5.7.8 *' "$(auth_plain alice@virt.example builder)"
expect_match "submission without TLS" '530 5.7.0 *' \
    "$(instance_smtp "$SUBMISSION_PORT" 'EHLO client.example' 'MAIL FROM:<alice@virt.example>' QUIT | sed -n 3p)"

recipient_of() { # SENDER [LOGIN PASSWORD]: what the submission port says to a recipient
    local auth=()
    [ $# = 1 ] || auth=("AUTH PLAIN $(plain "$2" "$3")")
    secure_smtp 'EHLO client.example' "${auth[@]}" "MAIL FROM:<$1>" 'RCPT TO:<bob@virt.example>' QUIT |
        sed -n $((3 + ${#auth[@]}))p
}
not_owned() { # SENDER LOGIN
    echo "553 5.7.1 <$1>: Sender address rejected: not owned by user $2"
}
alice=(alice@virt.example wonderland)
bob=(b@virt.example builder)
expect_match "as oneself" '250 *' "$(recipient_of alice@virt.example "${alice[@]}")"
expect_match "as oneself, logged in by another name" '250 *' "$(recipient_of bob@virt.example "${bob[@]}")"
expect_match "as an address of one's own" '250 *' "$(recipient_of info@virt.example "${alice[@]}")"
expect_equal "as another" "$(not_owned bob@virt.example alice@virt.example)" \
    "$(recipient_of bob@virt.example "${alice[@]}")"
expect_equal "as another's address" "$(not_owned info@virt.example bob@virt.example)" \
    "$(recipient_of info@virt.example "${bob[@]}")"
expect_equal "as somebody unknown" "$(not_owned me@elsewhere.example bob@virt.example)" \
    "$(recipient_of me@elsewhere.example "${bob[@]}")"
expect_match "without a login" '5?? *' "$(recipient_of alice@virt.example)"
expect_match "without a login, as somebody unknown" '554 5.7.1 *' "$(recipient_of me@elsewhere.example)"

# --- A mail to an alias arrives in two mailboxes.

reply=$(secure_smtp 'EHLO client.example' "AUTH PLAIN $(plain "${alice[@]}")" 'MAIL FROM:<info@virt.example>' \
    'RCPT TO:<info@virt.example>' DATA $'From: info@virt.example\r\nSubject: to all\r\n\r\nHello.\r\n.' QUIT |
    sed -n 6p)
expect_match "the message" '250 2.0.0 Ok: queued as *' "$reply"
id=${reply##* }
expect_log "$id: client=.*sasl_username=alice@virt\.example"
for user in alice bob; do
    expect_log "lmtp\[.*$id: to=<$user@virt\.example>, orig_to=<info@virt\.example>.*private/dovecot-lmtp.*status=sent"
    expect_holds "mailbox of $user" '* SEARCH 1' \
        "$(imap "LOGIN $user@virt.example imap-of-$user" 'SELECT INBOX' 'SEARCH SUBJECT "to all"' LOGOUT)"
done
expect_holds "IMAP with the password of SMTP" 'a1 NO [AUTHENTICATIONFAILED]' \
    "$(imap 'LOGIN alice@virt.example wonderland' LOGOUT)"

# --- Without pfx-saslbridge nobody logs in, but mail comes in.

postconf -c "$T/etc" -MX pfx-sasl/unix
postfix_reload
submission_ends() { # smtpd asks for the mechanisms when there is TLS, and then ends
    [ -z "$(secure_smtp 'EHLO client.example')" ]
}
wait_for 20 submission_ends || fail "submission goes on"
expect_log 'submission/smtpd.*fatal: no SASL authentication mechanisms'
expect_match "a mailbox" '250 2.1.5 *' \
    "$(said 'MAIL FROM:<me@elsewhere.example>' 'RCPT TO:<bob@virt.example>' | sed -n 2p)"
dovecot_stop
