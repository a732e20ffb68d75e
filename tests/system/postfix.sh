# A Postfix instance of its own for a test, besides what lib.sh gives: postfix_new, postfix_start, postfix_reload; it is
# stopped when the test ends. The Postfix that the machine may run, and its configuration, are not touched.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# postfix_new [MASTER.CF-SETTINGS]: an instance of its own in $T; its daemons are those of this machine, and
# pfx-socketmap is reached by a command relative to them. postfix_main adds to main.cf, entries go into $T/etc/pfx.cfg.
postfix_new() {
    local daemons
    daemons=$(postconf -dh daemon_directory)
    Q=$T/queue
    LOG=$T/maillog
    CFG=$T/etc/pfx.cfg
    SOCKET=$Q/private/pfx-socketmap
    SMTP_PORT=$(unused_port)
    PFX_COMMAND=$(realpath -m --relative-to="$daemons" "$B/pfx-socketmap")
    postfix_directories
    cat >"$T/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $Q
data_directory = $T/data
daemon_directory = $daemons
maillog_file = $LOG
maillog_file_prefixes = $T
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
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME
    PFX_TEST ASAN_OPTIONS UBSAN_OPTIONS
END
    {
        postfix_services
        echo "pfx-socketmap unix - - n - 1 ${1:-$PFX_COMMAND}"
    } >"$T/etc/master.cf"
}

postfix_directories() {
    local directory
    mkdir "$T/etc" "$Q" "$T/data"
    chown postfix "$T/data"
    for directory in active bounce corrupt defer deferred flush hold incoming private saved trace; do
        install -d -o postfix -m 700 "$Q/$directory"
    done
    install -d -o postfix -g postdrop -m 730 "$Q/maildrop"
    install -d -o postfix -g postdrop -m 2710 "$Q/public"
    mkdir "$Q/pid"
    : >"$Q/quick-start" # postfix-script then leaves the shared files of this machine alone
}

postfix_services() {
    cat <<END
127.0.0.1:$SMTP_PORT inet n - n - - smtpd
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

postfix_main() { # LINE...
    printf '%s\n' "$@" >>"$T/etc/main.cf"
}

# Postfix warns about a queue directory that was just made; nothing else may be said.
postfix_start() {
    POSTFIX_RUNS=1
    timeout 60 postfix -c "$T/etc" start >>"$T/postfix.log" 2>&1 ||
        fail "postfix start: $(tail -3 "$T/postfix.log" "$LOG")"
    MASTER=$(tr -d ' ' <"$Q/pid/master.pid")
}

postfix_reload() {
    timeout 60 postfix -c "$T/etc" reload >>"$T/postfix.log" 2>&1 || fail "postfix reload: $(tail -3 "$T/postfix.log")"
}

# Stops the instance; no process of it may be left.
postfix_stop() {
    POSTFIX_RUNS=
    timeout 60 postfix -c "$T/etc" stop >>"$T/postfix.log" 2>&1 || { echo "postfix stop fails" >&2; return 1; }
    wait_for 20 gone_with_master || { echo "processes of Postfix are left" >&2; return 1; }
}

gone_with_master() {
    ! grep -qsE "^[0-9]+ \(.*\) [^ZX] [0-9]+ $MASTER " /proc/[0-9]*/stat
}

# The parent that master started, and its workers.
pfx_parent() {
    local pid
    for pid in $(children "$MASTER"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in *pfx-socketmap*) echo "$pid" ;; esac
    done
}

pfx_processes() {
    local pid
    for pid in $(left_behind); do
        case $(readlink "/proc/$pid/exe") in */pfx-socketmap*) echo "$pid" ;; esac
    done
}

postfix_query() { # NAME KEY: the answer of postmap -q, or the line in which it complains
    timeout 60 postmap -c "$T/etc" -q "$2" "socketmap:unix:$SOCKET:$1" 2>&1
}

# smtp COMMAND...: one session with smtpd; prints the last line of each reply, greeting first.
smtp() {
    local line command
    exec {smtp}<>"/dev/tcp/127.0.0.1/$SMTP_PORT"
    for command in "" "$@"; do
        [ -z "$command" ] || printf '%s\r\n' "$command" >&"$smtp"
        while IFS= read -rt 60 -u "$smtp" line; do
            case $line in [0-9][0-9][0-9]-*) ;; *) break ;; esac
        done
        echo "${line%$'\r'}"
    done
    exec {smtp}>&-
}
