# A Postfix instance of its own for a test, besides what lib.sh gives: postfix_new, postfix_start, postfix_reload; it is
# stopped when the test ends. The Postfix that the machine may run, and its configuration, are not touched.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SERVICE=pfx-socketmap

# postfix_new [COMMAND AND ARGUMENTS]: an instance of its own in $T; its daemons are those of this machine, and ours is
# reached by a command relative to them. postfix_main adds to main.cf, entries go into $T/etc/pfx.cfg.
postfix_new() {
    Q=$T/queue
    LOG=$T/maillog
    CFG=$T/etc/pfx.cfg
    SOCKET=$Q/private/$SERVICE
    STATE= # it is $T/data
    SMTP_PORT=$(instance_unused_port)
    PFX_COMMAND=$(instance_command "$B/$DAEMON")
    instance_make "$T" "$SMTP_PORT"
    postfix_main 'import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME
    PFX_TEST ASAN_OPTIONS UBSAN_OPTIONS'
    echo "$SERVICE unix - - n - 1 ${1:-$PFX_COMMAND}" >>"$T/etc/master.cf"
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

# master(8) can miss a signal that comes while it starts: then nothing is logged, and it is told once more.
postfix_reload() {
    local before
    before=$(reloads)
    tell_to_reload
    wait_for 5 has_reloaded "$before" || tell_to_reload
    wait_for 10 has_reloaded "$before" || fail "master does not reload"
}
tell_to_reload() {
    timeout 60 postfix -c "$T/etc" reload >>"$T/postfix.log" 2>&1 || fail "postfix reload: $(tail -3 "$T/postfix.log")"
}
reloads() {
    grep -c 'reload -- version' "$LOG" || true
}
has_reloaded() { # HOW-OFTEN-BEFORE
    [ "$(reloads)" -gt "$1" ]
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
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in *"$DAEMON"*) echo "$pid" ;; esac
    done
}

pfx_processes() {
    local pid
    for pid in $(left_behind); do
        case $(readlink "/proc/$pid/exe") in */"$DAEMON"*) echo "$pid" ;; esac
    done
}

# own_dev: a /dev without a log socket, in a namespace of need_mount_namespace.
own_dev() {
    local device
    mkdir "$T/dev"
    mount -t tmpfs -o mode=755 pfx-test "$T/dev"
    for device in null zero full random urandom tty; do
        cp -a "/dev/$device" "$T/dev"
    done
    ln -s /proc/self/fd "$T/dev/fd"
    mkdir "$T/dev/shm"
    mount --rbind "$T/dev" /dev
}

postfix_query() { # NAME KEY: the answer of postmap -q, or the line in which it complains
    timeout 60 postmap -c "$T/etc" -q "$2" "socketmap:unix:$SOCKET:$1" 2>&1
}

# smtp COMMAND...: one session with smtpd; prints the last line of each reply, greeting first.
smtp() {
    instance_smtp "$SMTP_PORT" "$@"
}

# session_connect PORT: a session with smtpd that stays open, in $session; say COMMAND sets REPLY to the last line of
# the reply.
session_connect() {
    exec {session}<>"/dev/tcp/127.0.0.1/$1"
    say
    expect_match "the greeting" '220 *' "$REPLY"
    say 'EHLO client.example'
}
say() {
    [ $# = 0 ] || printf '%s\r\n' "$1" >&"$session"
    while IFS= read -rt 60 -u "$session" REPLY; do
        case $REPLY in [0-9][0-9][0-9]-*) ;; *) break ;; esac
    done
    REPLY=${REPLY%$'\r'}
}
session_close() {
    say QUIT
    exec {session}>&-
}
