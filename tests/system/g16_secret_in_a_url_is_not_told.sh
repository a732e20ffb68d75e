#!/usr/bin/env bash
# A secret in the query of a target, or of a provider's configuration_uri, stands in no line of the log and is not shown
# (A9, Logging; A8, show).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
provider="http://$BACKEND/discovery?status=500&api_key=SECRET-of-provider"
map token 'token=SECRET-of-target' \
    "backend_oidc_auth = { configuration_uri = \"$provider\"; client_id = \"pfx\"; client_secret = \"SECRET\"; };"
map failing 'status=500&token=SECRET-of-target'
configuration 'log_level = "debug";'
pfx_standalone
expect_reply token key 'TEMP *'
expect_reply failing key 'TEMP *'
expect_log "warning: oidc=http://$BACKEND/discovery: the provider gives an unexpected status"
expect_no_log SECRET
pfx_stop

"$B/pfxctl" -C "$CFG" show >"$T/shown"
grep -q "configuration_uri = \"http://$BACKEND/discovery?status=500&api_key=" "$T/shown" || fail "$(<"$T/shown")"
! grep SECRET "$T/shown" || fail "a secret is shown"
