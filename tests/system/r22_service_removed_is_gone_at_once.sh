#!/usr/bin/env bash
# The service line removed and Postfix reloaded: the daemon is gone at once, whatever it was doing, and Postfix is
# unharmed.
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map endless 'hang=1' 'http = { timeout = "60s"; };'
configuration
postfix_start
in_background /dev/null "$B/client" ask "unix:$SOCKET" endless key
in_flight() {
    [ "$(asked endless)" -gt 0 ]
}
wait_for 10 in_flight || fail "the backend is not asked"

sed -i '/^pfx-socketmap/d' "$T/etc/master.cf"
started=$(now_ms)
postfix_reload
nothing_of_pfx() {
    [ -z "$(pfx_processes)" ]
}
wait_for 5 nothing_of_pfx || fail "still there: $(pfx_processes)"
expect_match "smtpd" '220 *' "$(smtp QUIT | head -1)"
expect_at_most "milliseconds until smtpd answered" 3000 $(($(now_ms) - started))

# And back again.
echo "pfx-socketmap unix - - n - 1 $PFX_COMMAND" >>"$T/etc/master.cf"
sed -i 's/hang=1//' "$CFG"
postfix_reload
wait_for 10 answers "unix:$SOCKET" || fail "the service does not come back"
expect_equal "an answer" 'OK value-of-key' "$(ask endless key)"
