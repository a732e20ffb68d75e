#!/usr/bin/env bash
# The next target is asked at once when one cannot be resolved, connected or spoken to over TLS, and after a 502, 503
# or 504; any other answer is the answer (A6).
set -eu
. "$(dirname "$0")/cache.sh"

two_backends
nobody=127.0.0.1:$(instance_unused_port)
backend_start -l tlsbroken:127.0.0.1:0 -l "unix:$T/second.sock"
chmod 666 "$T/second.sock"
second="http://$SECOND/second?key=%s"
for status in 502 503 504 500 404 429; do
    targets "status_$status" "http://$FIRST/$status?status=$status&key=%s $second"
done
targets refused "http://$nobody/?key=%s $second"
targets unresolved "http://no_such_host.invalid/?key=%s $second"
targets tls "https://$BACKEND/?key=%s $second"
targets unix_missing "unix:$T/nobody.sock:/?key=%s $second"
targets to_unix "http://$nobody/?key=%s unix:$T/second.sock:/unix?key=%s"
targets third "http://$nobody/?key=%s unix:$T/nobody.sock:/?key=%s $second"
targets none "http://$nobody/?key=%s unix:$T/nobody.sock:/?key=%s"
configuration
# No name server is asked: what /etc/hosts does not know cannot be resolved.
RES_OPTIONS='attempts:1 timeout:1' pfx_standalone

for name in status_500 status_404 status_429; do
    before=$(count /second "$SECOND")
    reply=$(ask "$name" key)
    case $reply in OK\ *) fail "$name: $reply" ;; esac
    expect_count 1 "/${name#status_}" "$FIRST"
    expect_count "$before" /second "$SECOND"
done
for name in status_502 status_503 status_504 refused unresolved tls unix_missing to_unix third; do
    for key in one two three; do # the third time the first may count as down
        expect_reply "$name" "$key" "OK value-of-$key"
    done
done
expect_count 3 /502 "$FIRST"
expect_reply none key 'TEMP *'
expect_log "$(down_line "http://$nobody")"
expect_log "$(down_line "unix:$T/nobody.sock")"
pfx_stop
