#!/usr/bin/env bash
# An answer that Postfix would take for something else, or that would add a line, never reaches it: on_error does, with
# one warning (A4, last but one row).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
on_error='DEFER_IF_PERMIT 4.3.5 on_error of this entry'
refused=()
refused() { # NAME BODY [SETTINGS]: an entry with that answer, which gives on_error
    service "$1" "body=$(url "$2")" "on_error = \"$on_error\"; ${3:-}"
    refused+=("$1")
}
value() { # NAME TEXT [SETTINGS]: the same for the inside of a JSON string
    refused "$1" "{\"result\":\"$2\"}" "${3:-}"
}
longest="REJECT $(printf 'x%.0s' {1..2041})" # line_length_limit

value digits 554
value digits_and_space '554 '
value digits_four 4500
refused number '{"result":554}'
value space_before ' REJECT no'
value spaces ' '
value tab_before '\tREJECT no'
value tab_between 'REJECT\tno'
value line_feed 'REJECT no\naction=OK'
value line_feed_at_the_end 'REJECT no\n'
value two_line_feeds 'DUNNO\n\naction=OK'
value carriage_return 'REJECT no\r'
value nul 'REJECT \u0000no'
value escape 'REJECT \u001b[31mred'
value delete 'REJECT \u007f'
refused not_utf8 $'{"result":"REJECT l\xe4nger"}'
value surrogate 'REJECT \ud800'
value too_long "${longest}x"
value unknown_word 'ACCEPT'
value unknown_word_with_text 'PERMITTED 2.0.0 fine'
value restriction 'reject_unauth_destination'
value table 'hash:/etc/passwd'
value table_for_restrictions 'check_client_access hash:/etc/passwd' 'restrictions = true;'
value mark_for_restrictions 'permit; reject' 'restrictions = true;'
value quotes '\"REJECT no\"'
value prefix 'action=REJECT no'
value code_200 '250 2.0.0 fine'
value code_300 '354 go on'
value code_600 '650 what'
value code_of_two_digits '45 no'
value code_and_dash '450-4.7.1 no'
value hangup HANGUP
value filter_bare FILTER
value filter_nowhere 'FILTER discard'
value redirect_bare REDIRECT
value redirect_nobody 'REDIRECT nobody'
value bcc_nobody 'BCC @'
value prepend_bare PREPEND
value prepend_text 'PREPEND no header'
value prepend_two 'PREPEND X-One: 1\nX-Two: 2'
refused object '{"result":{"action":"DUNNO"}}'
refused two_actions '{"result":["REJECT","no"]}'
refused boolean '{"result":true}'
service longest "body=$(url "{\"result\":\"$longest\"}")"
policy_configuration
pfx_standalone

for name in "${refused[@]}"; do
    expect_equal "$name" "$on_error" "$(action "$name")"
    expect_log "warning: NOQUEUE: policy=$name, .*target=http://$BACKEND: .*status 200\\)"
    expect_lines "warnings about $name" 1 "warning: .*policy=$name, "
done
expect_equal "the longest action" "$longest" "$(action longest)"
pfx_stop
