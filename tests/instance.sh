# A Postfix instance in a directory of its own, with the daemons of this machine, for tests and demo (bash).
# The Postfix that the machine may run, and its configuration, are not touched.

# instance_make DIRECTORY SMTP-PORT: etc/main.cf, etc/master.cf, queue and data below it. The caller adds to both files.
instance_make() {
    instance_directories "$1"
    instance_main "$1" >"$1/etc/main.cf"
    instance_services "$2" >"$1/etc/master.cf"
}

instance_directories() { # DIRECTORY
    local directory
    mkdir "$1/etc" "$1/queue" "$1/queue/pid" "$1/data"
    chown postfix "$1/data"
    for directory in active bounce corrupt defer deferred flush hold incoming private saved trace; do
        install -d -o postfix -m 700 "$1/queue/$directory"
    done
    install -d -o postfix -g postdrop -m 730 "$1/queue/maildrop"
    install -d -o postfix -g postdrop -m 2710 "$1/queue/public"
    : >"$1/queue/quick-start" # postfix-script then leaves the shared files of this machine alone
}

instance_main() { # DIRECTORY
    cat <<END
compatibility_level = 3.6
queue_directory = $1/queue
data_directory = $1/data
daemon_directory = $(postconf -dh daemon_directory)
maillog_file = $1/maillog
maillog_file_prefixes = $1
myhostname = mail.example.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
virtual_transport = discard:
smtpd_peername_lookup = no
smtpd_client_connection_rate_limit = 0
END
}

instance_services() { # SMTP-PORT
    cat <<END
127.0.0.1:$1 inet n - n - - smtpd
pickup   unix n - n 60 1 pickup
cleanup  unix n - n -  0 cleanup
qmgr     unix n - n 300 1 qmgr
rewrite  unix - - n -  - trivial-rewrite
bounce   unix - - n -  0 bounce
defer    unix - - n -  0 bounce
trace    unix - - n -  0 bounce
flush    unix n - n 1000? 0 flush
showq    unix n - n -  - showq
error    unix - - n -  - error
retry    unix - - n -  - error
discard  unix - - n -  - discard
anvil    unix - - n -  1 anvil
postlog  unix-dgram n - n - 1 postlogd
END
}

# The command of a service in master.cf, which master(8) looks for below daemon_directory.
instance_command() { # PROGRAM
    realpath -m --relative-to="$(postconf -dh daemon_directory)" "$1"
}

# A TCP port that nobody uses, below those that the kernel hands out by itself.
instance_unused_port() {
    perl -MSocket -e '
        for (1 .. 1000) {
            my $port = 10000 + int(rand(22000));
            socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
            if (bind($s, sockaddr_in($port, INADDR_LOOPBACK))) { print "$port\n"; exit 0; }
        }
        die "no unused port";'
}

# instance_smtp PORT COMMAND...: one session with smtpd; prints the last line of each reply, greeting first.
instance_smtp() {
    local port=$1 line command
    shift
    exec {smtp}<>"/dev/tcp/127.0.0.1/$port"
    for command in "" "$@"; do
        [ -z "$command" ] || printf '%s\r\n' "$command" >&"$smtp"
        while IFS= read -rt 60 -u "$smtp" line; do
            case $line in [0-9][0-9][0-9]-*) ;; *) break ;; esac
        done
        echo "${line%$'\r'}"
    done
    exec {smtp}>&-
}
