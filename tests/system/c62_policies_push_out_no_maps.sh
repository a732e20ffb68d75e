#!/usr/bin/env bash
# Maps and policies share one table, and whatever many policy requests leave there, the answers of maps stay (A5).
set -eu
. "$(dirname "$0")/policy.sh"

MAPS=1000
POLICIES=20000 # many times what their part of the table holds
backend_start -l inet:127.0.0.1:0
answer=$(url '{"result":"DUNNO"}')
cat >"$CFG" <<END
$(top_level 'response_cache = { size = "1M"; max_age = "1h"; };')
socket_maps = {
    map = { target = "http://$BACKEND/map?key=%s"; value_field = "result"; };
};
policy_services = {
    policy = {
        target = "http://$BACKEND/policy?body=$answer";
        value_field = "result";
        response_cache = { enabled = true; };
    };
};
END
DAEMON=pfx-socketmap SOCKET=$T/map
answers() {
    ask_at "$1" no_such_entry key >/dev/null 2>&1
}
pfx_standalone
map=$PFX
DAEMON=pfx-policyd SOCKET=$T/policy
answers() {
    policy "$1" policy_context=no_such_entry >/dev/null 2>&1
}
pfx_standalone

ask_maps() {
    local line
    line=$(load "unix:$T/map" map -n "$MAPS" -k "$MAPS" -c 4 -e value-of-) || fail "load: $line"
    expect_none "$line" lost wrong
}
ask_maps
ask_maps
expect_equal "requests of the map" "$MAPS" "$(fetch '/_count?path=/map?')"
perl -e 'print "request=smtpd_access_policy\nsender=user$_\@x.example\npolicy_context=policy\n\n" for 1 .. $ARGV[0]' \
    "$POLICIES" >"$T/requests"
raw_end "unix:$T/policy" 50000 <"$T/requests" >"$T/replies" || fail "not all policy requests were answered"
expect_equal "answers to policy requests" "$POLICIES" "$(grep -c '^action=DUNNO$' "$T/replies")"
expect_equal "requests of the policy" "$POLICIES" "$(fetch '/_count?path=/policy?')"
ask_maps
expect_equal "requests of the map" "$MAPS" "$(fetch '/_count?path=/map?')"

# The newest ones are there, of those that were used.
expect_equal "the last" DUNNO "$(action policy "sender=user$POLICIES@x.example")"
expect_equal "requests of the policy" "$POLICIES" "$(fetch '/_count?path=/policy?')"
pfx_stop "$map"
pfx_stop
