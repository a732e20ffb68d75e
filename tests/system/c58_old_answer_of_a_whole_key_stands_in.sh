#!/usr/bin/env bash
# While the backend is down, a key that was found by one of its later forms has its old answer, though that its first
# forms are not there is not kept; so it has when the answer has too many values or something else (A3, Keys; A5).
set -eu
. "$(dirname "$0")/cache.sh"

known() { # KEY VALUE...: all that the backend has from now on
    printf '%s\t%s\n' "$@" >"$T/data.new"
    mv "$T/data.new" "$T/data"
}
known user@d.example info@y.example @d.example catchall@y.example full+x@d.example full@y.example
backend_start -l inet:127.0.0.1:0
SECOND=$BACKEND
PORT=$(instance_unused_port)
backend_at "inet:127.0.0.1:$PORT" -d "$T/data"
ORIGIN=http://127.0.0.1:$PORT
forms='keys = "virtual"; recipient_delimiter = "+"; retry_interval = "1s";'
map aliases '' "$forms propagate_extension = true; http = { timeout = \"2s\"; };"
map changed '' "$forms"
map all_at_once '' "$forms payload = { keys = \"%{keys}\"; };"
map kept_for_long '' "$forms response_cache = { negative_max_age = \"1h\"; };"
map stumbles 'once=503' "$forms"
maps=(aliases changed all_at_once kept_for_long)

# These have a second target, which answers otherwise.
otherwise() { # NAME BODY SETTINGS
    targets "$1" "$ORIGIN/$1?key=%s http://$SECOND/$1?key=%s&body=$(url "$2")" "$forms ${3:-}"
}
every='payload = { keys = "%{keys}"; };'
otherwise too_many '{"result":["a@y.example","b@y.example"]}' 'expansion_limit = 1;'
otherwise too_many_by_key '{"result":{"user@d.example":["a@y.example","b@y.example"]}}' "$every expansion_limit = 1;"
otherwise not_asked_for '{"result":{"error":"the database is down"}}' "$every"
otherwise nothing '{"result":{}}' "$every"
configuration "$(cache 'max_age = "0s";')"
pfx_standalone

declare -A found=([full+x@d.example]=full@y.example [user@d.example]=info@y.example
    [nobody@d.example]=catchall@y.example [nobody+x@d.example]=catchall@y.example)
found_by() { # MAP: with the extension, where that is told
    case $1 in aliases) found[user+x@d.example]=info+x@y.example ;; *) found[user+x@d.example]=info@y.example ;; esac
}
expect_found() { # WHEN MAP...
    local map key
    for map in "${@:2}"; do
        found_by "$map"
        for key in "${!found[@]}"; do
            expect_equal "$1: $map $key" "OK ${found[$key]}" "$(ask "$map" "$key")"
        done
    done
}
expect_found "first" "${maps[@]}"
for map in "${maps[@]}"; do expect_reply "$map" user+x@nowhere.example 'NOTFOUND '; done
for map in too_many too_many_by_key not_asked_for nothing; do
    expect_reply "$map" user+x@d.example 'OK info@y.example'
done

# --- It fails in the middle: of each URL the first request does.
is_found() {
    [ "$(ask stumbles user+x@d.example)" = 'OK info@y.example' ]
}
wait_for 10 is_found || fail "no answer but for the first failures"
fetch /_reset >/dev/null
for time in first second third; do
    is_found || fail "the old answer does not stand in for a failure, the $time time"
done
expect_count 3 '/stumbles?key=user%2Bx%40d.example&'
expect_count 2 '/stumbles?key=user%40d.example&'
expect_count 0 '/stumbles?key=%40d.example&'

# --- It refuses
backend_kill
for time in first second third; do expect_found "down, the $time time" "${maps[@]}"; done
expect_log "$(down_line "$ORIGIN")"
for map in aliases changed all_at_once; do
    for key in user+y@d.example never@d.example new@other.example user+x@nowhere.example; do
        expect_reply "$map" "$key" 'TEMP *'
    done
done
expect_reply kept_for_long user+x@nowhere.example 'NOTFOUND ' # is fresh
expect_reply kept_for_long user+y@d.example 'TEMP *'

# --- The other target answers too much, or something else: a failure. "Nothing there" is an answer.
for time in first second; do
    for map in too_many too_many_by_key not_asked_for; do expect_reply "$map" user+x@d.example 'OK info@y.example'; done
done
for map in too_many too_many_by_key; do
    expect_log "map=$map, .*: more results than expansion_limit allows \(status 200; an old answer stands in\)"
    expect_reply "$map" user+y@d.example 'TEMP too many results'
done
expect_log 'map=not_asked_for, .* not asked for: check value_field \(status 200; an old answer stands in\)'
expect_reply not_asked_for user+y@d.example 'PERM the answer has a member that was not asked for'
expect_reply nothing user+x@d.example 'NOTFOUND '

# What was asked for with other settings is another question.
sed -i '/changed = /s/"virtual"/["full", "catchall"]/' "$CFG"
kill -HUP "$PFX"
changed_is_temp() {
    [[ $(ask changed user+x@d.example) == TEMP\ * ]]
}
wait_for 20 changed_is_temp || fail "an answer to another question stands in: $(ask changed user+x@d.example)"
expect_found "after other settings" aliases all_at_once

# --- It is back, and the answers are others.
known user+x@d.example more@y.example
backend_at "inet:127.0.0.1:$PORT" -d "$T/data"
answers_anew() {
    [ "$(ask aliases user+x@d.example)" = "OK more@y.example" ]
}
wait_for 20 answers_anew || fail "the backend is back, and not asked"
expect_reply aliases nobody@d.example 'NOTFOUND '
expect_reply aliases user@d.example 'NOTFOUND '

# --- It hangs: the newest answer counts, and one that has gone does not come back.
backend_hang
took ms ask aliases user+x@d.example >"$T/reply"
expect_equal "while it hangs" 'OK more@y.example' "$(<"$T/reply")"
expect_at_most "milliseconds until the old answer stands in" 2000 "$ms"
case $(ask aliases nobody@d.example) in
TEMP\ * | TIMEOUT\ *) ;;
*) fail "an answer that has gone came back" ;;
esac
backend_go_on
pfx_stop
