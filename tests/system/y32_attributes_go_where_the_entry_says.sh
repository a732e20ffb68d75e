#!/usr/bin/env bash
# %{NAME} in URL, header and payload, {{ .Key }} limited by attributes: escaped for where they go; what does not fit is
# not asked (A3, templates).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
ok="body=$(url '{"result":"DUNNO"}')"
service all "$ok"
service chosen "$ok" 'attributes = ["recipient", "sender", "no_such_one"];'
service one "$ok" 'attributes = "sender";'
service chosen_but_named "$ok" 'attributes = ["sender"]; custom_headers = "X-Helo: %{helo_name}";'
service payload "$ok" 'payload = { from = "<%{sender}>"; all = "{{ .Key }}"; percent = "100%%"; none = "%{nothing}"; };'
service text "$ok" "payload = $(quoted '{ "from": "%{sender}", "all": {{ .Key }} }');"
service form "$ok" 'content_type = "application/x-www-form-urlencoded"; payload = "from=%{sender}&to=%{recipient}";'
service header "$ok" 'custom_headers = ["X-Sender: <%{sender}>", "X-Nothing: [%{nothing}]"];'
entry query "target = \"http://$BACKEND/query?$ok&from=%{sender}&none=%{nothing}\"; method = \"GET\";"
entry path "target = \"http://$BACKEND/path/%{sender}/end?$ok\"; on_error = \"451 4.3.5 not asked\";"
policy_configuration
pfx_standalone

odd=$'sender=a b"c=d&e/%s\\@Other.Example'
json='a b\"c=d&e/%s\\@Other.Example'
all() { # NAME: the object of all attributes
    echo "{\"request\":\"smtpd_access_policy\",\"sender\":\"$json\",\"policy_context\":\"$1\"}"
}
sends() { # NAME GLOB ATTRIBUTE...
    local name=$1 glob=$2
    shift 2
    expect_equal "the action of $name" DUNNO "$(action "$name" "$@")"
    expect_match "the request of $name" "$glob" "$(fetch /_last)"
}
body() {
    fetch /_last | sed '1,/^\r*$/d'
}
sends all 'POST /all*' "$odd"
expect_equal "all" "$(all all)" "$(body)"
sends chosen 'POST *' helo_name=me "$odd" recipient=you
expect_equal "chosen" "{\"sender\":\"$json\",\"recipient\":\"you\"}" "$(body)"
sends one 'POST *' helo_name=me sender= recipient=you
expect_equal "one" '{"sender":""}' "$(body)"
sends one 'POST *' recipient=you
expect_equal "one that is not there" '{}' "$(body)"
sends chosen_but_named $'*\r\nX-Helo: me\r\n*' helo_name=me sender=x
expect_equal "chosen, and another in a header" '{"sender":"x"}' "$(body)"
sends payload 'POST *' "$odd"
expect_equal "a group" "{\"from\":\"<$json>\",\"all\":$(all payload),\"percent\":\"100%\",\"none\":\"\"}" "$(body)"
sends text 'POST *' "$odd"
expect_equal "a text" "{ \"from\": \"$json\", \"all\": $(all text) }" "$(body)"
sends form $'*\r\nContent-Type: application/x-www-form-urlencoded\r\n*' "$odd" recipient=you
expect_equal "a form" 'from=a%20b%22c%3Dd%26e%2F%25s%5C%40Other.Example&to=you' "$(body)"
sends header 'POST *' "$odd"
expect_holds "a header" $'\r\nX-Sender: <a b"c=d&e/%s\\@Other.Example>\r\n' "$(fetch /_last)"
expect_holds "a header without value" $'\r\nX-Nothing: []\r\n' "$(fetch /_last)"
sends query 'GET /query?*&from=a%20b%22c%3Dd%26e%2F%25s%5C%40Other.Example&none= HTTP/1.1*' "$odd"
sends path 'POST /path/a%20b%22c%3Dd%26e%2F%25s%5C%40Other.Example/end?*' "$odd"
sends path 'POST /path/...%40x/end?*' sender=...@x

# A segment that would climb, and a line break in a header, are not asked.
fetch /_reset
for climber in . .. ../x x/.. '..\x' 'x\..' ./x ''; do
    expect_equal "a path with $climber" '451 4.3.5 not asked' "$(action path "sender=$climber")"
done
expect_equal "a header with a line break" "$ON_ERROR" "$(action header $'sender=x\rX-Evil: 1')"
expect_equal "requests that do not fit" '0 0' "$(fetch '/_count?path=/path') $(fetch '/_count?path=/header')"
expect_log 'warning: NOQUEUE: policy=path, .*: what is asked does not fit'
pfx_stop
