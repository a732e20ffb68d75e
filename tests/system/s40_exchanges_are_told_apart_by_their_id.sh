#!/usr/bin/env bash
# Several exchanges on one connection: answered by their ids, in the order that the answers come; an id may be used
# again after its end; CANCEL, the limit of 64, and what is forgotten after 150 s (contract 1.4 to 1.8; 6.5, point 2).
# The clock is injected.
set -eu
. "$(dirname "$0")/sasl.sh"

B=$PLAIN # the sanitizers cannot be preloaded behind the clock
backend_start -l inet:127.0.0.1:0
login good 'delay=%{rport}&status=%{user}&header=Auth-Status:%%20no' 'http = { timeout = "9s"; };'
login other 'status=200'
sasl_configuration
clock_ahead() { # SECONDS
    perl -e 'open my $f, "+<", $ARGV[0] or die; syswrite $f, pack "q", $ARGV[1] * 1000' "$T/clock" "$1"
}
head -c 8 /dev/zero >"$T/clock"
export PFX_TEST_CLOCK=$T/clock
port=$(instance_unused_port)
LD_PRELOAD=$B/clock.so pfx_standalone -L "unix:$SOCKET,mode=0666" -L "inet:127.0.0.1:$port" good
pfx_serves "unix:$SOCKET"
both=("unix:$SOCKET" "inet:127.0.0.1:$port")

asks() { # ID USER DELAY
    echo "send $(auth "$1" PLAIN "$(plain "$2" pw)" "rport=$3")"
}
ok() { # ID
    printf 'line OK\t%s\tuser=200' "$1"
}
no() { # ID [FIELDS]
    printf 'like FAIL\t%s\t%s' "$1" "${2:-user=403\treason=.+}"
}
question() { # ID
    printf 'line CONT\t%s\t%s' "$1" "$(b64 "${2:-Username:}")"
}

many=$(for i in {1..50}; do auth "$i" PLAIN "$(plain 200 pw)" && echo; done)$'\n'
mapfile -t shown < <(for i in {1..50}; do echo show; done)
for where in "${both[@]}"; do
    for minor in 0 2; do
        dialogue "the last one first" "$where" "hello $minor" 'within 5000' "$(asks 1 200 900)" "$(asks 2 403 600)" \
            "$(asks 4294967295 200 300)" "$(asks 7 403 0)" "$(no 7)" "$(ok 4294967295)" "$(no 2)" "$(ok 1)"
        dialogue "an id again" "$where" "hello $minor" "$(asks 1 403 0)" "$(no 1)" "$(asks 1 200 0)" "$(ok 1)" \
            "$(asks 1 403 0)" "$(no 1)" "send $(auth 1 LOGIN)" "$(question 1)" "send CONT\t1\t$(b64 200)" \
            "$(question 1 Password:)" "send CONT\t1\t$(b64 pw)" "$(ok 1)"
        got=$(talk "$where" "hello $minor" "bytes $many" "${shown[@]}" | sort -n -k 2)
        expect_equal "50 in one write" "$(for i in {1..50}; do printf 'OK\t%s\tuser=200\n' "$i"; done)" "$got"
    done
done

# Two that wait for their client, each with its own state; not with minor 0, which begins another when one was aborted.
mixed=("send $(auth 1 LOGIN)" "$(question 1)" "send $(auth 2 PLAIN)" 'line CONT\t2\t'
    "send $(auth 3 LOGIN "$(b64 403)")" "$(question 3 Password:)"
    "send CONT\t1\t$(b64 200)" "$(question 1 Password:)" "send CONT\t3\t$(b64 pw)" "$(no 3)"
    "send CONT\t2\t$(plain 200 pw)" "$(ok 2)" "send CONT\t1\t$(b64 pw)" "$(ok 1)")
unknown='reason=authentication request timed out'
for where in "${both[@]}"; do
    dialogue "mixed" "$where" 'hello 2' "${mixed[@]}"
    dialogue "minor 0" "$where" 'hello 0' "send $(auth 1 LOGIN)" "$(question 1)" \
        "send $(auth 2 LOGIN)" "$(question 2)" "send CONT\t1\t$(b64 200)" "$(no 1 "$unknown")" \
        "send CONT\t2\t$(b64 200)" "$(question 2 Password:)" \
        "send $(auth 1 LOGIN)" "$(question 1)" "send CONT\t2\t$(b64 pw)" "$(no 2 "$unknown")"
    dialogue "minor 0, one that is asked about" "$where" 'hello 0' 'within 3000' "$(asks 1 200 400)" \
        "send $(auth 2 LOGIN)" "$(question 2)" "$(ok 1)" "send CONT\t2\t$(b64 200)" "$(question 2 Password:)"
done

# CANCEL: no answer, and no backend is asked any more; of an id that nobody uses: nothing.
for where in "${both[@]}"; do
    dialogue "CANCEL" "$where" 'hello 2' "send $(auth 1 LOGIN)" "$(question 1)" 'send CANCEL\t1' \
        "send CONT\t1\t$(b64 200)" "$(no 1 "$unknown")" 'send CANCEL\t1' 'send CANCEL\t99' \
        "send $(auth 1 LOGIN)" "$(question 1)"
    dialogue "CANCEL of one that is asked about" "$where" 'hello 2' 'within 3000' "$(asks 1 200 500)" \
        "$(asks 2 200 900)" 'send CANCEL\t1' "$(ok 2)" "$(asks 1 403 0)" "$(no 1)"
    dialogue "CONT to one that is asked about" "$where" 'hello 2' 'within 3000' "$(asks 1 200 500)" \
        "$(asks 2 200 900)" "send CONT\t1\t$(plain 200 pw)" "$(no 1 'user=200\treason=unexpected continuation')" \
        "$(ok 2)"
done
worker=$(children "$PFX")
sockets() {
    find "/proc/$worker/fd" -lname 'socket:*' | wc -l
}
before=$(sockets)
dialogue "CANCEL, and the request to the backend" "unix:$SOCKET" 'hello 2' "$(asks 1 200 8000)" "$(asks 2 403 300)" \
    "$(no 2)" 'send CANCEL\t1' "$(asks 3 403 0)" "$(no 3)"
no_more() {
    [ "$(sockets)" -le "$before" ]
}
wait_for 5 no_more || fail "the backend is still asked: $(sockets) sockets, $before before"

# 64 at a time, whoever has to answer.
for where in "${both[@]}"; do
    steps=()
    for i in {1..63}; do steps+=("send $(auth "$i" LOGIN)" "$(question "$i")"); done
    dialogue "64" "$where" 'hello 1' "${steps[@]}" "$(asks 64 200 300)" "$(ok 64)" "$(asks 64 403 0)" "$(no 64)" \
        'send CANCEL\t5' "send $(auth 65 LOGIN)" "$(question 65)" "send $(auth 66 LOGIN)" "$(question 66)" \
        "send $(auth 67 LOGIN)" end
    steps=()
    for i in {1..64}; do steps+=("$(asks "$i" 200 8000)"); done
    dialogue "65 that are asked about, minor 0" "$where" 'hello 0' "${steps[@]}" "$(asks 65 200 0)" end
done
expect_lines "lines in the log" 4 'malformed request: AUTH while 64 others are not finished, closing'

# 150 s: forgotten, without a word; the connection stays.
mkfifo "$T/go"
perl -MSocket -e '
    my ($path, $auth) = @ARGV; $| = 1;
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
    connect($s, sockaddr_un($path)) or die "connect: $!\n";
    syswrite($s, "VERSION\t1\t2\nCPID\t$$\n$auth\n");
    while (<$s>) { last if /^CONT/ }
    print "waits\n";
    while (my $line = <STDIN>) { syswrite($s, $line); print scalar <$s>; }' "$SOCKET" "$(auth 1 LOGIN)" \
    <"$T/go" >"$T/old" 2>&1 &
old=$!
STARTED+=("$old")
exec {go}>"$T/go"
wait_for 5 log_has waits "$T/old" || fail "it does not wait: $(<"$T/old")"
clock_ahead 149
dialogue "the loop turns" "unix:$SOCKET" 'hello 0' "$(asks 1 200 0)" "$(ok 1)"
printf 'CONT\t1\t%s\n' "$(b64 200)" >&"$go"
wait_for 5 log_has $'CONT\t1\t'"$(b64 Password:)" "$T/old" || fail "after 149 s: $(<"$T/old")"
clock_ahead 151
dialogue "the loop turns" "unix:$SOCKET" 'hello 0' "$(asks 1 200 0)" "$(ok 1)"
dialogue "and its timers" "unix:$SOCKET" 'hello 0' "$(asks 1 200 0)" "$(ok 1)"
printf 'CONT\t1\t%s\n' "$(b64 pw)" >&"$go"
wait_for 5 log_has $'FAIL\t1\t'"$unknown" "$T/old" || fail "after 151 s: $(<"$T/old")"
echo "$(auth 1 PLAIN "$(plain 200 pw)")" >&"$go"
wait_for 5 log_has $'OK\t1\tuser=200' "$T/old" || fail "a new one after 151 s: $(<"$T/old")"
expect_equal "what it read in all" 4 "$(wc -l <"$T/old")"
exec {go}>&-
wait "$old" || fail "it fails: $(<"$T/old")"
pfx_stop
