#!/usr/bin/env bash
# A name that is not configured is PERM; a mistake in an entry is TEMP for that one (A4, last rows; A3, isolation).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map well ''
broken=()
broken() { # NAME SETTINGS WORD-IN-THE-LOG
    entry "$1" "$2"
    broken+=("$1 $3")
}
target="target = \"http://$BACKEND/?key=%s\";"
broken misspelt "targte = \"http://$BACKEND/?key=%s\";" target
broken no_target 'method = "GET";' target
broken wrong_type "$target status_code = \"many\";" status_code
broken out_of_range "$target max_reply_size = 100000000;" max_reply_size
broken too_large_integer "$target max_reply_size = 5000000000L;" max_reply_size
broken unknown_placeholder "target = \"http://$BACKEND/?key=%z\";" target
broken percent_sign "target = \"http://$BACKEND/?key=%41\";" %%
broken placeholder_in_host "target = \"http://%d/\";" target
broken ftp "target = \"ftp://$BACKEND/%s\";" target
broken not_json "$target payload = $(quoted '{"key": %s}');" payload
broken two_authorizations "$target http_auth_basic = \"a:b\"; http_auth_bearer = \"c\";" http_auth
broken no_secret_file "$target http_auth_bearer = { file = \"$T/nothing\"; };" "$T/nothing"
broken no_ca_file "target = \"https://$BACKEND/\"; tls = { root_ca = \"$T/nothing.pem\"; };" "$T/nothing.pem"
broken not_yet "$target backend_oidc_auth = { enabled = true; };" backend_oidc_auth
configuration
pfx_standalone

expect_reply nobody key 'PERM *'
expect_reply well key 'OK value-of-key'
for name in "${broken[@]}"; do
    expect_reply "${name%% *}" key 'TEMP *'
    expect_log "error: .*socket_maps\.${name%% *}.*${name##* }"
done
expect_reply well key 'OK value-of-key'
expect_equal "requests" 2 "$(asked well)"
pfx_stop
