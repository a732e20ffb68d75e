#!/usr/bin/env bash
# A mistake in one entry leaves the others serving; a broken file gives TEMP with the reason in the log; mended and
# reloaded, all is well (A3, "A mistake hurts only what it is in").
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map one ''
map two ''
configuration
cp "$CFG" "$T/good.cfg"
postfix_start
expect_equal "before" value-of-key "$(postfix_query one key)"

becomes() { # NAME GLOB: after a reload, what the map answers
    wait_for 20 answers_like "$@" || fail "$1 does not answer like '$2', but '$(postfix_query "$1" key)'"
}
# complains REGEX: it is asked until the line is there; before the reload is done, the old generation answers as it did.
complains() {
    wait_for 20 asked_and_logged "$1" || fail "no line like /$1/ in the log"
}
asked_and_logged() {
    postfix_query one key >/dev/null || true
    log_has "$1"
}
answers_like() {
    # shellcheck disable=SC2053
    [[ $(postfix_query "$1" key) == $2 ]]
}

sed 's/two = { target/two = { targte/' "$T/good.cfg" >"$CFG"
postfix_reload
complains 'pfx-socketmap\[[0-9]+\]: (error|warning): .*pfx\.cfg:[0-9]+: .*targte.*target'
becomes two '*temporary error*'
becomes one value-of-key

: >"$LOG"
sed 's/one = {/one = /' "$T/good.cfg" >"$CFG"
postfix_reload
complains 'pfx-socketmap\[[0-9]+\]: (error|warning|fatal): .*pfx\.cfg:[0-9]+: .*syntax'
becomes one '*temporary error*'
becomes two '*temporary error*'

: >"$LOG"
(echo 'wrokers = 3;' && cat "$T/good.cfg") >"$CFG"
postfix_reload
complains 'pfx-socketmap\[[0-9]+\]: (error|warning|fatal): .*pfx\.cfg:1: .*wrokers.*workers'
becomes one '*temporary error*'

: >"$LOG"
rm "$CFG"
postfix_reload
complains 'pfx-socketmap\[[0-9]+\]: (error|warning|fatal): .*pfx\.cfg'
becomes two '*temporary error*'

# A file of pfx.d with a mistake in a section of another daemon is no matter of this one.
cp "$T/good.cfg" "$CFG"
mkdir "$T/etc/pfx.d"
echo 'policy_services = { broken = { targte = "x"; }; };' >"$T/etc/pfx.d/10-policy.cfg"
echo "socket_maps = { three = { target = \"http://$BACKEND/get/%s?\"; value_field = \"result\"; }; };" \
    >"$T/etc/pfx.d/20-map.cfg"
postfix_reload
becomes one value-of-key
becomes two value-of-key
becomes three value-of-key
