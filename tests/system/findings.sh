# For tests of pfxctl check: an instance with a good configuration, one finding in what is changed in it, and no other.

. "$(dirname "${BASH_SOURCE[0]}")/postfix.sh"

postfix_new
{
    echo "pfx-policy unix - - n - 1 $(instance_command "$B/pfx-policyd")"
    echo "pfx-sasl unix - - n - 1 $(instance_command "$B/pfx-saslbridge") login"
    echo "virtual unix - n n - - virtual"
} >>"$T/etc/master.cf"
postfix_main 'virtual_alias_domains =' 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/pfx-sasl' \
    'virtual_mailbox_domains = socketmap:unix:private/pfx-socketmap:domains' \
    'virtual_mailbox_maps = socketmap:unix:private/pfx-socketmap:users' \
    'smtpd_recipient_restrictions = check_policy_service { unix:private/pfx-policy, policy_context=incoming,
        { default_action = DEFER_IF_PERMIT 4.3.5 Try again later } }, reject_unauth_destination'
echo 'user:secret' >"$T/etc/secret"
chmod 600 "$T/etc/secret"
cat >"$CFG" <<END
socket_maps = {
    defaults = { http_auth_basic = { file = "$T/etc/secret"; }; value_field = "result"; };
    domains = { target = "https://192.0.2.1/domains/%s"; };
    users = { target = "https://api.example.com/users/%s"; };
};
policy_services = { incoming = { target = "https://api.example.com/policy"; }; };
dovecot_sasl = { login = { target = "unix:/run/login.sock:/api/v1/auth/json"; }; };
END
cp -R "$T/etc" "$T/good"

# libconfig loses a string when it fails right behind it.
echo 'leak:strbuf_append' >"$T/suppressions"
export LSAN_OPTIONS=suppressions=$T/suppressions:print_suppressions=0

check() { # ARGUMENTS...: sets STATUS and FOUND
    touch -d '1 minute ago' "$T/etc/main.cf" "$T/etc/master.cf" # postconf waits until they are not quite new
    STATUS=0
    FOUND=$(timeout 60 "$B/pfxctl" -c "$T/etc" check "$@" 2>&1) || STATUS=$?
}
mend() {
    rm -rf "$T/etc"
    cp -Rp "$T/good" "$T/etc"
}
# finds STATUS GLOB [ARGUMENTS]: one finding, and no other; then all is well again.
finds() {
    check "${@:3}"
    expect_match "findings" "$2" "$FOUND"
    expect_equal "lines of '$FOUND'" 1 "$(wc -l <<<"$FOUND")"
    expect_equal "status after '$FOUND'" "$1" "$STATUS"
    mend
}
change() { # FILE SED-COMMAND: which has an effect
    sed "$2" "$T/good/$1" >"$T/etc/$1"
    ! cmp -s "$T/good/$1" "$T/etc/$1" || fail "'$2' changes nothing"
}
# tells_of N: as many findings, and no more.
tells_of() { # N
    check
    expect_equal "findings in '$FOUND'" "$1" "$(grep -c . <<<"$FOUND")"
}
# after SED-COMMAND GLOB: a mistake in pfx.cfg. unwise: a warning.
after() {
    change pfx.cfg "$1"
    finds 78 "$2"
}
unwise() {
    change pfx.cfg "$1"
    finds 0 "warning: $2"
}
main_cf() { # LINE GLOB
    echo "$1" >>"$T/etc/main.cf"
    finds 78 "$T/etc/main.cf: $2"
}
unwise_in_main_cf() { # LINE GLOB
    echo "$1" >>"$T/etc/main.cf"
    finds 0 "warning: $T/etc/main.cf: $2"
}
master_cf() { # SED-COMMAND GLOB [STATUS]
    change master.cf "$1"
    finds "${3:-78}" "$2"
}
