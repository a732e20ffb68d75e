#!/bin/sh
# Each configuration of README.md, of the manual pages and of conf passes "pfxctl check", those of conf together with
# the lines for main.cf and master.cf that stand beside them. What README.md has an administrator type leaves a Postfix
# as Debian configures it without a mistake, and without a warning.
# Usage: t_examples.sh BUILD SOURCES
set -u
LC_ALL=C
export LC_ALL

EXAMPLES_MIN=25 # less, and the pages are read wrongly

[ $# -eq 2 ] && build=$(cd "$1" && pwd) && cd "$2" && [ -x "$build/pfxctl" ] || {
    echo "usage: $0 BUILD SOURCES" >&2
    exit 2
}
directory=$(mktemp -d "${TMPDIR:-/tmp}/pfx-examples.XXXXXX") || exit 2
trap 'rm -rf "$directory"' EXIT
trap 'exit 1' HUP INT TERM

passed=0
failed=0

# A mistake is a line without "warning:", and an exit status.
check() { # NAME CONFIG-DIRECTORY PFX.CFG [OPTION]
    if "$build/pfxctl" -c "$2" -C "$3" check --no-files ${4:-} >"$directory/findings" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        sed "s|^|$1: |" "$directory/findings"
    fi
}

mkdir "$directory/pages" "$directory/no-postfix"
tests/examples.pl "$directory/pages" README.md man/*.[578]
examples=0
for file in "$directory"/pages/*.cfg; do
    check "${file##*/}" "$directory/no-postfix" "$file"
    examples=$((examples + 1))
done
[ "$examples" -ge "$EXAMPLES_MIN" ] || {
    failed=$((failed + 1))
    echo "only $examples examples"
}

# Those that have no master.cf of their own take lines of that for all.
services() { # PFX.CFG
    for pair in socket_maps:pfx-socketmap policy_services:pfx-policyd dovecot_sasl:pfx-saslbridge; do
        ! grep -q "^${pair%:*} = " "$1" || grep "${pair#*:}\$" conf/master.cf
    done
}

check conf/pfx.cfg "$directory/no-postfix" conf/pfx.cfg
for file in conf/examples/*/pfx.cfg; do
    etc=$directory/${file%/pfx.cfg}
    mkdir -p "$etc"
    cp "$file" "$etc/pfx.cfg"
    { cat "${file%pfx.cfg}main.cf" && echo "daemon_directory = $build"; } >"$etc/main.cf"
    cp "${file%pfx.cfg}master.cf" "$etc/master.cf" 2>/dev/null || services "$file" >"$etc/master.cf"
    check "$file" "$etc" "$etc/pfx.cfg"
done

# The commands of README.md that write a configuration.
commands() {
    awk '
        /^```/ { is_shell = $0 == "```sh"; next }
        is_shell && /^(cat >>|postconf )/ { inside = 1; is_file = /^cat/ }
        inside { print }
        inside && (is_file ? /^END$/ : !/\\$/) { inside = 0 }
    ' README.md
}

readme=$directory/readme
mkdir "$readme"
printf '%s\n' "daemon_directory = $build" 'smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem' \
    'smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination' \
    'mydestination = $myhostname, localhost' >"$readme/main.cf"
printf '%s\n' 'smtp inet n - y - - smtpd' 'cleanup unix n - y - 0 cleanup' 'rewrite unix - - y - - trivial-rewrite' \
    'local unix - n n - - local' 'virtual unix - n n - - virtual' >"$readme/master.cf"
install -m 600 /dev/null "$readme/pfx.cfg"
commands | sed "s|/etc/postfix/|$readme/|" >"$directory/commands"
MAIL_CONFIG=$readme sh -e "$directory/commands"
for daemon in pfx-socketmap pfx-policyd pfx-saslbridge pfx-metrics; do
    grep -q " $daemon\$" "$readme/master.cf" || { failed=$((failed + 1)); echo "README.md starts no $daemon"; }
done
check README.md "$readme" "$readme/pfx.cfg" --strict

# Postfix asks nothing of the daemons for a domain that it would not ask again after a failure; and what README.md says
# of taking them out leaves nothing of them.
asked_once=$(MAIL_CONFIG=$readme postconf -hx virtual_alias_domains 2>/dev/null)
[ -z "$asked_once" ] || { failed=$((failed + 1)); echo "README.md: virtual_alias_domains is $asked_once"; }
sed -n '/^### Taking it out again/,/^### Which/s/^    //p' README.md | grep -v '^make\|^postfix reload' \
    >"$directory/removal"
MAIL_CONFIG=$readme sh -e "$directory/removal"
! grep -n 'private/pfx-\| pfx-[a-z]*$\|smtpd_sasl_auth_enable' "$readme/main.cf" "$readme/master.cf" || {
    failed=$((failed + 1))
    echo "README.md: this is left when the daemons have been taken out"
}

echo "examples: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
