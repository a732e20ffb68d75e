#!/usr/bin/env bash
# pfxctl check tells nothing about a sound Postfix of the usual kind: parameters of one's own, braces, comments and
# continued lines, a chroot for most services, restrictions and options of one service. What smtpd(8) cannot see in its
# chroot is told (A8).
set -eu
. "$(dirname "$0")/findings.sh"

silent() { # WHAT
    check
    expect_equal "$1" "0 " "$STATUS $FOUND"
    mend
}

# A whole one.
sed -i '/^rewrite\|^cleanup/s/ n - *\([0-]\) / y - \1 /' "$T/etc/master.cf"
cat >>"$T/etc/master.cf" <<'END_OF_SERVICES'
smtp       inet  n - y - 1 postscreen
smtpd      pass  - - y - - smtpd
submission inet  n - y - - smtpd
  -o syslog_name=postfix/$service_name
# a comment between the options
  -o smtpd_relay_restrictions={permit_sasl_authenticated,reject}
  -o { smtpd_recipient_restrictions = $own_policy, reject }
  -o smtpd_policy_service_policy_context=outgoing
proxymap   unix  - - n - - proxymap
policyd    unix  - n n - 0 spawn user=nobody argv=/usr/bin/policyd
END_OF_SERVICES
cat >>"$T/etc/main.cf" <<'END_OF_PARAMETERS'
own_map = socketmap:unix:private/pfx-socketmap
own_policy = check_policy_service unix:private/pfx-policy
virtual_alias_maps =
    # a comment within
    unionmap:{$own_map:users, ${own_map}:domains},
    pipemap:{ inline:{ a=b }, $own_map:users }
relay_domains = proxy:$own_map:domains
smtpd_restriction_classes = own_class, own_check_policy_service_class
own_check_policy_service_class = permit
smtpd_client_restrictions = own_check_policy_service_class
own_class = check_policy_service {unix:private/pfx-policy,policy_context=incoming}, permit
smtpd_sender_restrictions = check_sender_access { $own_map:users, search_order=domain }, own_class
smtpd_end_of_data_restrictions = check_policy_service unix:private/policyd
smtpd_helo_restrictions = check_helo_access socketmap:inet:maps.example.com:9153:theirs
smtpd_reject_footer = \c. Ask your check_policy_service unix:here
header_checks = regexp:{ { /check_policy_service unix:here/ WARN } }
smtpd_milters = unix:opendkim/opendkim.sock, inet:localhost:8891
END_OF_PARAMETERS
sed -i '/^policy_services/s|};$| outgoing = { target = "https://192.0.2.1/"; }; };|' "$T/etc/pfx.cfg"
sed -i "s|^pfx-socketmap .*|& -C { $T/etc/pfx.cfg } -o { own = { a } { b } }|" "$T/etc/master.cf"
echo "9153 inet n - n - 1 $PFX_COMMAND" >>"$T/etc/master.cf"
silent "a Postfix of the usual kind"

# A class is a parameter of one's own that counts; the same mistake is told where it is asked for only.
own='smtpd_restriction_classes = own_class
own_class = check_policy_service { unix:private/pfx-policy, policy_context=nosuch }'
main_cf "$own" 'own_class: policy_services has no entry "nosuch"'
main_cf "own_map = socketmap:unix:private/pfx-socketmap:nosuch
transport_maps = \$own_map" 'transport_maps: socket_maps has no entry "nosuch"'
echo "9153 inet n - n - 1 $PFX_COMMAND" >>"$T/etc/master.cf"
main_cf 'transport_maps = socketmap:inet:127.0.0.2:9153:nosuch' 'transport_maps: socket_maps has no entry "nosuch"'

# A service that answers for one entry misses nothing of another.
sed -i "/^dovecot_sasl/s|};\$| other = { target = \"https://192.0.2.1/\"; }; };|" "$T/etc/pfx.cfg"
sed -i '/^pfx-sasl /s/unix - - n - 1 \(.*\) login$/unix - - y - 1 \1 other/' "$T/etc/master.cf"
silent "a chroot without the socket of another entry"

# A socket that is somewhere, but not in the chroot of who asks.
mkdir -p "$T/other" "$Q/etc" "$Q$T/other"
listen() { # PATH
    in_background "$T/socat" socat "UNIX-LISTEN:$1,fork" /dev/null
    wait_for 10 test -S "$1" || fail "socat: $(cat "$T/socat")"
}
listen "$T/other/socket"
sed -i '/ smtpd/s/inet n - n/inet n - y/' "$T/good/master.cf"
mend
where='is not there in the chroot that master.cf has for smtpd(8): *'
main_cf "smtpd_sasl_path = $T/other/socket" "smtpd_sasl_path: $T/other/socket $where"
main_cf "smtpd_helo_restrictions = check_policy_service unix:$T/other/socket" \
    "smtpd_helo_restrictions: $T/other/socket $where"
main_cf "smtpd_sender_login_maps = socketmap:unix:$T/other/socket:x" \
    "smtpd_sender_login_maps: $T/other/socket $where"
echo "smtps inet n - n - - smtpd -o smtpd_sasl_path=$T/other/socket" >>"$T/etc/master.cf"
silent "an option of a service without chroot"
echo "virtual_alias_maps = socketmap:unix:$T/other/socket:x" >>"$T/etc/main.cf"
silent "a table that cleanup(8) without chroot asks"
echo "smtp_generic_maps = socketmap:unix:$Q/private/pfx-socketmap:users" >>"$T/etc/main.cf"
silent "a table that only smtp(8) asks"
echo "relay_domains = proxy:socketmap:unix:$Q/private/pfx-socketmap:users" >>"$T/etc/main.cf"
silent "a table that proxymap(8) asks"
listen "$Q$T/other/socket"
echo "smtpd_sasl_path = $T/other/socket" >>"$T/etc/main.cf"
silent "a socket that is there in the chroot"
