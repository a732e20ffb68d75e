#!/usr/bin/env bash
# chroot = y: an https backend named by host name, with a CA file outside that only root reads (A2, A3).
set -eu
. "$(dirname "$0")/postfix.sh"
need_mount_namespace

"$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
backend_start -l tls:127.0.0.1:0 -T "$T/certs/good.pem" -K "$T/certs/good.key"
postfix_new
sed -i '/^pfx-socketmap/s/.*/pfx-socketmap unix - - y - 1 '"${PFX_COMMAND//\//\\/}"'/' "$T/etc/master.cf"

# What a resolver needs inside; and what the sanitizers need there.
mkdir -p "$Q/etc" "$Q/proc" "$Q$T"
echo '127.0.0.1 backend.test' >"$Q/etc/hosts"
echo 'hosts: files' >"$Q/etc/nsswitch.conf"
mount -t proc proc "$Q/proc"
mkdir -m 1777 "$Q$T/sanitizer"

mkdir -m 700 "$T/root"
install -m 600 "$T/certs/ca.pem" "$T/root/ca.pem"
printf 'the-token\n' >"$T/root/token"
chmod 600 "$T/root/token"
target="target = \"https://backend.test:${BACKEND##*:}/get/%s?\";"
entry secured "$target tls = { root_ca = \"$T/root/ca.pem\"; }; http_auth_bearer = { file = \"$T/root/token\"; };"
entry untrusted "$target"
entry unknown "target = \"https://unknown.test/get/%s\";"
configuration
chmod 600 "$CFG"
postfix_start

expect_equal "an answer out of the chroot" value-of-user@example.com "$(postfix_query secured user@example.com)"
expect_match "the system's CAs" '*temporary error*' "$(postfix_query untrusted user@example.com)"
expect_match "a name that the chroot does not know" '*temporary error*' "$(postfix_query unknown x)"
expect_log 'cannot resolve the backend'
[ ! -e /etc/resolv.conf ] || expect_log 'warning: the chroot has no copy of /etc/resolv\.conf: .* copy what is missing'
parent=$(pfx_parent)
worker=$(children "$parent" | head -1)
for pid in "$parent" "$worker"; do
    expect_equal "the root of $pid" "$Q" "$(readlink "/proc/$pid/root")"
    expect_match "the user of $pid" "*Uid:*$(id -u postfix)	$(id -u postfix)	$(id -u postfix)	$(id -u postfix)*" \
        "$(cat "/proc/$pid/status")"
done

# A reload reads the files again, outside and as root.
printf 'fresh-token\n' >"$T/root/token"
postfix_reload
new_parent() {
    [ "$(pfx_parent)" != "$parent" ] && postfix_query secured key >"$T/reply" && [ "$(<"$T/reply")" = value-of-key ]
}
wait_for 20 new_parent || fail "no answer after the reload: $(cat "$T/reply")"

# Each file that is missing is named.
mv "$Q/etc/nsswitch.conf" "$T"
postfix_reload
postfix_query secured key >"$T/reply" || true
wait_for 20 log_has 'no copy of .*/etc/nsswitch\.conf: ' || fail "no warning about nsswitch.conf"
mv "$T/nsswitch.conf" "$Q/etc"

# Nothing is said about name service where it is there, and where nothing needs it.
reload_and_ask() { # NAME
    parent=$(pfx_parent)
    : >"$LOG"
    postfix_reload
    postfix_query "$1" key >"$T/reply" || true
    wait_for 20 log_has ': started, version' || fail "no start after the reload"
    expect_no_log 'the chroot has no'
}
: >"$Q/etc/resolv.conf"
reload_and_ask secured
rm "$Q/etc/resolv.conf"
ENTRIES=
entry address "target = \"https://$BACKEND/get/%s\";"
entry local "target = \"https://localhost:${BACKEND##*:}/get/%s\";"
configuration
reload_and_ask address
postfix_stop
umount "$Q/proc"
