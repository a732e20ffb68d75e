#!/usr/bin/env bash
# "Nothing there" is NOTFOUND, and a page that only looks like it is not (A4, "nothing there"; A3, Values,
# notfound_status).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0

nothing=()
nothing() { # NAME QUERY [SETTINGS]
    map "$@"
    nothing+=("$1")
}
nothing null "body=$(url '{"result":null}')"
nothing empty_string "body=$(url '{"result":""}')"
nothing empty_array "body=$(url '{"result":[]}')"
nothing array_of_nothing "body=$(url '{"result":[null,""]}')"
nothing missing "body=$(url '{"other":"x"}')"
nothing missing_parent "body=$(url '{"other":"x"}')" 'value_field = "data.result";'
nothing missing_element "body=$(url '{"list":["x"]}')" 'value_field = "list.1";'
nothing status_204 'status=204'
nothing empty_body 'body='
nothing status_404_empty 'status=404&body='
nothing status_404_json "status=404&body=$(url '{"detail":"no such user"}')"
nothing status_410_listed 'status=410&body=' 'notfound_status = [404, 410];'
nothing required_but_null "body=$(url '{"result":null}')" 'value_required = true;'
nothing required_but_empty "body=$(url '{"result":""}')" 'value_required = true;'

# A proxy's error page, a URL that does not name the key, a status that is not listed, a member that must be there.
map page "status=404&type=text/html&body=$(url '<html>Not Found</html>')"
entry no_placeholder "target = \"http://$BACKEND/no_placeholder?status=404&body=\"; payload = { key = \"%s\"; };"
map unlisted 'status=404&body=' 'notfound_status = [410];'
map required "body=$(url '{"other":"x"}')" 'value_required = true;'

# A key without the part that the template needs, or that would be another path, is not even asked.
entry domain "target = \"http://$BACKEND/domain?key=%d\";"
entry localpart "target = \"http://$BACKEND/localpart?key=%u\";"
entry label "target = \"http://$BACKEND/label?key=%3\";"
entry in_payload "target = \"http://$BACKEND/in_payload?\"; payload = { key = \"%d\"; };"
entry in_path "target = \"http://$BACKEND/in_path/%s?\";"
configuration
pfx_standalone

for name in "${nothing[@]}"; do
    expect_reply "$name" key 'NOTFOUND '
    expect_equal "requests of $name" 1 "$(asked "$name")"
done

for name in page no_placeholder unlisted; do
    expect_reply "$name" key 'PERM *'
    expect_log "warning: .*$name.*404"
done
expect_reply required key 'PERM *'
expect_log 'warning: .*required.*value_field'

expect_reply domain key 'NOTFOUND '
expect_reply domain key@ 'NOTFOUND '
expect_reply localpart @example.com 'NOTFOUND '
expect_reply localpart user@example.com 'OK value-of-user'
expect_reply domain user@example.com 'OK value-of-example.com'
expect_reply label user@example.com 'NOTFOUND '
expect_reply label user@mx.example.com 'OK value-of-mx'
expect_reply in_payload key 'NOTFOUND '
expect_reply in_payload user@example.com 'OK value-of-example.com'
for key in . ..; do
    expect_reply in_path "$key" 'NOTFOUND '
done
expect_equal "requests about a domain" 1 "$(asked domain)"
expect_equal "requests about a local part" 1 "$(asked localpart)"
expect_equal "requests about a label" 1 "$(asked label)"
expect_equal "requests with a payload" 1 "$(asked in_payload)"
expect_equal "requests that would leave their path" 0 "$(fetch '/_count?path=/in_path')"
pfx_stop
