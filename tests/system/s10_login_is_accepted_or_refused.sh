#!/usr/bin/env bash
# smtpd says 235 or 535 to PLAIN and LOGIN, with and without an initial response; the account is the one that the
# backend names, in the log, in the header of the message and where smtpd decides who may send as whom (contract 6.5,
# what all of its points need).
set -eu
. "$(dirname "$0")/sasl.sh"

nauthilus_start 'alice:wonder land:alice@virt.example' 'bob:pässword:' 'c@x.example:C0lon;:account of c'
sasl_postfix_new demo
postfix_main 'smtpd_sender_login_maps = inline:{ alice@virt.example=alice@virt.example, bob@virt.example=bob }' \
    'smtpd_sender_restrictions = reject_sender_login_mismatch'
nauthilus demo
sasl_configuration
postfix_start

accepted() { # WHAT COMMAND...
    expect_equal "$1" "$ACCEPTED" "$(smtp_auth demo "${@:2}")"
}
refused() { # WHAT COMMAND...
    expect_equal "$1" "$REFUSED" "$(smtp_auth demo "${@:2}")"
}
right=$(plain alice 'wonder land')
wrong=$(plain alice 'wonder lane')
nobody=$(plain nobody 'wonder land')
alice=$(b64 alice)

accepted "PLAIN" "AUTH PLAIN $right"
accepted "plain" "AUTH plain $right"
accepted "PLAIN, asked for" 'AUTH PLAIN' "$right"
accepted "PLAIN with the same authzid" "AUTH PLAIN $(plain alice 'wonder land' alice)"
accepted "PLAIN, UTF-8" "AUTH PLAIN $(plain bob 'pässword')"
accepted "LOGIN" 'AUTH LOGIN' "$alice" "$(b64 'wonder land')"
accepted "LOGIN with the name" "AUTH LOGIN $alice" "$(b64 'wonder land')"
accepted "another account" "AUTH PLAIN $(plain c@x.example 'C0lon;')"
refused "PLAIN" "AUTH PLAIN $wrong"
refused "PLAIN, asked for" 'AUTH PLAIN' "$wrong"
refused "PLAIN, no such user" "AUTH PLAIN $nobody"
refused "LOGIN" 'AUTH LOGIN' "$alice" "$(b64 'wonder lane')"
refused "LOGIN with the name" "AUTH LOGIN $alice" "$(b64 'wonder lane')"
refused "the account's name" "AUTH PLAIN $(plain alice@virt.example 'wonder land')"
expect_equal "the first question of LOGIN" "334 $(b64 Username:)" "$(smtp_auth demo 'AUTH LOGIN')"
expect_equal "the second question of LOGIN" "334 $(b64 Password:)" "$(smtp_auth demo 'AUTH LOGIN' "$alice")"
expect_equal "the question of PLAIN" '334 ' "$(smtp_auth demo 'AUTH PLAIN')"

# In one session: refused, then accepted, then a message.
session_open demo
say_plain alice wrong
expect_equal "a wrong password" "$REFUSED" "$REPLY"
say_plain alice 'wonder land'
expect_equal "then the right one" "$ACCEPTED" "$REPLY"
say 'MAIL FROM:<bob@virt.example>'
say 'RCPT TO:<user@virt.example>'
expect_match "another's address" '553 5.7.1 *not owned by user alice@virt.example' "$REPLY"
say RSET
say 'MAIL FROM:<alice@virt.example>'
say 'RCPT TO:<user@virt.example>'
expect_equal "her own address" '250 2.1.5 Ok' "$REPLY"
say DATA
say $'Subject: test\r\n\r\nHello.\r\n.'
expect_match "the message" '250 2.0.0 Ok: queued as *' "$REPLY"
id=${REPLY##* }
session_close
expect_holds "the message in the queue" '(Authenticated sender: alice@virt.example)' \
    "$(postcat -c "$T/etc" -q -h "$id")"
expect_log "smtpd\[[0-9]+\]: $id: client=.*, sasl_method=PLAIN, sasl_username=alice@virt\.example\$"
expect_log "SASL PLAIN authentication failed: $WRONG, sasl_username=nobody\$"
expect_log "SASL LOGIN authentication failed: $WRONG, sasl_username=alice\$"

# Without an account the name that was given counts.
expect_equal "the address of the name" '250 2.1.5 Ok' \
    "$(smtp_auth demo "AUTH PLAIN $(plain bob 'pässword')" 'MAIL FROM:<bob@virt.example>' \
        'RCPT TO:<user@virt.example>')"
expect_log 'pfx-saslbridge.*: sasl=demo, user=<nobody>, mechanism=PLAIN, client=\[127\.0\.0\.1\], .*: denied: '
expect_no_log 'pfx-saslbridge.* (warning|error|fatal): '
