# What tests of policies add: pfx-policyd instead of pfx-socketmap, by itself or in master.cf, entries of
# policy_services, and a client that speaks as smtpd does.

. "$(dirname "${BASH_SOURCE[0]}")/postfix.sh"

DAEMON=pfx-policyd
SERVICE=pfx-policy
ON_ERROR='DEFER_IF_PERMIT 4.3.0 Service temporarily unavailable'

# service NAME QUERY [SETTINGS]: an entry with the URL /NAME at the backend, which answers as the query tells it.
service() {
    entry "$1" "target = \"http://$BACKEND/$1?${2:-}\"; ${3:-}"
}

# policy_configuration [TOP-LEVEL-SETTINGS]: writes $CFG; the entries read the member "result".
policy_configuration() {
    {
        top_level "${1:-}"
        printf 'policy_services = {\n    defaults = { value_field = "result"; };\n%s};\n' "$ENTRIES"
    } >"$CFG"
}

# policy_postfix_new [NAME]: a Postfix whose smtpd asks pfx-policyd about each recipient of virt.example; what is
# accepted stays in the queue, where postcat shows it.
policy_postfix_new() {
    postfix_new "$(instance_command "$B/$DAEMON")${1:+ $1}"
    postfix_main 'virtual_mailbox_domains = virt.example' 'virtual_mailbox_maps = static:here' \
        'defer_transports = discard' 'smtpd_error_sleep_time = 0'
    recipient_restrictions 'check_policy_service unix:private/pfx-policy'
}

recipient_restrictions() { # LIST
    postconf -c "$T/etc" -e "smtpd_recipient_restrictions = reject_unauth_destination, $1"
}

# policy ADDRESS NAME=VALUE...: one request; prints the action of the answer, which is one line and nothing more.
policy() {
    local address=$1
    shift
    [ $# -gt 0 ] || set -- request=smtpd_access_policy
    { printf '%s\n' "$@" && echo; } | raw_end "$address" |
        perl -0777 -ne '/\Aaction=([^\n]*)\n\n\z/ or exit 1; print $1;'
}

answers() { # ADDRESS
    policy "$1" policy_context=no_such_entry >/dev/null 2>&1
}

# action NAME [ATTRIBUTE...]: what the entry of that name makes of a request.
action() {
    policy "unix:$SOCKET" request=smtpd_access_policy "${@:2}" "policy_context=$1" || echo "no answer"
}

# recipient SENDER [RECIPIENT]: what smtpd says to the recipient.
recipient() {
    smtp 'EHLO client.example' "MAIL FROM:<$1>" "RCPT TO:<${2:-user@virt.example}>" QUIT | sed -n 4p
}

# queued SENDER: sends a mail and sets ID to its queue id.
queued() {
    local reply
    reply=$(smtp 'EHLO client.example' "MAIL FROM:<$1>" 'RCPT TO:<user@virt.example>' DATA \
        $'Subject: test\r\n\r\nHello.\r\n.' QUIT | sed -n 6p)
    expect_match "$1: the message" '250 2.0.0 Ok: queued as *' "$reply"
    ID=${reply##* }
}

# session_open: a session with smtpd that stays open, with a sender.
session_open() {
    session_connect "$SMTP_PORT"
    say 'MAIL FROM:<me@x.example>'
    expect_match "the sender" '250 *' "$REPLY"
}

# connections PID...: the inodes of the client connections that these processes hold.
connections() {
    local pid
    for pid in "$@"; do
        find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null
    done | tr -dc '0-9\n' | awk -v name="/${SOCKET##*/}" 'NR == FNR { held[$1] = 1; next }
        $7 in held && $6 == "03" && substr($8, length($8) - length(name) + 1) == name { print $7 }' - /proc/net/unix
}
