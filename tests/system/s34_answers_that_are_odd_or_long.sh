#!/usr/bin/env bash
# AUTH PLAIN =, empty answers to LOGIN, "*" and then a new AUTH, an initial response that Postfix has cut off, a
# continuation of 12000 bytes: each is answered at once (contract 6.5, point 7).
set -eu
. "$(dirname "$0")/sasl.sh"

password=$(long 8000)
nauthilus_start alice:pw:alice@virt.example "bob:$password:bob"
sasl_postfix_new demo
postfix_main 'smtpd_junk_command_limit = 1000'
nauthilus demo
sasl_configuration
postfix_start

# says WHAT REPLY COMMAND: in the session, within a second.
says() {
    local started
    started=$(now_ms)
    say "$3"
    expect_match "$1" "$2" "$REPLY"
    expect_at_most "milliseconds of $1" 1000 $(($(now_ms) - started))
}
name="334 $(b64 Username:)"
word="334 $(b64 Password:)"
session_open demo
says "AUTH PLAIN =" "$ANY_REFUSAL" 'AUTH PLAIN ='
says "AUTH LOGIN =, which is no name yet" "$name" 'AUTH LOGIN ='
says "an empty name" "$ANY_REFUSAL" ''
says "PLAIN" '334 ' 'AUTH PLAIN'
says "an empty answer to PLAIN" "$ANY_REFUSAL" ''
says "PLAIN" '334 ' 'AUTH PLAIN'
says "= as the answer to PLAIN" "$ANY_REFUSAL" '='
says "LOGIN" "$name" 'AUTH LOGIN'
says "an empty name" "$ANY_REFUSAL" ''
says "LOGIN" "$name" 'AUTH LOGIN'
says "a name" "$word" "$(b64 alice)"
says "an empty password" "$ANY_REFUSAL" ''
says "LOGIN with a name" "$word" "AUTH LOGIN $(b64 alice)"
says "an empty password" "$ANY_REFUSAL" ''
expect_equal "what Nauthilus had to judge" 0 "$(judged)"

# "*" tells the daemon nothing: the next AUTH finds the last one's challenge unanswered.
aborted='501 5.7.0 Authentication aborted'
for _ in 1 2 3; do
    says "PLAIN" '334 ' 'AUTH PLAIN'
    says "*" "$aborted" '*'
    says "LOGIN" "$name" 'AUTH LOGIN'
    says "* for the name" "$aborted" '*'
    says "LOGIN" "$name" 'AUTH LOGIN'
    says "a name" "$word" "$(b64 alice)"
    says "* for the password" "$aborted" '*'
    says "a wrong password" "$REFUSED" "AUTH PLAIN $(plain alice wrong)"
done
says "LOGIN" "$name" 'AUTH LOGIN'
says "* for the name" "$aborted" '*'
says "the right password" "$ACCEPTED" "AUTH PLAIN $(plain alice pw)"
session_close

# Longer than a line, in PLAIN and in LOGIN; whatever is left of it is no login.
session_open demo
for count in 2035 2036 2037 2038 2039 2040 3000 12000; do
    says "an initial response of $count bytes" '5[03]5 5.*' "AUTH PLAIN $(long "$count")"
    says "an initial response to LOGIN of $count bytes" '@(5[03]5 5.*|334 *)' "AUTH LOGIN $(long "$count")"
    [[ $REPLY != 334* ]] || says "*" "$aborted" '*'
done
whole=$(plain bob "$password")
says "a right one that is too long for a line" "$ANY_REFUSAL" "AUTH PLAIN $whole"
expect_equal "what Nauthilus had to judge" 4 "$(judged)"
expect_equal "bytes of the longest continuation here" 10676 "${#whole}"
says "PLAIN" '334 ' 'AUTH PLAIN'
says "a continuation of 12000 bytes, wrong" "$ANY_REFUSAL" "$(b64 "\\0bob\\0$(long 8995)")"
says "PLAIN" '334 ' 'AUTH PLAIN'
says "a long one with a short name" "$REFUSED" "$(plain bo "$password")"
says "LOGIN" "$name" 'AUTH LOGIN'
says "a name" "$word" "$(b64 bob)"
says "a password of 12000 bytes" "$ANY_REFUSAL" "$(b64 "$(long 9000)")"
says "PLAIN" '334 ' 'AUTH PLAIN'
says "a continuation over Postfix's limit" '500 5.5.6 *' "$(b64 "$(long 9300)")"
says "LOGIN" "$name" 'AUTH LOGIN'
says "a name" "$word" "$(b64 bob)"
says "the right password of 8000 bytes" "$ACCEPTED" "$(b64 "$password")"
session_close
expect_equal "PLAIN with a password of 8000 bytes" "$ACCEPTED" "$(smtp_auth demo 'AUTH PLAIN' "$whole")"
expect_no_log 'pfx-saslbridge.* (warning|error|fatal): |Connection lost'
