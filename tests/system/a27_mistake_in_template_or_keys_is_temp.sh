#!/usr/bin/env bash
# A mistake in a template, in keys or in what belongs to them is TEMP for its entry, and the log tells where it is (A3,
# Templates, isolation; A4, "bad configuration").
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
broken=()
broken() { # NAME SETTING REGEX: what the log says of the setting
    entry "$@"
    broken+=("$1" "${2%% *}" "$3")
}
# with NAME SETTING REGEX: beside a target that is well.
with() {
    entry "$1" "target = \"http://$BACKEND/$1?key=%s\";
        $2"
    broken+=("$1" "${2%% *}" "$3")
}
map well ''
map well_all 'all=%{keys}&percent=100%%&hex=%%20' \
    'result_format = "%s%%"; keys = ["full", "domain"]; domains = ["x.example"];'

bad=(letter '%x' lone '100% of' last '50%' braces '%{nothing}' open '%{keys' zero '%0' ten '%{10}' capital '%K')
for ((i = 0; i < ${#bad[@]}; i += 2)); do
    name=${bad[i]} text=${bad[i + 1]}
    broken "${name}_in_target" "target = $(quoted "http://$BACKEND/?key=%s&x=$text");" '%%'
    with "${name}_in_payload" "payload = $(quoted "{\"key\": \"$text\"}");" '%%'
    with "${name}_in_group" "payload = { key = $(quoted "$text"); };" '%%'
    with "${name}_in_header" "custom_headers = $(quoted "X-Key: $text");" '%%'
    with "${name}_in_result" "result_format = $(quoted "$text");" '%%'
done
broken hex "target = \"http://$BACKEND/a%20b?key=%s\";" '%%'
broken hex_upper "target = \"http://$BACKEND/?key=%s&x=%2F\";" '%%'
broken label_and_digit "target = \"http://$BACKEND/?key=%s&x=%10\";" '%%'
broken in_host 'target = "http://%d/";' host
broken in_host_behind 'target = "http://www.%d:80/?key=%s";' host
broken in_port 'target = "http://127.0.0.1:%1/";' port
broken in_user 'target = "http://%u@127.0.0.1/";' user
broken in_socket 'target = "unix:/run/%s.sock:/";' 'path of the socket'
with outside "payload = $(quoted '{"key": %s}');" 'inside JSON strings'
with as_name_only "payload = $(quoted '{"key": "a" %u}');" 'inside JSON strings'
with no_json "payload = $(quoted '{"key": "%s",}');" JSON
with keys_inside "payload = $(quoted '{"keys": "%{keys}"}');" '%\{keys\}'
with keys_as_part 'payload = { keys = "all: %{keys}"; };' '%\{keys\}'
with keys_in_result 'result_format = "%{keys}";' '%%'
with brace_in_result 'result_format = "{{ .Key }}";' '\{\{'
with word 'keys = "virtuel";' 'virtual'
with word_in_list 'keys = ["full", "nothing"];' 'catchall'
with no_word 'keys = [];' 'empty list'
with no_text 'keys = 5;' 'must be one of'
with case 'keys = "Full";' 'full'
with limit 'expansion_limit = -1;' '0 to'
with limit_text 'expansion_limit = "1";' integer
with domain 'domains = ["x.example", "@y.example"];' domain
with domain_number 'domains = 5;' string
with local_domain 'local_domains = "*.example";' domain
with delimiter 'recipient_delimiter = [ "+" ];' string
with propagate 'propagate_extension = "yes";' 'true or false'
configuration
pfx_standalone

line_of() { # ENTRY KEY: where the key stands
    awk -v entry="    $1 = {" -v key="$2 = " '
        index($0, entry) == 1 { inside = 1 }
        inside && index($0, key) { line = NR }
        /};$/ { inside = 0 }
        END { print line }' "$CFG"
}
for ((i = 0; i < ${#broken[@]}; i += 3)); do
    name=${broken[i]} key=${broken[i + 1]}
    expect_equal "$name" 'TEMP configuration error, the log of pfx-socketmap tells which' "$(ask "$name" u@x.example)"
    expect_log "error: .*/pfx\.cfg:$(line_of "$name" "$key"): socket_maps\.$name\.$key.*: .*(${broken[i + 2]})"
done
expect_reply well u@x.example 'OK value-of-u@x.example'
expect_reply well_all u@x.example 'OK value-of-u@x.example%'
expect_equal "requests" 2 "$(fetch '/_count?path=/')"
expect_equal "entries with a mistake" $((${#broken[@]} / 3)) \
    "$(grep -o 'error: .*socket_maps\.[a-z_]*\.' "$LOG" | sed 's/.*socket_maps//' | sort -u | wc -l)"
pfx_stop
