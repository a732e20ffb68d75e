# What tests of keys add: tables that Postfix reads as text files of its own, or asks pfx for, and the same questions to
# both. The instance of Postfix is the same each time but for one parameter, where its tables are.

. "$(dirname "${BASH_SOURCE[0]}")/postfix.sh"

LOCAL=mail.example.test # instance_main: myhostname, and so myorigin

# table NAME WORDS [SETTINGS]: lines of KEY TAB VALUE, and the words of the entry's keys. One file is enough, because
# Postfix takes a quoted local part for one word.
table() {
    cat >"$T/$1"
    backend_start -d "$T/$1" -m result -l inet:127.0.0.1:0
    local settings="target = \"http://$BACKEND/$1\"; keys = [\"${2// /\", \"}\"]; ${3:-}"
    entry "one_$1" "payload = { key = \"%s\"; }; $settings"
    entry "all_$1" "payload = { keys = \"%{keys}\"; }; $settings"
}

# tables_postfix_new LINE...: these lines of main.cf have ${tables}NAME where a table is.
tables_postfix_new() {
    postfix_new
    configuration
    postfix_main 'recipient_delimiter = +-' 'smtpd_recipient_limit = 1000' 'smtpd_recipient_overshoot_limit = 1000' \
        'smtpd_hard_error_limit = 1000' 'smtpd_soft_error_limit = 1000' 'smtpd_error_sleep_time = 0' \
        'default_transport = discard:' 'smtpd_authorized_xclient_hosts = static:all' "$@"
}

# with_tables KIND COMMAND...: runs the command while Postfix has its tables in files (text), or asks pfx, which asks
# candidate by candidate (one) or all in one request (all). Its log is $T/maillog.KIND then.
with_tables() {
    case $1 in
    text) postconf -c "$T/etc" -e "tables = texthash:$T/" ;;
    *) postconf -c "$T/etc" -e "tables = socketmap:unix:private/$SERVICE:$1_" ;;
    esac
    : >"$LOG"
    postfix_start
    "${@:2}"
    postfix_stop || fail "Postfix does not stop"
    mv "$LOG" "$T/maillog.$1" && : >"$LOG"
}

# --- Questions to smtpd: one session, and what has to be in the reply to each RCPT TO

SESSION=('EHLO client.example' 'MAIL FROM:<me@elsewhere.example> SMTPUTF8')
WHAT=() WANTED=() OTHERWISE=()
RECIPIENT=user@virt.example # of questions about senders and clients
YES='250 2.1.5 '
NO='550 5.1.1 '

question() { # WHAT WANTED [WANTED-OF-PFX]
    local i=$((${#SESSION[@]} - 1))
    WHAT[i]=$1
    WANTED[i]=$2
    OTHERWISE[i]=${3:-}
}
recipient() { # ADDRESS WANTED [WANTED-OF-PFX]
    SESSION+=("RCPT TO:<$1>")
    question "recipient $1" "${@:2}"
}
sender() { # ADDRESS WANTED [WANTED-OF-PFX]
    SESSION+=(RSET "MAIL FROM:<$1> SMTPUTF8" "RCPT TO:<$RECIPIENT>")
    question "sender $1" "${@:2}"
}
helo() { # NAME WANTED [WANTED-OF-PFX]
    SESSION+=(RSET "EHLO $1" 'MAIL FROM:<me@elsewhere.example>' "RCPT TO:<$RECIPIENT>")
    question "helo $1" "${@:2}"
}
client() { # NAME ADDRESS WANTED [WANTED-OF-PFX]
    SESSION+=(RSET "XCLIENT NAME=$1 ADDR=$2" 'EHLO client.example' 'MAIL FROM:<me@elsewhere.example>'
        "RCPT TO:<$RECIPIENT>")
    question "client $1 [$2]" "${@:3}"
}

replies() {
    smtp "${SESSION[@]}" QUIT >"$T/replies"
}

# same_replies: as wanted with tables of Postfix, and the same, word for word, with pfx, unless told otherwise.
same_replies() {
    local kind i reply text
    with_tables text replies
    mapfile -t text < <(tail -n +2 "$T/replies")
    for i in "${!WHAT[@]}"; do
        expect_holds "text: ${WHAT[i]}" "${WANTED[i]}" "${text[i]}"
    done
    for kind in one all; do
        with_tables "$kind" replies
        mapfile -t reply < <(tail -n +2 "$T/replies")
        for i in "${!WHAT[@]}"; do
            case ${OTHERWISE[i]} in
            '') expect_equal "$kind: ${WHAT[i]}" "${text[i]}" "${reply[i]}" ;;
            *) expect_holds "$kind: ${WHAT[i]}" "${OTHERWISE[i]}" "${reply[i]}" ;;
            esac
        done
    done
}
