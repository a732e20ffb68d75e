#!/usr/bin/env bash
# A certificate counts if the entry's CAs signed it for that name and time; connections are not shared across CAs
# ("Two entries, one host, different root_ca: the wrong one fails, in either order").
set -eu
. "$(dirname "$0")/lib.sh"

certs=$T/certs
"$TOP/tests/certs.sh" "$certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
chmod 700 "$certs"
for cert in good expired wrongname selfsigned; do
    backend_start -l tls:127.0.0.1:0 -T "$certs/$cert.pem" -K "$certs/$cert.key"
    declare "$cert=$BACKEND"
done

secured() { # NAME HOST:PORT SETTINGS-OF-TLS
    entry "$1" "target = \"https://$2/get/%s?\"; tls = { $3 };"
}
ca="root_ca = \"$certs/ca.pem\";"
other="root_ca = \"$certs/other-ca.pem\";"
# shellcheck disable=SC2154
{
    secured right_first "$good" "$ca"
    secured wrong_after "$good" "$other"
    secured by_name "localhost:${good##*:}" "$ca"
    secured both "$good" "root_ca = [\"$certs/other-ca.pem\", \"$certs/ca.pem\"];"
    secured with_system "$good" "root_ca = (\"system\", \"$certs/ca.pem\");"
    secured system_only "$good" 'root_ca = "system";'
    secured by_default "$good" ''
    secured expired "$expired" "$ca"
    secured wrongname "$wrongname" "$ca"
    secured selfsigned "$selfsigned" "$ca"
    secured selfsigned_trusted "$selfsigned" "root_ca = \"$certs/selfsigned.pem\";"
    secured unchecked_expired "$expired" 'skip_verify = true;'
    secured unchecked_wrongname "$wrongname" 'skip_verify = true;'
    secured unchecked "$good" 'skip_verify = true;'
}
configuration 'workers = 1;'
pfx_standalone

# After each an answer from the same host: too many failures in a row, and it would count as down.
wrong() {
    for name in "$@"; do
        expect_reply "$name" key 'TEMP *'
        expect_reply right_first key 'OK value-of-key'
    done
}
right() {
    for name in "$@"; do
        expect_reply "$name" key 'OK value-of-key'
    done
}
right right_first
wrong wrong_after system_only by_default
right by_name both with_system
wrong wrong_after system_only by_default expired wrongname selfsigned
right unchecked unchecked_expired unchecked_wrongname selfsigned_trusted
wrong wrong_after expired wrongname selfsigned
# The log says what to do, and never to look away.
advice() { # ENTRY TEXT
    expect_log "warning: map=$1, .*TLS with the backend failed \\(.*$2"
}
for name in wrong_after system_only by_default; do
    advice "$name" "root_ca has to name a file with the CA that signed the backend's certificate"
done
advice expired 'the backend needs a new certificate, unless the clock here is wrong'
advice wrongname "target host name '127\\.0\\.0\\.1': the host in the URL has to have a name that the certificate has"
advice selfsigned 'root_ca has to name a file with this certificate'
expect_no_log 'skip_verify'
pfx_stop

# The other order: the wrong one is the first that comes to the host.
pfx_standalone
wrong wrong_after
right unchecked
wrong wrong_after by_default
pfx_stop
