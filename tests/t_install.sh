#!/bin/sh
# make install puts everything where it belongs, as real files that only root may write; make uninstall takes it away.
# t_install.sh BUILD SOURCES
set -u
build=$1
cd "$2" || exit 1

passed=0
failed=0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

expect() { # WHAT COMMAND...
    what=$1
    shift
    if "$@" >/dev/null 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "install: $what"
    fi
}
make_quietly() {
    make -s --no-print-directory B="$build" DESTDIR="$root" PREFIX=/usr DAEMON_DIRECTORY=/usr/lib/postfix/sbin "$@"
}

expect "make install fails" make_quietly install
for daemon in pfx-socketmap pfx-policyd pfx-saslbridge pfx-metrics; do
    file=$root/usr/lib/postfix/sbin/$daemon
    expect "$daemon does not tell its version" "$file" -V
    expect "$daemon is no file" test -f "$file" -a ! -L "$file"
    expect "$daemon has other permissions than 755" test "$(stat -c %a "$file")" = 755
    expect "$daemon has no manual" test -r "$root/usr/share/man/man8/$daemon.8"
done
expect "pfxctl has other permissions than 755" test "$(stat -c %a "$root/usr/sbin/pfxctl")" = 755
for page in man8/pfxctl.8 man5/pfx.cfg.5 man7/pfx.7 man7/pfx-http.7; do
    expect "no $page" test -r "$root/usr/share/man/$page"
done
expect "no sample configuration" test -r "$root/usr/share/doc/pfx/pfx.cfg"
expect "no alerts" test -r "$root/usr/share/doc/pfx/prometheus-alerts.yml"
expect "make uninstall fails" make_quietly uninstall
expect "files are left" test -z "$(find "$root" ! -type d)"

echo "install: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
