#!/usr/bin/env bash
# Two entries, two instances, two sections, and an entry that a reload has changed never get each other's answers,
# whatever the cache holds (A5).
set -eu
. "$(dirname "$0")/cache.sh"

backend_start -l inet:127.0.0.1:0
cached='response_cache = { max_age = "1h"; };'
answer() { # TEXT: the query for it
    echo "body=$(url "{\"result\":\"$1\",\"two\":\"$1-two\"}")"
}
same="target = \"http://$BACKEND/same?key=%s\"; $cached"
entry one "$same"
entry two "$same"
entry on "$same"
map changing "$(answer before)" "$cached"
configuration "workers = 1; $(cache 'enabled = true;')"
pfx_standalone

# The same target and key: each entry asks for itself.
for _ in 1 2; do
    expect_reply one key 'OK value-of-key'
    expect_reply two key 'OK value-of-key'
done
expect_count 2 /same
expect_reply on ekey 'OK value-of-ekey' # name and key run together are the same

# reconfigure SED-SCRIPT: changes the entry and reloads.
reloads=0
reconfigure() {
    sed -i "$1" "$CFG"
    kill -HUP "$PFX"
    reloads=$((reloads + 1))
    wait_for 10 log_has_lines $((reloads + 1)) 'started, version' || fail "no reload"
    wait_for 10 answers "unix:$SOCKET" || fail "no answer after the reload"
}
expect_change() { # WHAT SED-SCRIPT REPLY
    reconfigure "$2"
    expect_reply changing key "$3"
}
expect_reply changing key 'OK before'
expect_change "nothing but another entry" 's/^    two = /    three = /' 'OK before'
expect_count 1 /changing
expect_change "the target" '/changing/s/before/after/g' 'OK after'
expect_change "the field" '/changing/s/response_cache/value_field = "two"; &/' 'OK after-two'
expect_change "the field is required" '/changing/s/value_field/value_required = true; &/' 'OK after-two'
expect_count 4 /changing
expect_change "a header" '/changing/s/value_field/custom_headers = "X-Test: one"; &/' 'OK after-two'
expect_count 5 /changing
expect_change "a payload" '/changing/s/value_field/payload = { key = "%s"; }; &/' 'OK after-two'
expect_count 6 /changing
expect_change "status_code" '/changing/s/value_field/status_code = 207; &/' 'PERM *'
expect_change "status_code and the field" '/changing/s/status_code = 207; //; /changing/s/value_field = "two"; //' \
    'OK after'
expect_change "the name" 's/^    changing = /    changed = /' 'PERM *'
expect_reply changed key 'OK after'

# A socket map and a policy of the same name and text.
pfx_stop
cat >"$CFG" <<END
$(top_level "$(cache 'enabled = true;')")
socket_maps = { same = { target = "http://$BACKEND/both?key=x"; value_field = "result"; $cached }; };
policy_services = { same = { target = "http://$BACKEND/both?key=x"; value_field = "result";
    response_cache = { enabled = true; max_age = "1h"; }; }; };
END
pfx_standalone
expect_reply same key 'OK value-of-x'
pfx_stop
expect_count 1 /both

# Two instances: each state_directory has a table of its own.
STATE=$T/state2
mkdir -m 777 "$STATE"
cat >"$CFG" <<END
$(top_level "$(cache 'enabled = true;')")
socket_maps = { same = { target = "http://$BACKEND/both?key=x"; value_field = "result"; $cached }; };
END
pfx_standalone
expect_reply same key 'OK value-of-x'
expect_count 2 /both
expect_reply same key 'OK value-of-x'
expect_count 2 /both
pfx_stop
