#!/usr/bin/env bash
# Standalone as root: SIGHUP reloads a configuration and a secret that only root may read, though the daemon runs as
# another user meanwhile (A2, Ways to start).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
mkdir -m 700 "$T/root"
CFG=$T/root/pfx.cfg
printf 'token-0\n' >"$T/root/token"
map generation "body=$(url '{"result":"generation-0"}')" "http_auth_bearer = { file = \"$T/root/token\"; };"
configuration
chmod 600 "$CFG" "$T/root/token"
pfx_standalone
expect_equal "at first" 'OK generation-0' "$(ask generation key)"
expect_holds "at first" 'Authorization: Bearer token-0' "$(fetch /_last)"
expect_match "who it runs as" "*Uid:*	$(id -u postfix)	*" "$(grep Uid: "/proc/$(children "$PFX" | head -1)/status")"

in_force() {
    [ "$(ask generation key)" = "OK generation-$1" ]
}
for round in 1 2; do # the second one by a process that was executed anew
    sed -i "s/generation-[0-9]*/generation-$round/" "$CFG"
    chmod 600 "$CFG"
    printf 'token-%s\n' "$round" >"$T/root/token"
    kill -HUP "$PFX"
    wait_for 10 in_force "$round" || fail "round $round: the new configuration is not in force"
    expect_holds "round $round" "Authorization: Bearer token-$round" "$(fetch /_last)"
done
expect_no_log 'not reloaded|fatal: |error: '

# Workers cannot become root again.
worker=$(children "$PFX" | head -1)
expect_match "the ids of a worker" "*Uid:	$(id -u postfix)	$(id -u postfix)	$(id -u postfix)	*" \
    "$(grep Uid: "/proc/$worker/status")"
pfx_stop
