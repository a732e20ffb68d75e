#!/bin/sh
# Installs the Debian packages that are missing, saying which first; quick and silent when none is.
# deps.sh [build] [demo] [test] [slow] [bench] [deb] [package]; without arguments: all of them.
set -eu

packages=
for group in ${*:-build demo test slow bench deb package}; do
    case $group in
    build) packages="$packages gcc libc6-dev pkg-config"
        packages="$packages libcurl4-openssl-dev libconfig-dev libcjson-dev libssl-dev zlib1g-dev"
        packages="$packages libseccomp-dev libyaml-dev" ;;
    demo) packages="$packages postfix" ;;
    test) packages="$packages postfix check mandoc groff-base openssl perl"
        packages="$packages dovecot-core dovecot-imapd dovecot-lmtpd dovecot-auth-lua" ;;
    slow) packages="$packages strace valgrind clang clang-tidy libclang-rt-14-dev cppcheck gcovr"
        packages="$packages curl glewlwyd dbconfig-no-thanks prometheus" ;;
    bench) packages="$packages nginx libnginx-mod-http-echo wrk strace openssl perl procps" ;;
    deb) packages="$packages debhelper dpkg-dev" ;;
    package) packages="$packages lintian debootstrap" ;;
    *) echo "deps.sh: no such group: $group" >&2; exit 64 ;;
    esac
done

missing=
for package in $(printf '%s\n' $packages | sort -u); do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" = "ii " ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Debian packages to install:$missing"
if [ "$(id -u)" != 0 ]; then
    echo "deps.sh: run this as root, or: apt-get install$missing" >&2
    exit 77
fi

# A Postfix or a Glewlwyd that comes with this is not configured; nothing is started, now or at boot.
case $missing in *postfix*)
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections ;;
esac
case $missing in *glewlwyd*)
    echo "glewlwyd glewlwyd/config_type select No configuration" | debconf-set-selections ;;
esac
case $missing in *postfix* | *dovecot* | *glewlwyd* | *nginx* | *prometheus*)
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
    fi ;;
esac

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
install() {
    # shellcheck disable=SC2086
    apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
if ! install; then
    apt-get update >>"$log" 2>&1 || true
    install || { tail -20 "$log" >&2; rm -f "$log"; exit 69; }
fi
rm -f "$log"
case $missing in *dovecot-core*) update-rc.d dovecot disable ;; esac
case $missing in *glewlwyd*) update-rc.d glewlwyd disable ;; esac
case $missing in *nginx*) update-rc.d nginx disable ;; esac
case $missing in *prometheus*) update-rc.d prometheus disable ;; esac
