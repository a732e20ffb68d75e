#!/usr/bin/env bash
# A client that goes away while its request is under way cancels it; the worker neither waits nor spins.
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
map endless 'hang=1' 'http = { timeout = "60s"; };'
map map ''
configuration 'workers = 1; max_connections_per_host = 4;'
pfx_standalone
expect_reply map key 'OK value-of-key'
worker=$(children "$PFX")
sockets() {
    find "/proc/$worker/fd" -lname 'socket:*' | wc -l
}
before=$(sockets)

asking() { # COUNT: so many requests are at the backend
    [ "$(asked endless)" -ge "$1" ]
}
for round in 1 2 3; do
    clients=()
    for i in 1 2 3; do # different questions: the same one would be one request
        in_background /dev/null "$B/client" ask "unix:$SOCKET" endless "key$i"
        clients+=("$JOB")
    done
    wait_for 10 asking $((round * 3)) || fail "the backend is not asked"
    kill -9 "${clients[@]}"
    cancelled() {
        [ "$(sockets)" -le "$before" ]
    }
    wait_for 10 cancelled || fail "requests of clients that have gone go on: $(sockets) sockets, $before before"
done

# One whose client has sent more meanwhile, which must not make the worker turn.
perl -MSocket -e '
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
    connect($s, sockaddr_un($ARGV[0])) or die;
    syswrite($s, "11:endless key,7:map key,7:map key,7");' "$SOCKET"
expect_idle "$worker"
wait_for 10 cancelled || fail "a request with more behind it goes on"
expect_reply map key 'OK value-of-key'
pfx_stop
