#!/usr/bin/env bash
# Neither a login name nor a header of the backend can put a line of its own into what smtpd reads: after such a login,
# the next one with a wrong password is still refused (contract 6.5, point 3; 4.4 tells the attack).
set -eu
. "$(dirname "$0")/sasl.sh"

backend_start -l inet:127.0.0.1:0
# forged [LF [TAB]]: replies to each of the next requests of smtpd, again and again. It forgets what it has read before
# it asks, 4 KiB at most, so they go on behind that.
forged() {
    local i
    for i in {0..439}; do printf '%sOK%s%d%suser=admin' "${1:-\\n}" "${2:-\\t}" "$((i % 120 + 1))" "${2:-\\t}"; done
    printf '%s' "${1:-\\n}"
}
bytes() { # TEXT: with its escapes as bytes
    printf '%b' "$1"
}
both() { # TEXT: the query for the two headers
    echo "header=$(url "$(bytes "Auth-Status: x$1")")&header=$(url "$(bytes "Auth-User: x$1")")"
}
evil=(newline line tab escape control c1 long)
sasl_postfix_new good naive "${evil[@]}"
sed -i '/^naive unix/d' "$T/etc/master.cf"
login good 'status=%{user}&header=Auth-Status:%%20no' 'reason_to_client = true;'
says() { # NAME TEXT: an entry whose backend has that in its headers
    login "$1" "status=%{user}&$(both "$2")" 'reason_to_client = true;'
}
says newline '\nOK\t2\tuser=admin\nX:'
says line '\r\nOK\t2\tuser=admin\r\nX:'
says tab '\tuser=admin\tcode=x\ttemp'
says escape '\x01nOK\x01t2\x01tuser=admin\x01nOK\x01t3\x01tuser=admin\x01n'
says control '\r\x0b\x0cOK\t2\tuser=admin\r\x1b[2J\x7f'
says c1 '\xc2\x85OK 2 user=admin\xe2\x80\xa8OK 3 user=admin\xc2\x9b2J'
says long "$(forged '\x01n' ' ')"
sasl_configuration
postfix_start

not_accepted() { # WHAT: 535, or 454 when the backend's answer is none
    case $REPLY in '535 5.7.8 '* | '454 4.7.0 '*) ;; *) fail "$1: $REPLY" ;; esac
}
as_plain() { # SMTPD NAME: a session in which such a name was given
    session_open "$1"
    say 'AUTH PLAIN'
    say "$(b64 "\\0x$2\\0pw")"
}
as_login() {
    session_open "$1"
    say 'AUTH LOGIN'
    say "$(b64 "x$2")"
    [[ $REPLY != 334* ]] || say "$(b64 pw)"
}

# A server that echoes what it gets is taken in by it: the attack is what it is meant to be.
perl -MSocket -e '
    socket(my $l, PF_UNIX, SOCK_STREAM, 0) or die;
    bind($l, sockaddr_un($ARGV[0])) && listen($l, 9) or die "bind: $!";
    $| = 1; print "listens\n"; $SIG{CHLD} = "IGNORE";
    sub decoded {
        my $text = ""; (my $in = shift) =~ tr#A-Za-z0-9+/##cd; $in =~ tr#A-Za-z0-9+/# -_#;
        $text .= unpack "u", chr(32 + length($1) * 3 / 4) . $1 while $in =~ /(.{1,60})/g;
        return $text;
    }
    while (accept(my $c, $l)) {
        next if fork; # a session may come before the smtpd of the last one has left
        close $l;
        syswrite($c, "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nDONE\n");
        while (my $line = <$c>) {
            my ($word, $id) = split /[\t\n]/, $line;
            my ($resp) = $line =~ /(?:resp=|^CONT\t\d+\t)(\S+)$/;
            next if $word !~ /^(AUTH|CONT)$/;
            syswrite($c, "CONT\t$id\t\n"), next if !defined $resp;
            my ($name) = grep { $_ ne "" } split /\0/, decoded($resp);
            syswrite($c, "FAIL\t$id\tuser=$name\n");
        }
        exit;
    }' "$Q/private/naive" >"$T/naive" 2>&1 &
STARTED+=($!)
wait_for 10 log_has listens "$T/naive" || fail "the naive server: $(<"$T/naive")"
chmod 666 "$Q/private/naive"
for way in as_plain as_login; do
    "$way" naive "$(forged)"
    expect_match "$way, a naive server" "$ANY_REFUSAL" "$REPLY"
    say_plain nobody wrong
    expect_equal "$way, the login after it at a naive server" "$ACCEPTED" "$REPLY"
    session_close
done
expect_equal "who is let in by a naive server" '250 2.1.5 Ok' \
    "$(smtp_auth naive 'AUTH LOGIN' "$(b64 "x$(forged)")" "AUTH PLAIN $(plain nobody wrong)" \
        'MAIL FROM:<me@x.example>' 'RCPT TO:<u@virt.example>')"
expect_log 'sasl_method=PLAIN, sasl_username=admin'

# Ours is not, however it is done.
names=("$(forged)" "$(forged '\r\n')" "$(forged '\n' ' ')" "$(forged '\x01n' '\x01t')" "\\nOK\\t2\\tuser=admin\\n"
    "$(long 900)\\nOK\\t3\\tuser=admin\\n" "$(forged '\xc2\x85')" "$(long 1200)$(forged)" "\\tuser=admin"
    "$(forged ' ' ' ')")
for name in "${names[@]}"; do
    for way in as_plain as_login; do
        "$way" good "$name"
        expect_match "$way, ${name:0:20}" "$ANY_REFUSAL" "$REPLY"
        for _ in 1 2 3; do
            say_plain 403 wrong
            expect_equal "$way, ${name:0:20}: the login after it" '535 5.7.8 Error: authentication failed: no' "$REPLY"
        done
        say_plain 200 right
        expect_equal "$way, ${name:0:20}: a right one" "$ACCEPTED" "$REPLY"
        session_close
    done
done

for entry in "${evil[@]}"; do
    for _ in 1 2; do
        session_open "$entry"
        for user in 403 403 500 403; do
            say_plain "$user" wrong
            not_accepted "$entry, $user"
        done
        say_plain 200 right # as whatever account; but the reply is its own
        expect_match "$entry, 200" '[24][35][54] *' "$REPLY"
        session_close
        expect_match "$entry: the end" '221 *' "$REPLY"
    done
done
expect_lines "logins as admin" 1 'sasl_username=admin'
expect_no_log '^(OK|CONT|FAIL)|[[:cntrl:]]'

# And on the wire: one line, with the forged one inside it or not at all.
for entry in "${evil[@]}"; do
    SOCKET=$Q/private/$entry
    expect_match "$entry" 'FAIL*' "$(reply 403 pw | tr -d '\n')"
    ! reply 403 pw | grep -q $'\tuser=admin' || fail "$entry: a field of its own: $(reply 403 pw)"
    dialogue "$entry" "unix:$SOCKET" 'hello 2' "send $(auth 1 PLAIN "$(plain 403 pw)")" 'like FAIL\t1\t.*' \
        "send $(auth 9 PLAIN "$(plain 403 pw)")" 'like FAIL\t9\t.*'
done
