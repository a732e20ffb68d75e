#!/usr/bin/env bash
# A file with a secret that is gone at a reload: the entry that needs it is a temporary error, others go on, and what
# the old worker is about to answer is answered with the old secret; when it is there again all is as before (A3).
set -eu
. "$(dirname "$0")/faults.sh"

backend_start -l inet:127.0.0.1:0
three_postfix secret
echo user:secret >"$T/secret"
three secret "http://$BACKEND/secret?key=%s&auth=user:secret" "http_auth_basic = { file = \"$T/secret\"; };"
three slow "http://$BACKEND/slow?key=%s&auth=user:secret&delay=2000" "http_auth_basic = { file = \"$T/secret\"; };"
three other "http://$BACKEND/other?key=%s"
three_configuration 'workers = 1;'
postfix_start

good() {
    expect_equal "a map" value-of-key "$(postfix_query secret key)"
    expect_equal "a policy" value-of-policy "$(policy_answer secret)"
    expect_equal "a login" 'OK 7 user=user' "$(login_answer)"
}
row secret_vanishes
vanishes() {
    local before
    good
    watch_three
    before=$(asked slow)
    in_background "$T/drain" "$B/client" ask "unix:$SOCKETS/pfx-socketmap" slow key
    wait_for 10 has_count $((before + 1)) '/slow?' || fail "no question"
    mv "$T/secret" "$T/away"
    new_generation postfix_reload
    three_see secret
    expect_match "postmap" "*: warning: *socketmap server temporary error*" "$(postfix_query secret key | tr '\n' ' ')"
    expect_equal "another entry" value-of-key "$(postfix_query other key)"
    expect_equal "another entry, a policy" value-of-policy "$(policy_answer other)"
    wait "$JOB" || true
    expect_equal "what was asked before the reload" 'OK value-of-key' "$(<"$T/drain")"
    mv "$T/away" "$T/secret"
    new_generation postfix_reload
    good
    watch_three
}
vanishes
again 1 vanishes
logged
expect_all_rows
