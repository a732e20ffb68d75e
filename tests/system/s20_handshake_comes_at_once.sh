#!/usr/bin/env bash
# The handshake: its bytes, their order, one write; to a client that says nothing, and to one that does not wait for it;
# within 50 ms while the backend or the name server hangs, and whatever is wrong with the configuration (contract 6.5,
# point 1).
# Alone: it measures.
set -eu
. "$(dirname "$0")/sasl.sh"
need_mount_namespace

silent_name_server

# greets WHAT ADDRESS [MECHANISMS]: 20 clients that say nothing find the whole handshake in the first bytes that they
# receive, within 50 ms; prints the last one.
greets() {
    perl -MSocket -e '
        my ($address, @mechanisms) = @ARGV; my ($kind, $where, $port) = split /:/, $address; my %seen;
        my $mech = join "", map { "MECH\t$_\tplaintext\n" } @mechanisms;
        for my $i (1 .. 20) {
            socket(my $s, $kind eq "unix" ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or die;
            connect($s, $kind eq "unix" ? sockaddr_un($where) : sockaddr_in($port, inet_aton($where)))
                or die "connect: $!\n";
            my $ready = ""; vec($ready, fileno($s), 1) = 1;
            my ($n, $left) = select($ready, undef, undef, 5);
            my $took = int((5 - $left) * 1000);
            die "nothing in 5 s\n" if !$n;
            push @took, $took;
            recv($s, my $got, 65536, 0) // die "recv: $!\n";
            $got =~ /^VERSION\t1\t2\n${mech}SPID\t[1-9][0-9]*\nCUID\t([1-9][0-9]*)\nCOOKIE\t([0-9a-f]{32})\nDONE\n\z/
                or die "the handshake is $got\n";
            die "CUID or COOKIE twice\n" if $seen{"id $1"}++ || $seen{"cookie $2"}++;
            push @held, $s;
        }
        @took = sort { $a <=> $b } @took;
        print "$took[-2]\n";' "$2" "${@:3}" >"$T/greets" 2>&1 || fail "$1: $(<"$T/greets")"
    expect_at_most "$1: milliseconds" 50 "$(<"$T/greets")" # of the last but one: the machine may be busy once
}
# later WHAT ADDRESS: a login is a temporary failure, told as Postfix and as others understand it.
later() {
    dialogue "$1, Postfix" "$2" 'hello 0' "send $(auth 1 PLAIN "$(plain alice pw)")" end
    dialogue "$1, LOGIN" "$2" 'hello 0' "send $(auth 1 LOGIN)" "line CONT\t1\t$(b64 Username:)" \
        "send CONT\t1\t$(b64 alice)" "line CONT\t1\t$(b64 Password:)" "send CONT\t1\t$(b64 pw)" end
    dialogue "$1, others" "$2" 'hello 2' "send $(auth 1 PLAIN "$(plain alice pw)")" \
        $'like FAIL\t1\tuser=alice\tcode=temp_fail\ttemp\treason=.+'
}
# now [NAME]: a daemon on both kinds of sockets.
now() {
    tcp=inet:127.0.0.1:$(instance_unused_port)
    pfx_standalone -L "unix:$SOCKET,mode=0666" -L "$tcp" "$@"
    pfx_serves "unix:$SOCKET"
}

sanitized=$B
B=$PLAIN
backend_start -l inet:127.0.0.1:0
login good 'status=200'
login plain_only 'status=200' 'mechanisms = ["PLAIN"];'
login login_first 'status=200' 'mechanisms = ["LOGIN", "PLAIN"];'
login hanging 'hang=1'
entry lost 'target = "http://host.example/"; http = { connect_timeout = "7s"; };'
entry no_target 'mechanisms = ["LOGIN"];'
login bad_style '' 'auth_style = "other";'
sasl_configuration 'drain_time = "1s";'

now good
for where in "unix:$SOCKET" "$tcp"; do
    greets "good" "$where" PLAIN LOGIN
    ok=$'line OK\t1\tuser=alice'
    right=$(auth 1 PLAIN "$(plain alice pw)")
    # One that reads first, as Exim; one that sends first, as Postfix; one that also asks at once; one that is slow.
    dialogue "reads first" "$where" 'hello 0' "send $right" "$ok"
    dialogue "sends first" "$where" $'bytes VERSION\t1\t0\nCPID\t5\n' 'like VERSION\t1\t2' \
        'line MECH\tPLAIN\tplaintext' 'line MECH\tLOGIN\tplaintext' 'like SPID\t\d+' 'like CUID\t\d+' \
        'like COOKIE\t[0-9a-f]{32}' 'line DONE' "send $right" "$ok"
    dialogue "asks at once" "$where" $'bytes VERSION\t1\t0\nCPID\t5\n'"$right"$'\n' 'like VERSION.*' 'like MECH.*' \
        'like MECH.*' 'like SPID.*' 'like CUID.*' 'like COOKIE.*' 'line DONE' "$ok"
    slow=()
    for ((i = 0; i < ${#right}; i++)); do slow+=("bytes ${right:i:1}"); done
    dialogue "byte by byte" "$where" 'hello 0' "${slow[@]}" 'bytes '$'\n' "$ok"
done
expect_match "what is left when it has said nothing" $'VERSION\t1\t2*DONE' "$(printf '' | raw_end "unix:$SOCKET")"
pfx_stop
now plain_only
greets "PLAIN alone" "unix:$SOCKET" PLAIN
pfx_stop
now login_first
greets "LOGIN first" "unix:$SOCKET" LOGIN PLAIN
pfx_stop

# While the backend hangs, or the name server, with 20 logins under way.
for name in hanging lost; do
    now "$name"
    asking=()
    for _ in {1..20}; do
        keep_asking "unix:$SOCKET" "$(auth 1 PLAIN "$(plain alice pw)")"
        asking+=("$JOB")
    done
    under_way() {
        case $name in hanging) [ "$(asked hanging)" -ge 20 ] ;; *) [ "$(threads "$(children "$PFX")")" -gt 1 ] ;; esac
    }
    wait_for 20 under_way || fail "$name: nobody asks"
    greets "$name" "unix:$SOCKET" PLAIN LOGIN
    greets "$name" "$tcp" PLAIN LOGIN
    alive "${asking[@]}" || fail "$name: nobody asked any more while it was measured"
    kill "${asking[@]}"
    pfx_stop
done

# Whatever is wrong.
now no_target
greets "an entry without a target" "unix:$SOCKET" LOGIN
dialogue "an entry without a target" "$tcp" 'hello 0' "send $(auth 1 LOGIN "$(b64 alice)")" 'like CONT.*' \
    "send CONT\t1\t$(b64 pw)" reset
pfx_stop
wrong() { # WHAT NAME...
    now "${@:2}"
    greets "$1" "unix:$SOCKET" PLAIN LOGIN
    greets "$1" "$tcp" PLAIN LOGIN
    later "$1" "unix:$SOCKET"
    later "$1" "$tcp"
    pfx_stop
}
wrong "an entry with a mistake" bad_style
wrong "an entry that is not there" missing
wrong "no entry that could be meant"
expect_log 'no entry of dovecot_sasl to serve'
expect_no_log 'YWxpY2U|AGFsaWNl'

# And smtpd greets: with a configuration that cannot be read, then with none, then with a good one.
B=$sanitized
sasl_postfix_new good
echo 'dovecot_sasl = {' >"$CFG"
postfix_start
session_open good
say_plain alice pw
expect_match "a configuration that cannot be read" "$LATER" "$REPLY"
say_plain alice pw
expect_match "again" "$LATER" "$REPLY"
session_close
rm "$CFG"
postfix_reload
expect_match "no configuration" "$LATER" "$(smtp_plain good alice pw)"
sasl_configuration
postfix_reload
accepted() {
    [ "$(smtp_plain good alice pw)" = "$ACCEPTED" ]
}
wait_for 10 accepted || fail "a good configuration: $(smtp_plain good alice pw)"
expect_no_log 'no SASL authentication mechanisms|bad command startup'
