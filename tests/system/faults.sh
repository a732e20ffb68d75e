# What tests of faults add: the rows of faults.tsv, which they prove one by one, the three daemons with one backend
# between them, and a look at what their workers hold.

. "$(dirname "${BASH_SOURCE[0]}")/policy.sh"
. "$(dirname "${BASH_SOURCE[0]}")/sasl.sh"
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

FAULTS=$(dirname "${BASH_SOURCE[0]}")/faults.tsv
B=$PLAIN # the sanitizers keep freed memory
DAEMON=pfx-socketmap
SERVICE=pfx-socketmap
STEADY_KB=1500 # what a worker may have more than before, of memory that the C library keeps

# --- Rows

# row NAME: what is done from here on is that fault. What the table says of it is for sees and logged.
declare -A SEEN RAN=()
row() {
    local line
    line=$(grep -P "^$1\t" "$FAULTS") || fail "no row $1 in faults.tsv"
    IFS=$'\t' read -r ROW _ SEEN[map] SEEN[policy] SEEN[login] LOGGED ROW_TEST <<<"$line"
    expect_equal "the test of the row $ROW" "$TEST" "$ROW_TEST"
    RAN[$ROW]=1
    : >>"$LOG"
    ROW_LINE=$(wc -l <"$LOG")
}
sees() { # map|policy|login ANSWER
    expect_match "$ROW: what Postfix sees of a $1" "${SEEN[$1]}" "$2"
}
logged() { # as the table says, since the row began
    [ "$LOGGED" = - ] && return
    wait_for 10 has_logged || fail "$ROW: no line like /$LOGGED/ in the log"
}
has_logged() {
    tail -n "+$((ROW_LINE + 1))" "$LOG" | grep -Eq -- "$LOGGED"
}

# The end of a test: it has done all its rows.
expect_all_rows() {
    local name
    for name in $(awk -F '\t' -v test="$TEST" '!/^#/ && $7 == test { print $1 }' "$FAULTS"); do
        [ -n "${RAN[$name]:-}" ] || fail "the row $name is not done"
    done
}

# --- What workers hold

# watch PARENT...: whose workers are meant.
watch() {
    WATCHED=("$@")
}
held_descriptors() {
    local pid
    for pid in $(children "${WATCHED[@]}"); do
        find "/proc/$pid/fd" -type l -printf '%l\n' 2>/dev/null
    done
}
held_kb() {
    local pid sum=0
    for pid in $(children "${WATCHED[@]}"); do
        sum=$((sum + $(memory_kb "$pid" VmRSS)))
    done
    echo "$sum"
}

# From steady_begin to steady_end: memory and descriptors return to where they were.
steady_begin() {
    STEADY_DESCRIPTORS=$(held_descriptors | wc -l)
    STEADY_FROM_KB=$(held_kb)
}
steady_end() {
    wait_for 10 holds_no_more || fail "$ROW: $STEADY_DESCRIPTORS descriptors before, now $(held_descriptors | sort)"
    expect_at_most "$ROW: kilobytes more" $((STEADY_KB * ${#WATCHED[@]})) $(($(held_kb) - STEADY_FROM_KB))
}
holds_no_more() {
    [ "$(held_descriptors | wc -l)" -le "$STEADY_DESCRIPTORS" ]
}

# again COUNT COMMAND...: twice, and then so often; memory and descriptors are then what they were after the first two.
again() {
    local count=$1 i
    shift
    for i in 1 2; do "$@"; done
    steady_begin
    for ((i = 0; i < count; i++)); do "$@"; done
    steady_end
}

# --- The three daemons

# three NAME TARGET [SETTINGS]: an entry of that name in each section. A good login has the name that it gave.
THREE_MAPS='' THREE_POLICIES='' THREE_LOGINS=''
three() {
    THREE_MAPS+="    $1 = { target = \"$2\"; ${3:-} };"$'\n'
    THREE_POLICIES+="    $1 = { target = \"${2//%s/policy}\"; ${3:-} };"$'\n'
    THREE_LOGINS+="    $1 = { target = \"${2//%s/login}\"; auth_style = \"form\"; ${3:-} };"$'\n'
}
three_configuration() { # [TOP-LEVEL-SETTINGS]
    {
        top_level "${1:-}"
        printf 'socket_maps = {\n    defaults = { value_field = "result"; };\n%s};\n' "$THREE_MAPS"
        printf 'policy_services = {\n    defaults = { value_field = "result"; restrictions = true; };\n%s};\n' \
            "$THREE_POLICIES"
        printf 'dovecot_sasl = {\n%s};\n' "$THREE_LOGINS"
    } >"$CFG"
}

# three_start LOGIN: all three by themselves, with a clock that clock_ahead moves, and the library PRELOAD; the last one
# serves that entry.
three_start() {
    head -c 16 /dev/zero >"$T/clock"
    export PFX_TEST_CLOCK=$T/clock
    PIDS=()
    SOCKETS=$T
    for DAEMON in pfx-socketmap pfx-policyd pfx-saslbridge; do
        SOCKET=$T/$DAEMON
        LD_PRELOAD="$B/clock.so ${PRELOAD:-}" pfx_standalone $([ "$DAEMON" != pfx-saslbridge ] || echo "$1")
        PIDS+=("$PFX")
    done
    watch "${PIDS[@]}"
    DAEMON=pfx-socketmap SOCKET=$T/pfx-socketmap
}
three_stop() {
    local pid
    for pid in "${PIDS[@]}"; do pfx_stop "$pid"; done
}

# three_postfix LOGIN: a Postfix with all three, which postfix_start starts.
three_postfix() {
    postfix_new
    SOCKETS=$Q/private
    {
        echo "pfx-policyd unix - - n - 1 $(instance_command "$B/pfx-policyd")"
        echo "pfx-saslbridge unix - - n - 1 $(instance_command "$B/pfx-saslbridge") $1"
    } >>"$T/etc/master.cf"
}
# watch_three: those of the Postfix, when all three run.
watch_three() {
    local parents
    mapfile -t parents < <(for DAEMON in pfx-socketmap pfx-policyd pfx-saslbridge; do pfx_parent; done)
    expect_equal "parents" 3 "${#parents[@]}"
    watch "${parents[@]}"
}

answers() { # ADDRESS
    case $DAEMON in
    pfx-socketmap) ask_at "$1" no_such_entry key ;;
    pfx-policyd) policy "$1" policy_context=no_such_entry ;;
    *) talk "$1" 'hello 0' ;;
    esac >/dev/null 2>&1
}
map_answer() { # NAME KEY
    ask_at "unix:$SOCKETS/pfx-socketmap" "$@" || echo "no answer"
}
# As smtpd asks: once more when the connection breaks.
policy_answer() { # NAME
    local i
    for i in 1 2; do
        policy "unix:$SOCKETS/pfx-policyd" request=smtpd_access_policy "policy_context=$1" 2>/dev/null && return
    done
    echo "no answer"
}
# As smtpd asks: what is closed is 454 there.
login_answer() {
    local answer
    answer=$(ADDRESS=unix:$SOCKETS/pfx-saslbridge reply user password 0 2>&1) ||
        [[ $answer != *closed* ]] || answer=closed
    echo "${answer//$'\t'/ }"
}

# three_see NAME [KEY]: each of them shows what the table says.
three_see() {
    sees map "$(map_answer "$1" "${2:-key}")"
    sees policy "$(policy_answer "$1")"
    sees login "$(login_answer)"
}
