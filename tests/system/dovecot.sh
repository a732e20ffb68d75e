# What tests with a Dovecot add: a private one, Debian's, and clients that speak the auth protocol, and SMTP and IMAP
# through TLS. The Dovecot that the machine may run, and its configuration, are not touched.

. "$(dirname "${BASH_SOURCE[0]}")/postfix.sh"

DOVECOT=$T/dovecot # its base directory, where its own sockets are
DOVECOT_LOG=$T/dovecot.log
MAIL_USER=mail # of Debian; owns the mailboxes

# dovecot_new [FILE]: the configuration begins with that file; dovecot_add adds to it.
dovecot_new() {
    cp "${1:-/dev/null}" "$T/dovecot.conf"
    dovecot_add "base_dir = $DOVECOT" "state_dir = $T/dovecot.state" "log_path = $DOVECOT_LOG" 'listen = 127.0.0.1' \
        'first_valid_uid = 1' 'auth_failure_delay = 0' 'import_environment = PFX_TEST'
    mkdir "$T/dovecot.state"
    [ -n "${1:-}" ] || dovecot_add 'ssl = no' 'protocols ='
}

dovecot_add() { # LINE...
    printf '%s\n' "$@" >>"$T/dovecot.conf"
}

dovecot_tls() {
    dovecot_add 'ssl = required' "ssl_cert = <$T/certs/good.pem" "ssl_key = <$T/certs/good.key"
}

# dovecot_imap: an unused port for IMAP, in IMAP_PORT.
dovecot_imap() {
    IMAP_PORT=$(instance_unused_port)
    dovecot_add 'service imap-login {' "inet_listener imap {" "port = $IMAP_PORT" '}' \
        'inet_listener imaps {' 'port = 0' '}' '}'
}

dovecot_start() {
    dovecot -F -c "$T/dovecot.conf" </dev/null >>"$DOVECOT_LOG" 2>&1 &
    DOVECOT_PID=$!
    STARTED+=("$DOVECOT_PID")
    wait_for 20 dovecot_serves_or_gone || true
    dovecot_serves || fail "Dovecot does not start: $(tail -3 "$DOVECOT_LOG")"
}
dovecot_serves() {
    log_has 'master: Info: Dovecot v' "$DOVECOT_LOG" && doveadm -c "$T/dovecot.conf" service status auth >/dev/null 2>&1
}
dovecot_serves_or_gone() {
    dovecot_serves || gone "$DOVECOT_PID"
}

dovecot_stop() {
    kill "$DOVECOT_PID"
    wait "$DOVECOT_PID" || fail "exit status of Dovecot: $?"
}

# --- The auth protocol

# auth_talk PATH|HOST:PORT STEP...: what the server says to each step, joined by " | ". A space stands for a TAB. A step
# "-LINE" is sent only, and "?" reads only. Of a reply its kind and number are shown, the data of CONT, and of the
# others code=, temp, and user= unless it is empty; "closed", with TCP also "reset", is the end. The handshake is read
# first.
auth_talk() {
    timeout 30 perl -MSocket -e '
        my ($address, @steps) = @ARGV;
        my ($host, $port) = $address =~ /\A([\d.]+):(\d+)\z/;
        socket(my $s, $port ? PF_INET : PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, $port ? sockaddr_in($port, inet_aton($host)) : sockaddr_un($address)) or die "connect: $!";
        $SIG{PIPE} = "IGNORE";
        my ($in, @said) = ("");
        sub line {
            while (index($in, "\n") < 0) {
                my $n = sysread($s, $in, 65536, length $in);
                return $port && !defined $n ? "reset" : "closed" if !$n;
            }
            $in =~ s/\A(.*)\n//;
            return $1;
        }
        sub reply {
            my ($kind, $id, @fields) = split /\t/, line(), -1;
            @fields = grep /\A(user=.|code=|temp\z)/, @fields if $kind ne "CONT";
            return join " ", $kind, $id // (), @fields;
        }
        until ((my $line = line()) eq "DONE") { die "handshake: $line\n" if $line =~ /\A(closed|reset)\z/; }
        for (@steps) {
            my ($quiet, $line) = /\A(-?)(.*)\z/s;
            $line =~ tr/ /\t/;
            syswrite($s, "$line\n") if $_ ne "?";
            push @said, reply() if !$quiet;
            last if @said && $said[-1] =~ /\A(closed|reset)\z/;
        }
        print join(" | ", @said), "\n";' "$@" || echo "no answer"
}

# auth_handshake PATH: what comes before the client has said a word, its numbers and its cookie replaced by their form.
auth_handshake() {
    timeout 30 perl -MSocket -e '
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, sockaddr_un($ARGV[0])) or die "connect: $!";
        while (<$s>) {
            s/\A(SPID|CUID)\t[1-9][0-9]*$/$1\tNUMBER/;
            s/\ACOOKIE\t[0-9a-f]{32}$/COOKIE\tHEX/;
            print;
            last if $_ eq "DONE\n";
        }' "$1"
}

# The argument of pfx_standalone's waiting: a server that has shaken hands.
answers() { # unix:PATH or inet:HOST:PORT
    [ "$(auth_talk "${1#*:}" 2>/dev/null)" != "no answer" ]
}

base64_of() { # TEXT, in which \000 and the like are bytes
    # shellcheck disable=SC2059
    printf "${1//%/%%}" | base64 -w 0
}
plain() { # [AUTHZID] NAME PASSWORD: a message of PLAIN
    [ $# = 3 ] || set -- '' "$@"
    base64_of "$1\\000$2\\000$3"
}

# --- SMTP and IMAP through STARTTLS

# certificates: in $T/certs, what certs.sh makes.
certificates() {
    "$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
}

# secure_open PORT PROTOCOL: a client of "smtp" or "imap" behind STARTTLS, or with TLS from the start when the protocol
# is empty; its descriptors are TO and FROM.
secure_open() {
    coproc TLS { exec timeout 120 openssl s_client -quiet ${2:+-starttls "$2"} -connect "127.0.0.1:$1" \
        -CAfile "$T/certs/ca.pem" -verify_return_error 2>>"$T/s_client.log"; }
    CLIENT=$TLS_PID
    exec {TO}>&"${TLS[1]}" {FROM}<&"${TLS[0]}"
}
secure_close() {
    exec {TO}>&- {FROM}<&-
    wait "$CLIENT" || true
}

# smtp_session COMMAND...: prints the last line of each reply; to an empty command nothing is sent.
smtp_session() {
    local command line
    for command in "$@"; do
        [ -z "$command" ] || printf '%s\r\n' "$command" >&"$TO"
        while IFS= read -rt 60 -u "$FROM" line; do
            case $line in [0-9][0-9][0-9]-*) ;; *) break ;; esac
        done
        echo "${line%$'\r'}"
    done
}

# secure_smtp COMMAND...: a session behind STARTTLS, where there is no greeting.
secure_smtp() {
    secure_open "$SUBMISSION_PORT" smtp
    smtp_session "$@"
    secure_close
}

# imap COMMAND...: one session with Dovecot, all that it says.
imap() {
    local command line tag=0
    secure_open "$IMAP_PORT" imap
    for command in "$@"; do
        tag=$((tag + 1))
        printf 'a%s %s\r\n' "$tag" "$command" >&"$TO"
        while IFS= read -rt 60 -u "$FROM" line; do
            echo "${line%$'\r'}"
            case $line in "a$tag "*) break ;; esac
        done
    done
    secure_close
}

# auth_plain NAME PASSWORD, auth_login NAME PASSWORD: what smtpd says to the login.
auth_plain() {
    secure_smtp 'EHLO client.example' "AUTH PLAIN $(plain "$1" "$2")" QUIT | sed -n 2p
}
auth_login() {
    secure_smtp 'EHLO client.example' 'AUTH LOGIN' "$(base64_of "$1")" "$(base64_of "$2")" QUIT | sed -n 4p
}

# --- The examples

# example_new NAME SED-EXPRESSION...: a Postfix with the main.cf, master.cf and pfx.cfg of that example, changed so, and
# with ports and files of the test: SMTP_PORT is as before, SUBMISSION_PORT that of its service "submission", or the
# same if it has none. Servers show $T/certs/good.pem.
example_new() {
    local example=$TOP/conf/examples/$1 file names
    local edit=(-e "s|/etc/postfix/|$T/etc/|; s|/etc/ssl/private/mail.example.com|$T/certs/good|g"
        -e "s|/etc/ssl/certs/mail.example.com|$T/certs/good|g")
    for file in "${@:2}"; do edit+=(-e "$file"); done
    [ -d "$T/certs" ] || certificates
    DAEMON=pfx-socketmap
    postfix_new
    SUBMISSION_PORT=$SMTP_PORT
    ! grep -q '^submission ' "$example/master.cf" || SUBMISSION_PORT=$(instance_unused_port)
    postfix_main 'smtpd_error_sleep_time = 0' 'smtpd_tls_security_level = may' \
        "smtpd_tls_chain_files = $T/certs/good.key, $T/certs/good.pem"
    mapfile -t names < <(sed -n 's/^\([a-z_]*\) *=.*/\1/p' "$example/main.cf")
    postconf -c "$T/etc" -X "${names[@]}" # what the example says anew
    sed "${edit[@]}" "$example/main.cf" >>"$T/etc/main.cf"
    postconf -c "$T/etc" -MX "$SERVICE/unix"
    {
        printf '%s\n' 'lmtp unix - - n - - lmtp' 'tlsmgr unix - - n 1000? 1 tlsmgr'
        sed "${edit[@]}" -e '/^smtp /d' -e "s|^submission |127.0.0.1:$SUBMISSION_PORT |" \
            -e "s|^\(pfx-.* \)\(pfx-[a-z]*\)|\1$(instance_command "$B")/\2|" "$example/master.cf"
    } >>"$T/etc/master.cf"
    sed "${edit[@]}" "$example/pfx.cfg" >"$CFG"
}
