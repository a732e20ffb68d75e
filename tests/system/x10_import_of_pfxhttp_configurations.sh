#!/usr/bin/env bash
# pfxctl import: the configurations of pfxhttp's documents become files that the daemons and Postfix load without a word
# of complaint, and with that of Nauthilus' tutorial Postfix gets the answers that the tutorial shows. What is no
# configuration of pfxhttp is refused, and no file is overwritten.
set -eu
. "$(dirname "$0")/dovecot.sh"

SOURCES=$TOP/tests/import
import() { # ARGUMENTS: sets STATUS; what it prints is in $T/out and $T/err
    STATUS=0
    "$B/pfxctl" import "$@" >"$T/out" 2>"$T/err" || STATUS=$?
}
part() { # NAME: of what was printed
    sed -n "/^# ==> $1 <==\$/,/^# ==> /p" "$T/out" | grep -v '^# ==> '
}

# --- Each configuration

# No word of postconf about what is in the two files, and none about the lines of master.cf that are comments.
lines_are_good() { # DIRECTORY
    mkdir "$1/etc"
    cp "$1/main.cf.add" "$1/etc/main.cf"
    cp "$1/master.cf.add" "$1/etc/master.cf"
    expect_equal "postconf -n" "" "$(postconf -c "$1/etc" -n 2>&1 >/dev/null)"
    expect_equal "postconf -M" "" "$(postconf -c "$1/etc" -M 2>&1 >"$1/services")"
    sed -i 's/^#\([^ ]\)/\1/' "$1/etc/master.cf"
    expect_equal "postconf -M with all lines" "" "$(postconf -c "$1/etc" -M 2>&1 >/dev/null)"
    ! grep -q ^socket_maps "$1/pfx.cfg" || grep -q ' pfx-socketmap$' "$1/etc/master.cf" || fail "$1: no pfx-socketmap"
}

for file in "$SOURCES"/*.yml; do
    name=$(basename "$file" .yml)
    import -o "$T/$name" "$file"
    expect_equal "$name: exit status" 0 "$STATUS"
    expect_equal "$name: what is printed" "" "$(cat "$T/out")"
    expect_equal "$name: mode of the directory" 700 "$(stat -c %a "$T/$name")"
    expect_equal "$name: mode of pfx.cfg" 600 "$(stat -c %a "$T/$name/pfx.cfg")"
    expect_equal "$name: mistakes in pfx.cfg" "" "$("$B/print_keys" "$T/$name/pfx.cfg" || true)"
    "$B/pfxctl" -c "$T/$name" check --no-files >"$T/check" 2>&1 || fail "$name: pfxctl check: $(cat "$T/check")"
    grep -vE "^pfxctl: warning: $file:[0-9]+: [^ ]+: " "$T/err" && fail "$name: says more than what was not taken"
    expect_equal "$name: warnings that come twice" "" "$(sort "$T/err" | uniq -d)"
    grep -E 'workshop-backchannel-secret|backend-secret|user:secret' "$T/err" "$T/$name"/*.add && fail "$name: a secret"
    lines_are_good "$T/$name"
    mv "$T/err" "$T/$name/err"
    import "$file"
    expect_equal "$name: exit status" 0 "$STATUS"
    for f in pfx.cfg master.cf.add main.cf.add; do
        [ "$(part "$f")" = "$(cat "$T/$name/$f")" ] || fail "$name: $f is another one on stdout"
    done
done
expect_holds "what is not taken" "detailed.yml:3: server.run_as_user: has no counterpart" "$(cat "$T/detailed/err")"
expect_holds "what is not taken" "oidc.yml:4: server.chroot: has no counterpart" "$(cat "$T/oidc/err")"
expect_holds "the comment on it" "# server.chroot: has no counterpart" "$(cat "$T/oidc/pfx.cfg")"

# --- What is refused

printf 'server:\n  listen: [\n' >"$T/bad.yml"
import "$T/bad.yml"
expect_equal "exit status for what is no YAML" 65 "$STATUS"
expect_match "what is no YAML" "pfxctl: $T/bad.yml:3:1: *" "$(cat "$T/err")"
expect_equal "what is printed for it" "" "$(cat "$T/out")"
import "$TOP/conf/pfx.cfg"
expect_equal "exit status for another file" 65 "$STATUS"
import
expect_equal "exit status without a file" 64 "$STATUS"
import -x "$SOURCES/tutorial.yml"
expect_equal "exit status with an unknown option" 64 "$STATUS"
import "$T/none.yml"
expect_equal "exit status for a file that is not there" 64 "$STATUS"
import -o "$T/none/none" "$SOURCES/tutorial.yml"
expect_equal "exit status for a directory that cannot be made" 64 "$STATUS"
expect_holds "the directory" "$T/none/none: No such file or directory" "$(cat "$T/err")"
mkdir "$T/full"
echo mine >"$T/full/main.cf.add"
import -o "$T/full" "$SOURCES/tutorial.yml"
expect_equal "exit status for a file that is there" 64 "$STATUS"
expect_equal "the file that was there" "main.cf.add mine" "$(echo "$(ls "$T/full")" "$(cat "$T/full/main.cf.add")")"
STATUS=0
"$B/pfxctl" import "$SOURCES/tutorial.yml" >/dev/full 2>"$T/err" || STATUS=$?
expect_equal "exit status on a full disk" 75 "$STATUS"

# --- The tutorial

credentials=workshop-backchannel:workshop-backchannel-secret
printf '%s\t%s\t%s\n' testuser testpassword testuser >"$T/users.tsv"
printf '%s\t%s\n' spammer@example.test 'REJECT 5.7.1 blocked by tutorial' >"$T/policy.tsv"
nauthilus() { # ADDRESS
    backend_start -n "$T/users.tsv" -b "$credentials" -d "$T/policy.tsv" -m result -l "$1"
}
nauthilus inet:127.0.0.1:0
NAUTHILUS=$BACKEND
mkdir "$T/example"
sed "s|nauthilus:8080|$NAUTHILUS|" "$SOURCES/tutorial.yml" >"$T/tutorial.yml"
import -o "$T/example" "$T/tutorial.yml"
expect_equal "exit status" 0 "$STATUS"

# The lines with a "#" where the tutorial has them; what else is in its main.cf.
mv "$T/example/master.cf.add" "$T/example/master.cf"
sed -E 's/^#(smtpd_recipient_restrictions)/\1/; s/^#PARAMETER/virtual_mailbox_domains/' "$T/example/main.cf.add" \
    >"$T/example/main.cf"
cat >>"$T/example/main.cf" <<END
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
END
example_new "$(realpath --relative-to="$TOP/conf/examples" "$T/example")"
postfix_main 'smtpd_tls_auth_only = yes'
postfix_start

expect_equal "the socket map" workshop-route:example.test "$(postfix_query demo_map example.test)"
expect_equal "the key as it comes" workshop-route:Example.TEST "$(ask demo_map Example.TEST | sed 's/^OK //')"
good='235 2.7.0 Authentication successful'
expect_equal "AUTH PLAIN" "$good" "$(auth_plain testuser testpassword)"
expect_holds "what Nauthilus is asked" '"local_port":"25"' "$(fetch /_last)"
expect_equal "AUTH LOGIN" "$good" "$(auth_login testuser testpassword)"
expect_match "AUTH PLAIN with a wrong password" '535 5.7.8 *' "$(auth_plain testuser wrong)"

policy() { # SENDER: what pfx-policyd says
    printf '%s\n' request=smtpd_access_policy protocol_state=RCPT protocol_name=SMTP "sender=$1" \
        recipient=bob@example.test client_address=127.0.0.1 client_name=localhost '' |
        raw_end "unix:$Q/private/pfx-policy"
}
expect_equal "the policy" action=DUNNO "$(policy alice@example.test)"
recipient() { # SENDER: what smtpd says to the recipient
    smtp 'EHLO client.example' "MAIL FROM:<$1>" 'RCPT TO:<testuser@example.test>' QUIT | sed -n 4p
}
expect_match "a recipient" '250 *' "$(recipient alice@example.test)"
expect_equal "questions to the policy" 2 "$(fetch '/_count?path=/api/v1/custom/postfix/policy')"

# An old value stands in when Nauthilus is gone, as with pfxhttp; a login waits.
kill "$BACKEND_PID"
wait "$BACKEND_PID" || true
expect_equal "the socket map without Nauthilus" workshop-route:example.test "$(postfix_query demo_map example.test)"
expect_match "AUTH PLAIN without Nauthilus" '454 4.7.0 *' "$(auth_plain testuser testpassword)"
expect_match "a recipient without Nauthilus" '45[01] 4.3.0 *' "$(recipient bob@example.test)"
