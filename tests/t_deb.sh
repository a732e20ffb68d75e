#!/usr/bin/env bash
# The Debian package, in a system of its own: installed it enables nothing; Postfix uses it; an upgrade under load loses
# no request, in any instance of Postfix; it is not removed while a master.cf names its daemons; purged it leaves
# nothing.
# t_deb.sh BUILD SOURCES: the test programs are in BUILD, the package comes to BUILD/deb.
set -eu

# Mounts and processes of this end with it, whatever happens.
if [ -z "${IN_NAMESPACE:-}" ]; then
    IN_NAMESPACE=1 exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" "$@"
fi
B=$(realpath "$1")
export B
cd "$2"
. tests/system/lib.sh

R=$T/root
LOG=$R/var/log/mail.log
SOCKET=$R/var/spool/postfix/private/pfx-socketmap
SOCKET_OF_SECOND=$R/var/spool/postfix-second/private/pfx-socketmap
PROGRAMS=$R/usr/lib/postfix/sbin
MAP=socketmap:unix:/var/spool/postfix/private/pfx-socketmap
SECOND=/etc/postfix-second # another instance, which runs
THIRD=/etc/postfix-third   # and one that does not

run() { # COMMAND...: its output is of interest when it fails
    "$@" >"$T/output" 2>&1 || fail "$*: $(tail -20 "$T/output")"
}

# --- The system

inside() { # COMMAND...
    chroot "$R" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

# Where this machine has its own packages from.
mirror() {
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' |
        awk -v codename="$1" '$1 == codename { print $2; exit }'
}

# Packages are fetched there as they are here. No service is started by installing it.
system_new() {
    local codename proxy= part
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || export http_proxy=$proxy
    run debootstrap --variant=minbase "$codename" "$R" "$(mirror "$codename")"
    for part in apt.conf apt.conf.d sources.list sources.list.d preferences.d trusted.gpg.d keyrings; do
        [ ! -e "/etc/apt/$part" ] || cp -RT "/etc/apt/$part" "$R/etc/apt/$part"
    done
    cp -R /usr/share/keyrings/. "$R/usr/share/keyrings"
    cp /etc/resolv.conf /etc/hosts "$R/etc"
    printf '#!/bin/sh\nexit 101\n' >"$R/usr/sbin/policy-rc.d"
    chmod 755 "$R/usr/sbin/policy-rc.d"
    mount -t proc proc "$R/proc"
    run inside apt-get update
}

# A Postfix as Debian configures it, but for its SMTP server: no port is used.
postfix_new() {
    printf 'postfix postfix/%s\n' 'main_mailer_type select Local only' 'mailname string mail.example.test' |
        inside debconf-set-selections
    run inside apt-get install -y --no-install-recommends postfix
    run inside postconf -MX smtp/inet
    run inside postconf -e maillog_file=/var/log/mail.log default_transport=discard:
}

# Two more instances, with the services that the first has now. Postfix starts and reloads the second with the first.
instances_new() {
    local directory
    for directory in "$SECOND" "$THIRD"; do
        cp -R "$R/etc/postfix" "$R$directory"
        run inside install -d -o postfix "/var/lib/${directory##*/}"
        run inside install -d "/var/spool/${directory##*/}"
        run inside postconf -c "$directory" -e "queue_directory = /var/spool/${directory##*/}" \
            "data_directory = /var/lib/${directory##*/}"
    done
    run inside postconf -c "$SECOND" -e 'multi_instance_enable = yes'
    run inside postconf -e 'multi_instance_enable = yes' "multi_instance_directories = $SECOND,$THIRD" \
        'multi_instance_wrapper = ${command_directory}/postmulti -p --'
}

postfix_start() {
    POSTFIX_RUNS=1
    run inside postfix start
}

postfix_stop() {
    POSTFIX_RUNS=
    inside postfix stop >/dev/null 2>&1
}

processes() { # PATTERN: those that run a program like that, or one that was replaced
    local exe
    for exe in /proc/[0-9]*/exe; do
        # shellcheck disable=SC2254
        case $(readlink "$exe") in "$PROGRAMS"/$1 | "$PROGRAMS"/$1" (deleted)") echo "${exe//[!0-9]/}" ;; esac
    done
}

# Reloads are not at once, and a successor comes with the next request.
runs_new_program() {
    local pid pids
    answers "unix:$SOCKET" && answers "unix:$SOCKET_OF_SECOND" || return 1
    pids=$(processes pfx-socketmap)
    [ -n "$pids" ] || return 1
    for pid in $pids; do
        case $(readlink "/proc/$pid/exe") in *"(deleted)"*) return 1 ;; esac
    done
}

nothing_runs() {
    [ -z "$(processes "pfx-*")" ]
}

status_of_package() {
    inside dpkg-query -W -f '${db:Status-Status}' pfx 2>/dev/null || echo unknown
}

# --- The packages

# Sets PACKAGE, and NEWER: the same with a higher version.
packages_build() {
    command -v lintian >"$T/output" || fail "there is no lintian, which looks at the package"
    run make -s B="$B" deb
    PACKAGE=$(realpath "$B"/deb/pfx_*.deb)
    dpkg-deb -R "$PACKAGE" "$T/newer"
    sed -i '/^Version: /s/$/+next/' "$T/newer/DEBIAN/control"
    NEWER=$T/pfx+next.deb
    run dpkg-deb --root-owner-group -b "$T/newer" "$NEWER"
    rm -r "$T/newer"
    cp "$PACKAGE" "$R/pfx.deb"
    cp "$NEWER" "$R/pfx+next.deb"
}

# --- The claims

mode_is() { # MODE FILE
    expect_equal "owner and mode of $2" "root:root $1" "$(stat -c '%U:%G %a' "$R$2")"
}

installs_and_enables_nothing() {
    local services program file
    services=$(inside postconf -M)
    run inside apt-get install -y --no-install-recommends /pfx.deb
    expect_equal "services of Postfix" "$services" "$(inside postconf -M)"
    nothing_runs || fail "a daemon was started"
    for program in lib/postfix/sbin/pfx-{socketmap,policyd,saslbridge,metrics} sbin/pfxctl; do
        mode_is 755 "/usr/$program"
        mode_is 644 "/usr/share/man/man8/${program##*/}.8.gz"
    done
    for file in man/man5/pfx.cfg.5.gz man/man7/pfx.7.gz man/man7/pfx-http.7.gz doc/pfx/copyright \
        doc/pfx/examples/pfx.cfg doc/pfx/examples/master.cf doc/pfx/examples/main.cf doc/pfx/examples/rest/pfx.cfg; do
        mode_is 644 "/usr/share/$file"
    done
    mode_is 640 /etc/postfix/pfx.cfg
    expect_holds "configuration files" /etc/postfix/pfx.cfg "$(inside dpkg-query -W -f '${Conffiles}' pfx)"
    expect_equal "what dpkg finds changed" "" "$(inside dpkg -V pfx)"
    cp "$R/etc/postfix/pfx.cfg" "$CFG"
    pfx_standalone # the configuration as it comes can be used
    pfx_stop
}

postfix_asks_it() {
    local any
    printf 'user@example.com\tbox@example.net\n' >"$T/aliases"
    backend_start -l inet:127.0.0.1:0
    any=$BACKEND
    backend_start -d "$T/aliases" -m result -l inet:127.0.0.1:0
    cat >"$R/etc/postfix/pfx.cfg" <<END
socket_maps = {
    defaults = { value_field = "result"; };
    aliases = { target = "http://$BACKEND/aliases"; payload = { key = "%s"; }; };
    busy = { target = "http://$any/busy?key=%s"; response_cache = { enabled = false; }; };
};
END
    run inside postconf -Me 'pfx-socketmap/unix = pfx-socketmap unix - - n - 1 pfx-socketmap'
    run inside postconf -e 'virtual_alias_maps = socketmap:unix:private/pfx-socketmap:aliases'
    instances_new
    postfix_start
    expect_equal "postmap -q" box@example.net "$(inside postmap -q user@example.com "$MAP:aliases")"
    ! nothing_runs || fail "no daemon is seen"
    printf 'Subject: hello\n\nHello.\n' | inside sendmail -f user@elsewhere.example user@example.com
    expect_log 'to=<box@example.net>, orig_to=<user@example.com>.* status=sent'
    expect_log 'postfix/pfx-socketmap\[[0-9]+\]: started, '
}

upgrade_loses_nothing() {
    in_background "$T/load" "$B/client" load "unix:$SOCKET" busy -c 32 -t 300000
    wait_for 20 answers "unix:$SOCKET_OF_SECOND" || fail "the second instance does not answer"
    run inside dpkg -i /pfx+next.deb
    wait_for 20 runs_new_program || fail "the daemons were not reloaded: $(cat "$T/output")"
    kill -USR1 "$JOB"
    wait_for 20 test -s "$T/load" || fail "no figures of the load"
    expect_none "$(head -1 "$T/load")" lost wrong temp perm timeout notfound
    kill "$JOB"
    mode_is 640 /etc/postfix/pfx.cfg
    expect_match "the version" '*+next' "$(inside dpkg-query -W -f '${Version}' pfx)"
    expect_equal "after the upgrade" box@example.net "$(inside postmap -q user@example.com "$MAP:aliases")"
    expect_no_log 'bad command startup|exit status|killed by signal'
}

removal_is_refused() {
    local line
    {
        printf 'by-spawn unix - n n - 0\n   spawn user=nobody\n# a comment\n  argv=/usr/lib/postfix/sbin/pfx-policyd\n'
        printf '#pfx-sasl unix - - n - 1 pfx-saslbridge\n'
        printf 'other unix - - n - - smtp -o x=private/pfx-saslbridge\n'
    } >>"$R/etc/postfix/master.cf"
    ! inside dpkg -r pfx >"$T/output" 2>&1 || fail "it is removed although master.cf names its daemons"
    for line in 'pfx-socketmap ' 'by-spawn '; do
        line=$(grep -n "^$line" "$R/etc/postfix/master.cf")
        expect_holds "why it is not removed" "/etc/postfix/master.cf:${line%%:*}: ${line#*:}" "$(cat "$T/output")"
    done
    expect_holds "what comes first" "postconf -PX submission/inet/smtpd_sasl_auth_enable" "$(cat "$T/output")"
    expect_equal "lines named" 2 "$(grep -c ' /etc/postfix/master\.cf:' "$T/output")"
    expect_equal "lines named of the second" 1 "$(grep -c " $SECOND/master\.cf:" "$T/output")"
    expect_equal "lines named of the third" 1 "$(grep -c " $THIRD/master\.cf:" "$T/output")"
    expect_equal "the package" installed "$(status_of_package)"
    expect_equal "after the refusal" box@example.net "$(inside postmap -q user@example.com "$MAP:aliases")"
}

removed_and_purged_it_is_gone() {
    run inside postconf -X virtual_alias_maps
    run inside postconf -MX pfx-socketmap/unix by-spawn/unix other/unix
    run inside postconf -c "$SECOND" -MX pfx-socketmap/unix
    run inside postconf -c "$THIRD" -MX pfx-socketmap/unix
    run inside postfix reload
    wait_for 30 nothing_runs || fail "daemons are left: $(processes 'pfx-*')"
    run inside dpkg -r pfx
    expect_equal "programs" "" "$(find "$R/usr" -name 'pfx*')"
    [ -e "$R/etc/postfix/pfx.cfg" ] || fail "removal takes the configuration"
    [ -e "$R/var/lib/postfix/pfx-cache" ] || fail "removal takes the kept answers, or they are elsewhere"
    run inside dpkg -P pfx
    rm "$R/pfx.deb" "$R/pfx+next.deb"
    run inside postfix -c "$SECOND" stop
    run inside postconf -X multi_instance_directories multi_instance_wrapper
    rm -r "$R$SECOND" "$R/var/"{lib,spool}"/${SECOND##*/}" "$R$THIRD" "$R/var/"{lib,spool}"/${THIRD##*/}"
    # A socket of a service that was taken out of master.cf is left by Postfix.
    expect_equal "what is left" "" "$(find "$R" -xdev -name "*pfx*" ! -type s)"
    expect_equal "the package" unknown "$(status_of_package)"
    run inside postfix status
    run inside postfix check
}

system_new
postfix_new
packages_build
installs_and_enables_nothing
postfix_asks_it
upgrade_loses_nothing
removal_is_refused
removed_and_purged_it_is_gone
postfix_stop
