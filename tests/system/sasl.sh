# What tests of logins add: pfx-saslbridge by itself or in master.cf, entries of dovecot_sasl, smtpd as its client, and
# a client that speaks the auth protocol line by line.

. "$(dirname "${BASH_SOURCE[0]}")/postfix.sh"

DAEMON=pfx-saslbridge
SERVICE=pfx-sasl

# --- The configuration

# login NAME QUERY [SETTINGS]: an entry with the URL /NAME at the backend, which answers as the query tells it.
login() {
    entry "$1" "target = \"http://$BACKEND/$1?$2\"; ${3:-}"
}

# sasl_configuration [TOP-LEVEL-SETTINGS]: writes $CFG.
sasl_configuration() {
    printf '%s\ndovecot_sasl = {\n%s};\n' "workers = 1; ${1:-}" "$ENTRIES" >"$CFG"
}

# nauthilus_start USER:PASSWORD:ACCOUNT...: the backend, also as Nauthilus, with these users.
BACK_CHANNEL=bridge:back-channel
nauthilus_start() {
    local tab=$'\t'
    printf '%b\n' "${@//:/$tab}" >"$T/users.tsv"
    backend_start -n "$T/users.tsv" -b "$BACK_CHANNEL" -l inet:127.0.0.1:0
}
nauthilus() { # NAME [QUERY] [SETTINGS]
    entry "$1" "target = \"http://$BACKEND/api/v1/auth/json?${2:-}\"; http_auth_basic = \"$BACK_CHANNEL\"; ${3:-}"
}
last_body() {
    fetch /_last | sed '1,/^\r*$/d'
}
judged() { # how many logins Nauthilus had to judge
    fetch '/_count?path=/api/v1/auth/json'
}

# --- Responses

b64() { # TEXT: its backslash escapes stand for bytes
    printf '%b' "$1" | base64 -w 0
}
plain() { # NAME PASSWORD [AUTHZID]
    printf '%s\0%s\0%s' "${3:-}" "$1" "$2" | base64 -w 0
}
long() { # COUNT: a text of so many bytes
    printf "%${1}s" '' | tr ' ' x
}

# --- The auth protocol

# talk ADDRESS STEP...: a connection to the daemon. Steps, in which "\t" stands for a TAB, are
#   hello MINOR    reads the handshake, and sends VERSION and CPID
#   send TEXT      sends the text and a LF;  bytes TEXT  sends it as it is
#   line TEXT      the next line is that;  like REGEX  the next line is like that (the whole of it);  show  prints it
#   end            the connection is at its end;  reset  by a TCP reset
#   within MS      for what comes after this: how long it may take
# Each thing that is waited for has to come within a second, unless said otherwise.
talk() {
    perl -MSocket -MErrno=ECONNRESET -e '
        my ($address, @steps) = @ARGV; my ($in, $ended, $limit, $s) = ("", "", 1);
        $SIG{PIPE} = "IGNORE"; $| = 1;
        sub failed { print STDERR @_, "\n"; exit 1; }
        my ($kind, $where, $port) = split /:/, $address;
        socket($s, $kind eq "unix" ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or failed("socket: $!");
        connect($s, $kind eq "unix" ? sockaddr_un($where) : sockaddr_in($port, inet_aton($where)))
            or failed("connect: $!");
        sub receive {
            my ($left) = @_; my $ready = ""; vec($ready, fileno($s), 1) = 1;
            (my $n, $left) = select($ready, undef, undef, $left);
            return 0 if $n < 1;
            my $got = sysread($s, $in, 65536, length $in);
            $ended = defined $got ? "end" : $! == ECONNRESET ? "reset" : "error: $!" if !$got;
            return $left > 0 ? $left : 0.001;
        }
        sub line {
            my $left = $limit;
            $left = receive($left) while $in !~ /\n/ && !$ended && $left;
            return $in =~ s/^(.*)\n// ? $1 : $ended ? "closed" : "silence";
        }
        sub ended {
            my $left = $limit;
            $left = receive($left) while !$ended && $left;
            return $in ne "" ? "bytes: $in" : $ended || "open";
        }
        for (my $i = 1; @steps; $i++) {
            my ($verb, $text) = shift(@steps) =~ /^(\w+) ?(.*)/s;
            $text =~ s/\\t/\t/g;
            if ($verb eq "hello") {
                my $line = "";
                while ($line ne "DONE") {
                    $line = line();
                    failed("step $i: $line in the handshake") if $line =~ /^(closed|silence)$/;
                }
                syswrite($s, "VERSION\t1\t$text\nCPID\t$$\n");
            } elsif ($verb eq "send" || $verb eq "bytes") {
                $text .= "\n" if $verb eq "send";
                while ($text ne "") { substr($text, 0, syswrite($s, $text) // last) = ""; }
            } elsif ($verb eq "line" || $verb eq "like") {
                my $line = line(); my $good = $verb eq "line" ? $line eq $text : $line =~ /^(?:$text)\z/s;
                failed("step $i: wanted \"$text\", got \"" . substr($line, 0, 300) . "\"") if !$good;
            } elsif ($verb eq "show") {
                print line(), "\n";
            } elsif ($verb eq "end" || $verb eq "reset") {
                my $how = ended();
                failed("step $i: wanted $verb, got " . substr($how, 0, 300)) if $how !~ /^($verb|reset)$/;
            } elsif ($verb eq "within") {
                $limit = $text / 1000;
            } else {
                failed("no such step: $verb");
            }
        }' "$@"
}

# dialogue WHAT ADDRESS STEP...: has to go as the steps say.
dialogue() {
    local what=$1 out
    shift
    out=$(talk "$@" 2>&1) || fail "$what: $out"
}

# auth ID MECHANISM [RESPONSE] [FIELDS]: a line of AUTH as smtpd sends it.
auth() {
    local tab=$'\t'
    printf 'AUTH\t%s\t%s\tservice=smtp\tnologin\tlip=127.0.0.1\trip=192.0.2.7' "$1" "$2"
    printf '%s' "${4:+$tab$4}" "${3:+${tab}resp=$3}"
}

# reply NAME PASSWORD [MINOR] [FIELDS]: what a login by PLAIN is answered with, or "closed".
reply() {
    talk "${ADDRESS:-unix:$SOCKET}" "hello ${3:-2}" 'within 12000' \
        "send $(auth 7 PLAIN "$(plain "$1" "$2")" "${4:-}")" show
}

# keep_asking ADDRESS LINE...: in the background, for 20 s; sets JOB to its process id.
keep_asking() {
    "$B/client" raw "$1" -t 20000 < <(printf '%s\n' $'VERSION\t1\t2' $'CPID\t5' "${@:2}") >/dev/null 2>&1 &
    JOB=$!
    STARTED+=("$JOB")
}

answers() { # ADDRESS: it greets
    talk "$1" 'hello 0' >/dev/null 2>&1
}

# serves NAME [ARGUMENTS]: a daemon of its own for that entry, on $T/NAME.
serves() {
    pfx_standalone -L "unix:$T/$1,mode=0666" "${@:2}" "$1"
    pfx_serves "unix:$T/$1"
}

# --- smtpd as the client

# sasl_postfix_new ENTRY...: a Postfix with a service of that name for each entry, and an smtpd that asks it, on the
# port PORT[ENTRY]. What is accepted stays in the queue.
declare -A PORT
sasl_postfix_new() {
    local name
    SERVICE=$1
    postfix_new
    for name in "${@:2}"; do
        echo "$name unix - - n - 1 $PFX_COMMAND" >>"$T/etc/master.cf"
    done
    for name in "$@"; do
        smtpd_new "$name" "private/$name"
    done
    postfix_main 'smtpd_sasl_auth_enable = yes' 'smtpd_sasl_type = dovecot' "smtpd_sasl_path = private/$1" \
        'smtpd_sasl_authenticated_header = yes' 'smtpd_error_sleep_time = 0' 'smtpd_hard_error_limit = 1000' \
        'smtpd_tls_auth_only = no' 'virtual_mailbox_domains = virt.example' 'virtual_mailbox_maps = static:here' \
        'defer_transports = discard'
}
smtpd_new() { # NAME PATH: an smtpd that asks the server of that path
    PORT[$1]=$(instance_unused_port)
    echo "127.0.0.1:${PORT[$1]} inet n - n - - smtpd -o smtpd_sasl_path=$2" >>"$T/etc/master.cf"
}

# smtp_auth NAME COMMAND...: a session with that smtpd; what it says to the last command.
smtp_auth() {
    instance_smtp "${PORT[$1]}" 'EHLO client.example' "${@:2}" QUIT | tail -2 | head -1
}
smtp_plain() { # NAME USER PASSWORD
    smtp_auth "$1" "AUTH PLAIN $(plain "$2" "$3")"
}

ACCEPTED='235 2.7.0 Authentication successful'
WRONG='invalid user name or password' # what the client reads, whatever the backend says
REFUSED="535 5.7.8 Error: authentication failed: $WRONG"
ANY_REFUSAL='535 5.7.8 Error: authentication failed: *'
LATER='454 4.7.0 Temporary authentication failure: *'

session_open() { # NAME: a session with that smtpd that stays open
    session_connect "${PORT[$1]}"
}
say_plain() { # USER PASSWORD
    say "AUTH PLAIN $(plain "$1" "$2")"
}

# --- Secrets

FRONT=what-malloc-writes-over- # before what is looked for in memory: free(3) keeps its own there

# traces TEXT: the text, and what can be seen of it in base64, wherever it begins in what was encoded.
traces() {
    local n=${#1}
    printf '%s\n' "$1" "$(b64 "$1" | cut -c "1-$((n * 4 / 3))")" "$(b64 "x$1" | cut -c "3-$(((n + 1) * 4 / 3))")" \
        "$(b64 "xx$1" | cut -c "4-$(((n + 2) * 4 / 3))")"
}

# found PID TEXT...: where in the memory that the process can write they are.
found() {
    perl -e '
        my ($pid, @wanted) = @ARGV;
        open my $maps, "<", "/proc/$pid/maps" or die "maps: $!";
        open my $mem, "<:raw", "/proc/$pid/mem" or die "mem: $!";
        while (<$maps>) {
            my ($from, $to, $name) = /^(\w+)-(\w+) rw\S+ \S+ \S+ \S+\s*(.*)/ or next;
            sysseek($mem, hex $from, 0);
            sysread($mem, my $bytes, hex($to) - hex($from)) or next;
            $read += length $bytes;
            for my $text (@wanted) {
                for (my $at = 0; ($at = index($bytes, $text, $at)) >= 0; $at++) {
                    my $first = $at > 600 ? $at - 600 : 0;
                    print "$name: ", substr($bytes, $first, $at - $first + 40) =~ s/[^ -~]+/./gr, "\n";
                }
            }
        }
        die "nothing to read\n" if $read < 100000;' "$@"
}
