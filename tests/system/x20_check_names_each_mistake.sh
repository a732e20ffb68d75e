#!/usr/bin/env bash
# pfxctl check names each mistake, once, with its place and what to do; what is unwise is a warning; what is good says
# nothing (A8).
set -eu
. "$(dirname "$0")/postfix.sh"

postfix_new
{
    echo "pfx-policy unix - - n - 1 $(instance_command "$B/pfx-policyd")"
    echo "pfx-sasl unix - - n - 1 $(instance_command "$B/pfx-saslbridge") login"
    echo "virtual unix - n n - - virtual"
} >>"$T/etc/master.cf"
postfix_main 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/pfx-sasl' \
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
master_cf() { # SED-COMMAND GLOB [STATUS]
    change master.cf "$1"
    finds "${3:-78}" "$2"
}

check
expect_equal "what is found in a good one" "" "$FOUND"
expect_equal "status" 0 "$STATUS"

# What does not parse: line, column, cure.
after '3s|target = "https|target = https|' "$CFG:3:26: syntax error: *double quotes*"
after '3s|%s"|%s|' "$CFG:3:26: syntax error: a quote is missing*"
after "3s|\"https.*%s\"|'x'|" "$CFG:3:26: syntax error: *single ones*"
after '3s|; };|; value_required = yes; };|' "$CFG:3:*: syntax error: write true or false"
after '3s|; };|; http = { timeout = 5s; }; };|' "$CFG:3:*: syntax error: *in double quotes: \"10s\"*"
after '3s|; };|; status_code = [200, 204,]; };|' "$CFG:3:*: syntax error: no comma may stand after the last element"
after '1s|^|\xef\xbb\xbf|' "$CFG:1:1: syntax error: *byte order mark*"
after '6s|; };|; payload = { "a" = 1; }; };|' "$CFG:6:*: syntax error: a name stands without quotes*"
after '6s|; };|; payload = { a.b = 1; }; };|' "$CFG:6:*: syntax error: a name begins with a letter*"
after '5d' "$CFG:1:15: syntax error: this bracket is never closed*"
after '3s|target =|target|' "$CFG:3:*: syntax error: \"=\" is missing*"
mkdir "$T/etc/pfx.d"
echo 'workers = two;' >"$T/etc/pfx.d/10.cfg"
finds 78 "$T/etc/pfx.d/10.cfg:1:11: syntax error: *"
echo '@include "more"' >>"$T/etc/pfx.cfg"
printf 'workers = 2;\nlog_level = info;\n' >"$T/etc/more"
finds 78 "$T/etc/more:2:13: syntax error: *"
rm "$T/etc/pfx.cfg"
finds 78 "$CFG: No such file or directory"

# What parses: file, line, key, in all sections.
after '3s|; };|; value_feild = "x"; };|' "$CFG:3: socket_maps.domains.value_feild: unknown key; *value_field?"
after '4s|; };|; url = "x"; };|' "$CFG:4: socket_maps.users.url: unknown key; the key is called target"
after '6s|; };|; default_action = "OK"; };|' "$CFG:6: policy_services.incoming.default_action: *on_error"
after '7s|; };|; ttl = "1h"; };|' "$CFG:7: dovecot_sasl.login.ttl: *stale_if_error*"
after '7s|; };|; http = { timeout = "10s"; }; };|' "$CFG:7: dovecot_sasl.login.http.timeout: *at most 9s*"
after '1s|^|workers = 65; |' "$CFG:1: workers: *0 to 64*"
rm "$T/etc/secret"
finds 78 "$CFG:2: socket_maps.defaults.http_auth_basic.file: $T/etc/secret: No such file or directory"
after '3s|; };|; tls = { root_ca = "/none.pem"; }; };|' "$CFG:3: socket_maps.domains.tls: /none.pem: *"
echo 'no key' >"$T/good/key"
chmod 600 "$T/good/key"
mend
after "4s|; };|; tls = { cert = \"$T/etc/key\"; }; };|" \
    "$CFG:4: socket_maps.users.tls: $T/etc/key: no certificate in it*"
oidc="backend_oidc_auth = { configuration_uri = \"https://id.example.com/\"; client_id = \"x\"; private_key_file ="
after "6s|; };|; $oidc \"$T/etc/key\"; }; };|" "$CFG:6: policy_services.*private_key_file: $T/etc/key: is no PEM file"
echo '-----BEGIN PRIVATE KEY-----' >"$T/good/key"
mend
after "6s|; };|; $oidc \"$T/etc/key\"; }; };|" \
    "$CFG:6: policy_services.incoming.backend_oidc_auth.private_key_file: *key: *"

# --no-files looks at none of them.
rm "$T/etc/secret"
check --no-files
expect_equal "what is found without files" "0 " "$STATUS $FOUND"
mend

# Legal, but unwise: 0, and with --strict 78.
unwise '1s|^|http = { timeout = "20s"; };|' "$CFG:7: dovecot_sasl.login: *cut to 9s*"
unwise '3s|; };|; tls = { skip_verify = true; }; };|' "$CFG:3: socket_maps.domains.tls.skip_verify: *root_ca*"
unwise '3s|https:|http:|' "$CFG:3: socket_maps.domains: target http://192.0.2.1:80: *the credentials of pfx*"
unwise '6s|https:|http:|' "$CFG:6: policy_services.incoming: target http://api.example.com:80: *what is asked*"
unwise '7s|"unix:.*:/api|"http://api.example.com/api|' "$CFG:7: dovecot_sasl.login: target *the passwords of users*"
unwise '6s|; };|; response_cache = { enabled = true; max_age = "1m"; }; };|' "$CFG:6: *cache_key*"
change pfx.cfg '3s|; };|; tls = { skip_verify = true; }; };|'
finds 78 'warning: *skip_verify: *' --strict
change pfx.cfg '6s|https:|unix:/x.sock:|'
check
expect_equal "http on this machine" "0 " "$STATUS $FOUND"
mend

# Who may read secrets.
chmod 644 "$T/etc/secret"
finds 0 "warning: $CFG:2: *.http_auth_basic.file: $T/etc/secret can be read by everybody: chmod 600 *"
chown postfix "$T/etc/secret"
finds 0 "warning: $CFG:2: *.file: $T/etc/secret belongs to postfix*: chown root *"
chgrp postfix "$T/etc/secret"
chmod 640 "$T/etc/secret"
finds 0 "warning: $CFG:2: *.file: $T/etc/secret can be read by postfix through its group: chgrp root *"
change pfx.cfg "2s|{ file = .*secret\"; }|\"user:word\"|"
chmod 644 "$CFG"
finds 0 "warning: $CFG:2: socket_maps.defaults.http_auth_basic: $CFG can be read by everybody: chmod 600 $CFG"

# main.cf
map=socketmap:unix:private/pfx-socketmap
main_cf "virtual_alias_maps = $map:aliases" 'virtual_alias_maps: socket_maps has no entry "aliases"'
main_cf 'virtual_alias_maps = socketmap:unix:private/pfx-socketmp:users' \
    'virtual_alias_maps: *no service*pfx-socketmp*'
main_cf 'virtual_alias_maps = socketmap:unix:public/pfx-socketmap:users' \
    'virtual_alias_maps: the socket of the service is private/pfx-socketmap, not public/pfx-socketmap'
main_cf 'virtual_alias_maps = socketmap:unix:pfx-socketmap:users' 'virtual_alias_maps: *no such socket*'
main_cf 'virtual_alias_maps = socketmap:unix:/private/pfx-socketmap:users' 'virtual_alias_maps: *no such socket*'
main_cf 'virtual_alias_maps = socketmap:private/pfx-socketmap:users' 'virtual_alias_maps: *must be socketmap:unix:*'
main_cf "virtual_alias_maps = socketmap:unix:private/pfx-policy:users" \
    'virtual_alias_maps: the service pfx-policy runs pfx-policyd, which is no socket map'
main_cf "virtual_uid_maps = $map:users" 'virtual_uid_maps: virtual(8) refuses socket maps here: *'
main_cf "virtual_gid_maps = static:5, $map:users" 'virtual_gid_maps: virtual(8) refuses socket maps here: *'
main_cf "alias_maps = $map:users" 'alias_maps: local(8) refuses socket maps here: *'
main_cf 'virtual_transport = virtual' 'virtual_mailbox_maps: virtual(8) refuses socket maps here: *lmtp(8)*'
main_cf "transport_maps = proxy:socketmap:unix:private/pfx-socketmap:users
proxy_read_maps =" 'transport_maps: proxymap(8) refuses *'
main_cf 'smtpd_data_restrictions = check_policy_service unix:private/pfx-policy, permit
smtpd_policy_service_policy_context = outgoing' 'smtpd_data_restrictions: policy_services has no entry "outgoing"'
main_cf 'smtpd_sasl_path = private/sasl' 'smtpd_sasl_path: master.cf has no service for private/sasl, *'
main_cf 'smtpd_sasl_type = cyrus' 'smtpd_sasl_path: pfx-saslbridge needs smtpd_sasl_type = dovecot*'
main_cf 'smtpd_sasl_path = private/pfx-policy' 'smtpd_sasl_path: the service pfx-policy runs pfx-policyd, *'
for good in 'virtual_alias_maps = socketmap:unix:/run/other:users' \
    'virtual_alias_maps = hash:/x, socketmap:inet:h:1:x' \
    "virtual_alias_maps = proxy:$map:users" "smtpd_sender_restrictions = check_sender_access $map:users"; do
    echo "$good" >>"$T/etc/main.cf"
    check
    expect_equal "$good" "0 " "$STATUS $FOUND"
    mend
done

# A path that exists, but not in the chroot.
echo "virtual_alias_maps = socketmap:unix:$Q/private/pfx-socketmap:users" >>"$T/etc/main.cf"
check
expect_equal "path below the queue" "0 " "$STATUS $FOUND"
change master.cf '/ smtpd/s/unix\|inet n - n/inet n - y/'
finds 0 "warning: $T/etc/main.cf: virtual_alias_maps: $Q/private/pfx-socketmap *chroot*: write private/pfx-socketmap"

# master.cf
where="$T/etc/master.cf: pfx-socketmap/unix"
master_cf '/^pfx-socketmap /s/ 1 / 5 /' "warning: $where: maxproc is \"5\", *1*" 0
master_cf '/^pfx-socketmap /s/unix - - n/unix - n n/' "warning: $where: unpriv *" 0
master_cf "/^pfx-socketmap /s|$PFX_COMMAND|pfx-nothing/pfx-socketmap|" \
    "$where: */pfx-nothing/pfx-socketmap: No such file*"
master_cf '/^pfx-socketmap /s/$/ users/' "$where: *too many arguments*"
master_cf '/^pfx-policy /s/$/ -Q/' "$T/etc/master.cf: pfx-policy/unix: *unknown option"
master_cf '/^pfx-sasl /s/login$/logon/' "$T/etc/master.cf: pfx-sasl/unix: dovecot_sasl has no entry \"logon\""
change master.cf '/^pfx-policy /d'
change main.cf '/^smtpd_recipient_restrictions/,$d'
finds 0 "warning: $T/etc/master.cf: no service answers for policy_services: add \"pfx-policy unix *\""
change master.cf '/^pfx-socketmap /s/unix - - n/unix - - y/'
change pfx.cfg '4s|api.example.com|192.0.2.1|'
check
expect_equal "chroot that looks up no name" "0 " "$STATUS $FOUND"
mend
change master.cf '/^pfx-socketmap /s/unix - - n/unix - - y/'
mkdir "$Q/etc"
cp /etc/hosts /etc/nsswitch.conf "$Q/etc"
finds 0 "warning: $where: chroot is \"y\", and host names cannot be looked up without $Q/etc/resolv.conf: *"
change master.cf '/^pfx-sasl /s/unix - - n/unix - - y/'
finds 0 "warning: $T/etc/master.cf: pfx-sasl/unix: chroot is \"y\", and $Q/run/login.sock, *dovecot_sasl.login*"
