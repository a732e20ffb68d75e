#!/usr/bin/env bash
# A policy asks its backend with a token, too: fetched anew once; without one it is on_error (DESIGN A4, A7).
set -eu
. "$(dirname "$0")/policy.sh"
. "$(dirname "$0")/oidc.sh"

backend_start -l inet:127.0.0.1:0
provider_start
provider_new good none
script none 'token status 400'
refuse="body=$(url '{"result":"REJECT 5.7.1 no"}')"
service good "$refuse" "$(backend_oidc good)"
service once "$refuse&once=401" "$(backend_oidc good)"
service never 'status=401' "$(backend_oidc good)"
service none "$refuse" "$(backend_oidc none)"
policy_configuration 'workers = 1;'
pfx_standalone
expect_equal "an action" 'REJECT 5.7.1 no' "$(action good sender=a@x.example)"
expect_holds "what the backend gets" 'Authorization: Bearer good-1' "$(fetch /_last)"
expect_equal "no token" "$ON_ERROR" "$(action none sender=a@x.example)"
expect_equal "401 once" 'REJECT 5.7.1 no' "$(action once sender=a@x.example)"
expect_holds "what the backend gets" 'Authorization: Bearer good-2' "$(fetch /_last)"
expect_equal "401 for ever" "$ON_ERROR" "$(action never sender=a@x.example)"
expect_equal "the next one" 'REJECT 5.7.1 no' "$(action good sender=a@x.example)"
pfx_stop
expect_no_log 'SECRET|Bearer'
