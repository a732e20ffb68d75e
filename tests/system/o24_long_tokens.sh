#!/usr/bin/env bash
# Long tokens through smtpd: 9,000 bytes by a continued response, 12,000 with a larger smtpd_sasl_response_limit; what
# smtpd cuts off or does not pass on is refused, and the next login works (contract 0, fact 15; 1.8).
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"

provider_start
provider_new idp
sasl_postfix_new asked verified
smtpd_new wide private/asked
smtpd_new verified_wide private/verified
sed -i "/^127.0.0.1:\(${PORT[wide]}\|${PORT[verified_wide]}\) /s/\$/ -o smtpd_sasl_response_limit=20480/" \
    "$T/etc/master.cf"
token_entry asked
token_entry verified 'validation = "jwks"; audience = "smtp";'
sasl_configuration
postfix_start

key_new key RS256
keys idp "$(jwk key RS256)"
known() { # BYTES: a token of that length that the provider knows
    local token
    token=$(long "$1")
    introspects idp "$token" '{"active":true,"username":"alice@x.example"}'
    echo "$token"
}
own() { # AT-LEAST-BYTES: a JWT of about that length
    jwt key RS256 "$(claims padding "\"$(long $((($1 - 800) * 3 / 4)))\"")"
}
logs_in() { # WHAT REPLY NAME TOKEN: by both mechanisms, continued
    expect_match "$1, XOAUTH2" "$2" "$(smtp_auth "$3" 'AUTH XOAUTH2' "$(xoauth2 alice@x.example "$4")")"
    expect_match "$1, OAUTHBEARER" "$2" "$(smtp_auth "$3" 'AUTH OAUTHBEARER' "$(oauthbearer alice@x.example "$4")")"
}
expect_equal "the question" '334 ' "$(smtp_auth asked 'AUTH XOAUTH2')"
short=$(known 900)
nine=$(known 9000)
twelve=$(known 12000)
own=$(own 9000)
[ "${#own}" -gt 8500 ] || fail "a token of ${#own} bytes is not long"
expect_equal "a short one at once" "$ACCEPTED" "$(smtp_auth asked "AUTH XOAUTH2 $(xoauth2 alice@x.example "$short")")"
logs_in "9,000 bytes" "$ACCEPTED" asked "$nine"
logs_in "a JWT of ${#own} bytes" "$ACCEPTED" verified "$own"
logs_in "12,000 bytes" "$ACCEPTED" wide "$twelve"
own=$(own 12000)
logs_in "a JWT of ${#own} bytes" "$ACCEPTED" verified_wide "$own"

# Cut off by smtpd, or not passed on: refused, and in the same session the next one works.
session_open asked
say "AUTH XOAUTH2 $(xoauth2 alice@x.example "$nine")"
expect_match "9,000 bytes at once" '5?? *' "$REPLY"
say 'AUTH XOAUTH2'
say "$(xoauth2 alice@x.example "$twelve")"
expect_match "12,000 bytes" '5?? *' "$REPLY"
say 'AUTH XOAUTH2'
expect_equal "the question after it" '334 ' "$REPLY"
say "$(xoauth2 alice@x.example "$nine")"
expect_equal "9,000 bytes" "$ACCEPTED" "$REPLY"
say 'MAIL FROM:<alice@x.example>'
say 'RCPT TO:<user@virt.example>'
expect_equal "a recipient" '250 2.1.5 Ok' "$REPLY"
session_close
expect_log 'sasl_method=XOAUTH2, sasl_username=alice@x\.example$'

# Without smtpd between: 16,384 bytes, no more.
for bytes in 16384 16385; do
    token=$(known "$bytes")
    before=$(requests idp introspection)
    how='line OK\t1\tuser=alice@x.example'
    [ "$bytes" = 16384 ] || how='like FAIL\t1\t.*reason=.+'
    dialogue "$bytes bytes" "unix:$Q/private/asked" 'hello 0' \
        "send $(auth 1 XOAUTH2 "$(xoauth2 alice@x.example "$token")")" "$how"
    expect_equal "questions about it" $((bytes == 16384)) $(($(requests idp introspection) - before))
done
expect_no_log 'x{100}'
