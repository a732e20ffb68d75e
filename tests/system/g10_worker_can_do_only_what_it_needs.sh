#!/usr/bin/env bash
# A worker has no capability, no group but those of the mail owner, and a filter of system calls, however it was
# started; maps, policies and logins go on over https, with the service's name asked of a name server, in a chroot too.
set -eu
. "$(dirname "$0")/sasl.sh"
need_mount_namespace

B=$PLAIN # the sanitizers trace, and are let

# name_server: the only one from now on; it knows backend.test, an IPv4 address.
name_server() {
    local address
    address=127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
    perl -MSocket -e '
        socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
        bind($s, sockaddr_in(53, inet_aton($ARGV[0]))) or die "bind: $!";
        $| = 1; print "bound\n";
        while (my $from = recv($s, my $query, 512, 0)) {
            my ($name, $at) = ("", 12);
            while (my $n = ord substr($query, $at, 1)) { $name .= substr($query, $at + 1, $n) . "."; $at += $n + 1; }
            my $known = $name eq "backend.test.";
            my $found = $known && unpack("n", substr($query, $at + 1, 2)) == 1;
            my $head = pack("a2n5", $query, $known ? 0x8180 : 0x8183, 1, $found, 0, 0);
            my $record = $found ? "\xc0\x0c" . pack("nnNnC4", 1, 1, 60, 4, 127, 0, 0, 1) : "";
            send($s, $head . substr($query, 12, $at + 5 - 12) . $record, 0, $from);
        }' "$address" <"$T/never" >"$T/bound" 2>&1 &
    STARTED+=($!)
    wait_for 10 log_has bound "$T/bound" || fail "no name server: $(cat "$T/bound")"
    echo "nameserver $address" >"$T/resolv.conf"
    echo 'hosts: files dns' >"$T/nsswitch.conf"
    mount --bind "$T/resolv.conf" /etc/resolv.conf
    mount --bind "$T/nsswitch.conf" /etc/nsswitch.conf
}

"$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
name_server
backend_start -l tls:127.0.0.1:0 -T "$T/certs/good.pem" -K "$T/certs/good.key"
DAEMON=pfx-socketmap
SERVICE=pfx-socketmap
postfix_new
sibling() { # PROGRAM
    instance_command "$B/$1"
}
cat >>"$T/etc/master.cf" <<END
pfx-chroot unix - - y - 1 $PFX_COMMAND
pfx-root   unix - n n - 1 $PFX_COMMAND
pfx-policy unix - - n - 1 $(sibling pfx-policyd) policy
pfx-sasl   unix - - n - 1 $(sibling pfx-saslbridge) login
pfx-spawn  unix - n n - 0 spawn user=nobody argv=$(public_copy) -C $T/etc/public.cfg
END
postfix_main 'export_environment = MAIL_CONFIG TZ LANG PFX_TEST'
mkdir -p "$Q/etc"
cp /etc/resolv.conf /etc/nsswitch.conf "$Q/etc"
echo '127.0.0.1 localhost' >"$Q/etc/hosts"
target="target = \"https://backend.test:${BACKEND##*:}"
cat >"$CFG" <<END
sandbox = "auto";
response_cache = { enabled = false; };
tls = { root_ca = "$T/certs/ca.pem"; };
socket_maps = { map = { $target/map?key=%s"; value_field = "result"; }; };
policy_services = {
    policy = { $target/policy?body=$(url '{"result":"REJECT from afar"}')"; value_field = "result"; };
};
dovecot_sasl = { login = { $target/login?status=%{user}"; auth_style = "basic"; }; };
END
cp "$CFG" "$T/etc/public.cfg"
sed 's/"auto"/"off"/' "$CFG" >"$T/etc/off.cfg"
chmod 755 "$T/certs"
chmod 644 "$T/certs/ca.pem" "$T/etc"/*.cfg
postfix_start

# status PID FIELD: of /proc/PID/status.
status() {
    awk -v field="$2:" '$1 == field { $1 = ""; sub(/^ /, ""); print }' "/proc/$1/status"
}
groups() { # USER: as numbers, in order
    id -G "$1" | tr ' ' '\n' | sort -n | paste -sd ' '
}
no_capability() { # WHAT PID
    local set
    for set in CapInh CapPrm CapEff CapBnd CapAmb; do
        expect_equal "$1: $set" 0000000000000000 "$(status "$2" "$set")"
    done
}
filtered() { # WHAT PID NO-NEW-PRIVILEGES FILTER
    expect_equal "$1: NoNewPrivs" "$3" "$(status "$2" NoNewPrivs)"
    expect_equal "$1: Seccomp" "$4" "$(status "$2" Seccomp)"
}
belongs_to() { # WHAT PID USER
    local id
    id=$(id -u "$3")
    expect_equal "$1: Uid" "$id $id $id $id" "$(status "$2" Uid | tr '\t' ' ')"
    expect_equal "$1: Groups" "$(groups "$3")" "$(status "$2" Groups | tr ' ' '\n' | sort -n | xargs)"
}

works() { # maps of all ways to start, the policy and the login
    local service
    for service in pfx-socketmap pfx-chroot pfx-root pfx-spawn; do
        expect_equal "$service" 'OK value-of-key' "$(ask_at "unix:$Q/private/$service" map key)"
    done
    expect_equal policy 'action=REJECT from afar' \
        "$(printf 'request=smtpd_access_policy\n\n' | raw_end "unix:$Q/private/pfx-policy")"
    expect_equal "login, accepted" $'OK\t7\tuser=200' "$(ADDRESS=unix:$Q/private/pfx-sasl reply 200 secret)"
    expect_match "login, refused" $'FAIL\t7*' "$(ADDRESS=unix:$Q/private/pfx-sasl reply 401 secret)"
}
works
count=0
for parent in $(children "$MASTER"); do
    case $(readlink "/proc/$parent/exe") in */pfx-*) ;; *) continue ;; esac
    no_capability "the parent $parent" "$parent"
    for worker in $(children "$parent"); do
        what="$(tr '\0' ' ' <"/proc/$worker/cmdline")"
        no_capability "$what" "$worker"
        filtered "$what" "$worker" 1 2
        case $what in *pfx-root*) ;; *) belongs_to "$what" "$worker" postfix ;; esac
        count=$((count + 1))
    done
done
expect_equal "workers of five services" 10 "$count"

# By spawn(8), as nobody, who may not shrink what programs could get: here it is that none gets more than it has.
SOCKET=$Q/private/pfx-spawn hold 1
spawned() {
    SPAWNED=$(grep -lx "Uid:\(.$(id -u nobody)\)\{4\}" $(pfx_processes | sed 's|.*|/proc/&/status|') | tr -dc 0-9)
    [ -n "$SPAWNED" ] && [ "$(status "$SPAWNED" Seccomp)" = 2 ]
}
wait_for 10 spawned || fail "no sandbox for the spawned one"
filtered spawned "$SPAWNED" 1 2
belongs_to spawned "$SPAWNED" nobody
expect_equal "spawned: CapPrm" 0000000000000000 "$(status "$SPAWNED" CapPrm)"
kill "$HOLDER"
expect_no_log 'sandbox:'

# A reload comes and goes.
postfix_reload
works
expect_no_log 'sandbox:'
postfix_stop

# Standalone: the parent may become root again, workers not. A sandbox that is off gives nobody anything back.
for how in auto off; do
    case $how in auto) wanted='1 2' config=$T/etc/public.cfg ;; off) wanted='0 0' config=$T/etc/off.cfg ;; esac
    CFG=$config pfx_standalone -L "unix:$T/$how,mode=0666"
    wait_for 20 test -S "$T/$how"
    expect_equal "standalone, $how" 'OK value-of-key' "$(ask_at "unix:$T/$how" map key)"
    for worker in $(children "$PFX"); do
        no_capability "standalone, $how" "$worker"
        # shellcheck disable=SC2086
        filtered "standalone, $how" "$worker" $wanted
        belongs_to "standalone, $how" "$worker" postfix
    done
    filtered "the parent, $how" "$PFX" 0 0
    expect_match "the saved user of the parent, $how" "*	0	*" "$(grep ^Uid: "/proc/$PFX/status")	"
    kill -HUP "$PFX"
    expect_log "reloading"
    expect_equal "standalone, $how, reloaded" 'OK value-of-key' "$(ask_at "unix:$T/$how" map key)"
    pfx_stop
done
