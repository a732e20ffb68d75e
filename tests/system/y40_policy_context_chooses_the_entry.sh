#!/usr/bin/env bash
# Which entry is asked: the one that the command line names, else that of policy_context, else the only one; a mistake
# costs only what it is in (A2, options; A3; A4, "no such entry", "bad configuration").
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
says() { # NAME: an entry that says its name
    service "$1" "body=$(url "{\"result\":\"REJECT $1\"}")" "${2:-}"
}
only() { # an action without policy_context
    policy "unix:$SOCKET" request=smtpd_access_policy "$@"
}

# Several entries; one is wrong.
says one
says two
says wrong 'targte = "x"; on_error = "DUNNO";'
policy_configuration
pfx_standalone
expect_equal "the one" 'REJECT one' "$(action one)"
expect_equal "the other" 'REJECT two' "$(action two)"
expect_equal "one with a mistake" "$ON_ERROR" "$(action wrong)"
expect_log 'error: .*pfx\.cfg:[0-9]+: .*wrong.*targte.*target'
expect_equal "requests of it" 0 "$(asked wrong)"
for context in '' nobody ONE 'one ' '../one'; do
    expect_equal "policy_context=$context" "$ON_ERROR" "$(only "policy_context=$context")"
done
expect_equal "no policy_context" "$ON_ERROR" "$(only)"
expect_log 'warning: NOQUEUE: .*: no policy service "no_such_entry" in the configuration'
expect_lines "lines about it in a minute" 1 'no policy service'
pfx_stop

# The command line wins.
pfx_standalone two
for context in '' one two nobody; do
    expect_equal "named two, policy_context=$context" 'REJECT two' "$(only "policy_context=$context")"
done
pfx_stop
pfx_standalone nobody
expect_equal "a name that is no entry" "$ON_ERROR" "$(only policy_context=one)"
pfx_stop

# The only one.
ENTRIES=
says single
policy_configuration
pfx_standalone
expect_equal "no policy_context" 'REJECT single' "$(only)"
expect_equal "an empty policy_context" 'REJECT single' "$(only policy_context=)"
expect_equal "its policy_context" 'REJECT single' "$(only policy_context=single)"
expect_equal "another policy_context" "$ON_ERROR" "$(only policy_context=nobody)"
pfx_stop

# None.
top_level 'workers = 1;' >"$CFG"
pfx_standalone
expect_equal "no entry" "$ON_ERROR" "$(only)"
pfx_stop
