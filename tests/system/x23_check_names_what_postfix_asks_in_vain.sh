#!/usr/bin/env bash
# pfxctl check follows what main.cf and master.cf ask of pfx, and names what leads nowhere, to another service, to no
# entry, or is refused by Postfix (A8).
set -eu
. "$(dirname "$0")/findings.sh"

map=socketmap:unix:private/pfx-socketmap

# main.cf
main_cf "virtual_alias_maps = $map:aliases" 'virtual_alias_maps: socket_maps has no entry "aliases"'
main_cf "virtual_alias_maps = $map:user" 'virtual_alias_maps: *no entry "user": did you mean "users"[?] *postfix reload'
main_cf 'virtual_alias_maps = socketmap:unix:private/pfx-socketmp:users' \
    '*: *pfx-socketmp, *no service*: did you mean private/pfx-socketmap[?] Write that, then postfix reload'
main_cf 'virtual_alias_maps = socketmap:unix:public/pfx-socketmap:users' \
    '*: the socket of the service is private/pfx-socketmap, not public/pfx-socketmap: write private/pfx-socketmap, *'
main_cf 'virtual_alias_maps = socketmap:unix:pfx-socketmap:users' \
    'virtual_alias_maps: nobody answers at *: did you mean private/pfx-socketmap[?]*'
main_cf 'virtual_alias_maps = socketmap:unix:/private/pfx-socketmap:users' \
    'virtual_alias_maps: nobody answers at *: did you mean private/pfx-socketmap[?]*'
: >"$Q/private/pfx-socketmap" # while the daemon runs, too
main_cf 'virtual_alias_maps = socketmap:unix:/private/pfx-socketmap:users' 'virtual_alias_maps: nobody answers at *'
rm "$Q/private/pfx-socketmap"
change master.cf '/ smtpd/s/unix\|inet n - n/inet n - y/'
main_cf 'virtual_alias_maps = socketmap:unix:/private/pfx-socketmap:aliases' \
    'virtual_alias_maps: socket_maps has no entry "aliases"'
main_cf 'virtual_alias_maps = socketmap:private/pfx-socketmap:users' 'virtual_alias_maps: *must be socketmap:unix:*'
main_cf "virtual_alias_maps = socketmap:unix:private/pfx-policy:users" \
    'virtual_alias_maps: the service pfx-policy runs pfx-policyd, which is no socket map'
main_cf "virtual_uid_maps = $map:users" \
    'virtual_uid_maps: virtual(8) refuses *: "map is not allowed for security-sensitive data": write static:5000*'
main_cf "virtual_gid_maps = static:5, $map:users" \
    'virtual_gid_maps: virtual(8) refuses socket maps here: *: write static:5000*virtual_transport = lmtp:*'
main_cf "alias_maps = $map:users" 'alias_maps: local(8) refuses socket maps here: *'
main_cf 'virtual_transport = virtual' 'virtual_mailbox_maps: virtual(8) refuses socket maps here: *lmtp(8)*'
main_cf "transport_maps = proxy:socketmap:unix:private/pfx-socketmap:users
proxy_read_maps =" 'transport_maps: proxymap(8) refuses *'
main_cf 'smtpd_data_restrictions = check_policy_service unix:private/pfx-policy, permit
smtpd_policy_service_policy_context = outgoing' 'smtpd_data_restrictions: policy_services has no entry "outgoing"'
for word in private/pfx-policy '' ', permit'; do
    main_cf "smtpd_data_restrictions = check_policy_service $word" \
        'smtpd_data_restrictions: check_policy_service must be followed by unix:PATH or inet:HOST:PORT, not by *'
done
main_cf 'smtpd_sasl_path = private/pfx-sasll' \
    'smtpd_sasl_path: nobody answers at private/pfx-sasll, *: did you mean private/pfx-sasl[?]*'
main_cf 'smtpd_sasl_type = cyrus' 'smtpd_sasl_path: pfx-saslbridge is asked only by smtpd_sasl_type = dovecot*'
main_cf 'smtpd_sasl_path = private/pfx-policy' 'smtpd_sasl_path: the service pfx-policy runs pfx-policyd, *'
# Logins that nobody is told to check.
logins='submission inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes'
change main.cf '/^smtpd_sasl_path/d'
echo "$logins" >>"$T/etc/master.cf"
finds 78 "$T/etc/master.cf: submission/inet: smtpd_sasl_auth_enable: smtpd_sasl_path is not set, so logins are not $(
)checked by the service pfx-sasl, *: write smtpd_sasl_path = private/pfx-sasl, then postfix reload"
change main.cf '/^smtpd_sasl_/d'
echo 'smtpd_sasl_auth_enable = yes' >>"$T/etc/main.cf"
finds 78 "$T/etc/main.cf: smtpd_sasl_auth_enable: smtpd_sasl_type and _path are not set, *: write smtpd_sasl_type = $(
)dovecot, smtpd_sasl_path = private/pfx-sasl, *"
change main.cf '/^smtpd_sasl_path/d'
change master.cf '/^pfx-sasl /d'
change pfx.cfg '/^dovecot_sasl/d'
echo "$logins" >>"$T/etc/master.cf"
finds 0 "warning: $T/etc/master.cf: submission/inet: smtpd_sasl_auth_enable: nobody answers at smtpd, *"
for other in '' -o\ smtpd_sasl_type=cyrus -o\ smtpd_sasl_path=private/pfx-sasl; do
    echo "$logins $other" >>"$T/etc/master.cf"
    [ "$other" = '' ] || change main.cf '/^smtpd_sasl_path/d'
    check
    expect_equal "logins with '$other'" "0 " "$STATUS $FOUND"
    mend
done

# What is somebody else's may be down.
cure='start the daemon whose it is, *'
unwise_in_main_cf 'smtpd_sasl_path = private/auth' "smtpd_sasl_path: nobody answers at private/auth, *: $cure"
unwise_in_main_cf 'smtpd_sasl_path = /run/other/auth' "smtpd_sasl_path: nobody answers at /run/other/auth, *: $cure"
unwise_in_main_cf 'smtpd_client_restrictions = check_policy_service unix:/run/other/policy' \
    "smtpd_client_restrictions: nobody answers at /run/other/policy, *: $cure"
unwise_in_main_cf 'virtual_alias_maps = socketmap:unix:/run/pfx-socketmap:users' \
    "virtual_alias_maps: nobody answers at /run/pfx-socketmap, *: $cure"
# Nobody but pfx has socket maps there, or such a name.
then='to master.cf, or take out what asks it, then postfix reload'
main_cf 'virtual_alias_maps = socketmap:unix:private/aliases:users' "virtual_alias_maps: nobody answers at $(
)private/aliases, *no service for it: add \"aliases unix - - n - 1 pfx-socketmap\" $then"
main_cf 'smtpd_client_restrictions = check_policy_service unix:public/pfx-2' \
    "smtpd_client_restrictions: *: add \"pfx-2 unix n - n - 1 pfx-policyd\" $then"

mkdir -p "$T/other"
for socket in "$T/other/socket" "$Q/private/other"; do
    in_background "$T/socat" socat "UNIX-LISTEN:$socket,fork" /dev/null
    wait_for 10 test -S "$socket" || fail "socat: $(cat "$T/socat")"
done
for good in "virtual_alias_maps = socketmap:unix:$T/other/socket:users" \
    'smtpd_sasl_path = private/other' "smtpd_sasl_type = cyrus
smtpd_sasl_path = /etc/sasl2/smtpd" \
    'virtual_alias_maps = hash:/x, socketmap:inet:h:1:x' \
    "virtual_alias_maps = proxy:$map:users" "smtpd_sender_restrictions = check_sender_access $map:users"; do
    echo "$good" >>"$T/etc/main.cf"
    check
    expect_equal "$good" "0 " "$STATUS $FOUND"
    mend
done

# Each service that asks a policy of main.cf may have a context of its own.
submission="submission inet n - n - - smtpd -o smtpd_policy_service_policy_context="
main_cf 'smtpd_data_restrictions = check_policy_service { unix:private/pfx-policy, policy_context=nosuch }, permit' \
    'smtpd_data_restrictions: policy_services has no entry "nosuch"'
for default in '' 'smtpd_policy_service_policy_context = incoming'; do
    rest='smtpd_data_restrictions = check_policy_service unix:private/pfx-policy, permit'
    printf '%s\n' "$rest" "smtpd_helo_restrictions = ${rest#*= }" "$default" >>"$T/etc/main.cf"
    echo "${submission}nosuch" >>"$T/etc/master.cf"
    finds 78 "$T/etc/master.cf: submission/inet: smtpd_policy_service_policy_context: *no entry \"nosuch\""
    printf '%s\n' "$rest" "$default" >>"$T/etc/main.cf"
    echo "${submission}incoming" >>"$T/etc/master.cf"
    check
    expect_equal "a context of a service that there is" "0 " "$STATUS $FOUND"
    mend
done
echo "${submission}nosuch" >>"$T/etc/master.cf"
check
expect_equal "a context that nobody asks with" "0 " "$STATUS $FOUND"
mend
echo 'smtpd_data_restrictions = check_policy_service unix:private/pfx-policy, permit' >>"$T/etc/main.cf"
echo "${submission}nosuch -o smtpd_data_restrictions=" >>"$T/etc/master.cf"
check
expect_equal "restrictions of its own" "0 " "$STATUS $FOUND"
mend

# A path that exists, but not in the chroot.
echo "virtual_alias_maps = socketmap:unix:$Q/private/pfx-socketmap:users" >>"$T/etc/main.cf"
check
expect_equal "path below the queue" "0 " "$STATUS $FOUND"
change master.cf '/ smtpd/s/unix\|inet n - n/inet n - y/'
finds 0 "warning: $T/etc/main.cf: *: $Q/private/pfx-socketmap *chroot*: write private/pfx-socketmap, then *"

# All who ask are in a chroot.
all_in_chroot() {
    change master.cf '/ smtpd\| cleanup\| trivial-rewrite/s/\(inet\|unix\) \([n-]\) - n/\1 \2 - y/'
}
all_in_chroot
main_cf "virtual_alias_maps = socketmap:unix:$Q/private/pfx-socketmap:users" \
    "virtual_alias_maps: $Q/private/pfx-socketmap *chroot*: write private/pfx-socketmap, then postfix reload"
all_in_chroot
main_cf "virtual_alias_maps = socketmap:unix:$T/other/socket:users" \
    "virtual_alias_maps: $T/other/socket is not there in the chroot*smtpd(8), cleanup(8)*: have it in $Q, *"
all_in_chroot
main_cf "smtpd_sasl_path = $T/other/socket" "smtpd_sasl_path: $T/other/socket is not there in the chroot *smtpd(8): *"
change master.cf '/ cleanup/s/unix n - n/unix n - y/'
echo "smtpd_sasl_path = $T/other/socket" >>"$T/etc/main.cf"
check
expect_equal "another one is in a chroot" "0 " "$STATUS $FOUND"
mend

# Postfix looks into a map for domains, too, unless it is told where they are.
change main.cf '/^virtual_alias_domains/d'
unwise_in_main_cf "virtual_alias_maps = $map:users" \
    'virtual_alias_maps: virtual_alias_domains is not set, *: write "virtual_alias_domains =" *, then postfix reload'
change main.cf '/^virtual_mailbox_domains/d'
finds 0 "warning: $T/etc/main.cf: virtual_mailbox_maps: virtual_mailbox_domains is not set, *"
change main.cf '/^virtual_alias_domains/d'
check
expect_equal "no map of aliases" "0 " "$STATUS $FOUND"
mend

# master.cf
where="$T/etc/master.cf: pfx-socketmap/unix"
master_cf '/^pfx-socketmap /s/ 1 / 5 /' "warning: $where: maxproc is \"5\", *1*" 0
master_cf '/^pfx-socketmap /s/unix - - n/unix - n n/' "warning: $where: unpriv *" 0
master_cf "/^pfx-socketmap /s|$PFX_COMMAND|pfx-nothing/pfx-socketmap|" \
    "$where: */pfx-nothing/pfx-socketmap: No such file*"
change master.cf '/^pfx-policy /s|[^ ]*$|pfx-policy|'
tells_of 2
expect_match "a program that is not there" "*pfx-policy/unix: $(postconf -dh daemon_directory)/pfx-policy: No such *" \
    "$FOUND"
mend
change master.cf "/^pfx-policy /s|\$| -C $T/none.cfg|"
tells_of 2
expect_holds "a file that is not there" "pfx-policy/unix: $T/none.cfg: No such file or directory: " "$FOUND"
mend
echo "127.0.0.1:9 inet n - y - 1 $(instance_command "$B/pfx-metrics")" >>"$T/etc/master.cf"
finds 0 "warning: $T/etc/master.cf: 127.0.0.1:9/inet: chroot is \"y\", which hides the counters: make it \"n\", *"
backend_start -l inet:127.0.0.1:0
metrics="$BACKEND inet n - n - 1 $(instance_command "$B/pfx-metrics")"
echo "$metrics" >>"$T/etc/master.cf"
finds 78 "$T/etc/master.cf: $BACKEND/inet: somebody else listens there, *: take another port, then postfix reload"
master_cf '/^pfx-socketmap /s/$/ users/' "$where: *too many arguments*"
master_cf '/^pfx-policy /s/$/ -Q/' "$T/etc/master.cf: pfx-policy/unix: *unknown option"
master_cf '/^pfx-sasl /s/login$/logon/' \
    "$T/etc/master.cf: pfx-sasl/unix: dovecot_sasl has no entry \"logon\": did you mean \"login\"? *"
change master.cf '/^pfx-policy /d'
change main.cf '/^smtpd_recipient_restrictions/,$d'
finds 0 "warning: $T/etc/master.cf: no service answers for policy_services: add \"pfx-policy *\", then postfix reload"
change master.cf '/^pfx-socketmap /s/unix - - n/unix - - y/'
change pfx.cfg '4s|https://api.example.com|http://localhost:8080|'
check
expect_equal "chroot that looks up no name" "0 " "$STATUS $FOUND"
mend
change master.cf '/^pfx-socketmap /s/unix - - n/unix - - y/'
mkdir "$Q/etc"
cp /etc/hosts /etc/nsswitch.conf "$Q/etc"
finds 0 "warning: $where: chroot is \"y\", and host names cannot be looked up without $Q/etc/resolv.conf: *"
rm -r "$Q/etc"
change master.cf '/^pfx-\(socketmap\|policy\) /s/unix - - n/unix - - y/'
finds 0 "warning: $where, pfx-policy/unix: chroot is \"y\", *resolv.conf, $Q/etc/nsswitch.conf, $Q/etc/hosts: copy *"
change master.cf '/^pfx-sasl /s/unix - - n/unix - - y/'
finds 0 "warning: $T/etc/master.cf: pfx-sasl/unix: chroot is \"y\", *$Q/run/login.sock (dovecot_sasl.login, $CFG:7): *"

# What a service leaves behind whose line is taken away, while Postfix runs.
change master.cf '/^pfx-policy /d'
sed -i '/pfx-policy/s/pfx-policy/policies/' "$T/etc/main.cf"
echo "policies unix - - n - 1 $(instance_command "$B/pfx-policyd")" >>"$T/etc/master.cf"
echo "127.0.0.1:$(instance_unused_port) ${metrics#* }" >>"$T/etc/master.cf" # master(8) has that port itself
cp "$T/etc"/*.cf "$T/good"
postfix_start
check
expect_equal "while Postfix runs" "0 " "$STATUS $FOUND"
"$B/pfxctl" -c "$T/etc" ping >"$T/ping" # starts them all
for service in pfx-socketmap policies pfx-sasl; do
    sed -i "/^$service /d" "$T/etc/master.cf"
    check
    expect_equal "status without $service, before the reload: $FOUND" 78 "$STATUS"
    expect_holds "without $service" "nobody will answer after a reload of Postfix at private/$service, " "$FOUND"
    postfix_reload
    socket=$Q/private/$service
    [ -S "$socket" ] || fail "master removes $socket"
    check
    expect_equal "status without $service: $FOUND" 78 "$STATUS"
    expect_holds "without $service" "private/$service, and master.cf has no service for it: " "$FOUND"
    expect_holds "without $service" "add \"$service unix - - n - 1 pfx-" "$FOUND"
    rm "$socket"
    mend
    postfix_reload
done
