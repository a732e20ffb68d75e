# The place of a soak: what tests/system gives (a Postfix of its own, backends, pfx-metrics), with all services of pfx,
# and the commands for load, faults and figures. What the real smtpd and postmap ask has entries named "mail", so that
# the counters of the others are those of the generator alone.

. "$TOP/tests/system/metrics.sh"

CHANNEL=bridge:SoakSecret-channel

# soak_files: what the backends know, and what the generator takes for right.
soak_files() {
    "$B/soak" data ${LIES:+-w} "$T/data.tsv"
    "$B/soak" users ${LIES:+-w} "$T/users.tsv"
}

# soak_backends PERMILLE: both anew, at the ports of before.
soak_backends() {
    local i
    for i in 0 1; do soak_backend "$i" "$1"; done
}
soak_backend() { # NUMBER PERMILLE
    backend_at "inet:127.0.0.1:${PORTS[$1]}" -d "$T/data.tsv" -n "$T/users.tsv" -b "$CHANNEL" -x "$2"
    PIDS[$1]=$BACKEND_PID
}
soak_backends_kill() {
    local pid
    for pid in "${PIDS[@]}"; do backend_kill "$pid"; done
}

soak_configuration() {
    local a=http://127.0.0.1:${PORTS[0]} b=http://127.0.0.1:${PORTS[1]}
    cat <<END
workers = 2;
drain_time = "${DRAIN_S}s";
http = { timeout = "3s"; attempt_timeout = "2s"; idle_connection_timeout = "5s"; };
socket_maps = {
    defaults = { value_field = "result"; retry_interval = "2s"; response_cache = { enabled = false; }; };
    asked = { target = "$a/asked?key=%s&miss=404"; http_response_compression = true; };
    kept = { target = "$a/kept?key=%s";
             response_cache = { enabled = true; max_age = "5s"; negative_max_age = "2s"; }; };
    both = { target = [ "$a/both?key=%s", "$b/both?key=%s" ]; };
    mail = { target = "$a/mail?key=%s"; };
};
policy_services = {
    defaults = { value_field = "result"; retry_interval = "2s"; no_value_action = "INFO nothing there";
                 on_error = "DEFER_IF_PERMIT 4.3.0 soak"; };
    asked = { target = "$a/policy?member=sender"; };
    kept = { target = "$b/policy?member=sender"; cache_key = [ "sender" ];
             response_cache = { enabled = true; max_age = "5s"; }; };
    mail = { target = "$a/policy?member=sender"; };
};
dovecot_sasl = {
    defaults = { retry_interval = "2s"; http_auth_basic = "$CHANNEL"; };
    soak = { target = [ "$a/api/v1/auth/json", "$b/api/v1/auth/json" ]; };
    mail = { target = "$a/api/v1/auth/json"; };
};
END
}

# soak_postfix: sets MASTER.
soak_postfix() {
    postfix_new
    cat >>"$T/etc/master.cf" <<END
pfx-policy unix - - n - 1 $(instance_command "$B/pfx-policyd")
pfx-sasl unix - - n - 1 $(instance_command "$B/pfx-saslbridge") soak
pfx-mail unix - - n - 1 $(instance_command "$B/pfx-saslbridge") mail
$METRICS inet n - n - 1 $(instance_command "$B/pfx-metrics")
END
    postfix_main 'virtual_mailbox_domains = virt.example' \
        'virtual_mailbox_maps = socketmap:unix:private/pfx-socketmap:mail' \
        'smtpd_sasl_auth_enable = yes' 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/pfx-mail' \
        'smtpd_tls_auth_only = no' 'smtpd_error_sleep_time = 0' 'defer_transports = discard' 'max_idle = 10s' \
        'smtpd_recipient_restrictions = reject_unauth_destination,
    check_policy_service { unix:private/pfx-policy, policy_context=mail }'
    if [ -n "${LEAK:-}" ]; then
        postconf -c "$T/etc" -e "$(postconf -c "$T/etc" import_environment) LD_PRELOAD PFX_TEST_LEAK"
        export PFX_TEST_LEAK=$LEAK
    fi
    soak_configuration >"$CFG"
    chmod 600 "$CFG"
    LD_PRELOAD=${LEAK:+$PLAIN/leak.so} postfix_start
}

# --- The generator

say_to_load() {
    printf '%s\n' "$*" >&"$commands"
}
load_start() {
    mkfifo "$T/commands"
    exec {commands}<>"$T/commands"
    "$B/soak" load -r "$RATE" -s "$SEED" "unix:$Q/private/pfx-socketmap" "unix:$Q/private/pfx-policy" \
        "unix:$Q/private/pfx-sasl" <"$T/commands" >"$T/load" 2>"$T/load.err" &
    LOAD=$!
    STARTED+=("$LOAD")
}
load_ends() { # HOW-OFTEN
    gone "$LOAD" || [ "$(grep -c '^end ' "$T/load")" -ge "$1" ]
}

# --- Real traffic: one round of postmap and smtpd about random numbers; a line "real KIND right|temp|wrong: WHAT".

real_round() {
    local n=$((RANDOM % 20000)) m=$((RANDOM % 20000)) user=$((RANDOM % 20000)) wrong= lines got
    got=$(postfix_query mail "k$n@virt.example" || true)
    case $((n % 4)):$got in
    0: | [123]:"box-k$n@virt.example") echo "real postmap right" ;;
    *lookup\ error* | *query\ error*) echo "real postmap temp" ;;
    *) echo "real postmap wrong: k$n: '$got'" ;;
    esac
    [ $((user % 3)) != 0 ] || wrong=-wrong
    mapfile -t lines < <(smtp 'EHLO client.example' \
        "AUTH PLAIN $(printf '\0u%s@virt.example\0SoakSecret-%s' "$user" "$user$wrong" | base64 -w 0)" \
        "MAIL FROM:<s$m@from.example>" "RCPT TO:<k$n@virt.example>" QUIT)
    case $wrong:${lines[2]:-} in
    :235\ * | -wrong:535\ *) echo "real login right" ;;
    *:454\ *) echo "real login temp" ;;
    *) echo "real login wrong: u$user$wrong: ${lines[*]}" ;;
    esac
    case $((m % 5)):$((n % 4)):${lines[4]:-} in
    0:*:554\ 5.7.1\ *"not s$m@"* | 2:*:450\ 4.7.1\ *"not yet s$m@"* | [134]:0:550\ 5.1.1\ * | [134]:[123]:250\ *)
        echo "real recipient right" ;;
    *:45[01]\ 4.3.[05]\ *) echo "real recipient temp" ;;
    *) echo "real recipient wrong: s$m k$n: ${lines[*]}" ;;
    esac
}
real_traffic() {
    set +e
    RANDOM=$SEED
    while [ -e "$T/traffic" ]; do
        real_round
        read -rt 0.5 -u "$never"
    done
}
traffic_start() {
    : >"$T/traffic"
    real_traffic >"$T/real" 2>"$T/real.err" &
    TRAFFIC=$!
    STARTED+=("$TRAFFIC")
}
traffic_stop() {
    rm "$T/traffic"
    wait "$TRAFFIC" || true
}

# --- Faults and figures

workers() { # that serve new connections, but for those of pfx-metrics
    "$TOP/tests/soak/sample.pl" "$MASTER" |
        awk '$5 == "worker" && $4 != "pfx-metrics" { sub(/\..*/, "", $2); print $2 }'
}
kill_one() {
    local workers
    mapfile -t workers < <(workers)
    [ "${#workers[@]}" -gt 0 ] || return 0
    say_to_load "kill ${workers[RANDOM % ${#workers[@]}]}"
    KILLS=$((KILLS + 1))
}
reload_one() {
    RELOADS=$((RELOADS + 1))
    if [ $((RELOADS % 2)) = 0 ]; then
        postfix_reload
    else
        timeout 60 "$B/pfxctl" -c "$T/etc" reload >"$T/reload" 2>&1 || note "pfxctl reload: $(cat "$T/reload")"
    fi
}
sample_all() {
    "$TOP/tests/soak/sample.pl" "$MASTER" >>"$T/samples"
}
scrape_as() { # NAME
    scrape
    mv "$T/scrape" "$T/scrape.$1"
}
# No client is left, so a process has what it had before the first one.
descriptors_as_before() {
    "$TOP/tests/soak/sample.pl" "$MASTER" >"$T/samples.after"
    awk '$5 == "zombie" || $5 == "orphan" { more = 1 }
         NR == FNR { if ($8 > had[$4, $5]) had[$4, $5] = $8; next }
         $8 > had[$4, $5] { more = 1 }
         END { exit more }' "$T/samples.before" "$T/samples.after"
}
state_bytes() {
    stat -c %s "$T/data/pfx-cache" "$T/data/pfx-stats" | paste -sd ' ' -
}
# Secrets as they are, and in base64, where each may stand at three places of a group of four letters.
secrets_in_log() {
    local i text
    for i in 0 1 2; do
        text=$(printf '%.*sSoakSecret' "$i" xx | base64 -w 0)
        text=${text:$((i == 0 ? 0 : i + 1))}
        grep -qF -e SoakSecret -e "${text:0:9}" "$LOG" && note "a secret is in the log"
    done
    return 0
}
note() { # what must not happen
    echo "note $*" >>"$T/facts"
}
fact() { # NAME VALUE
    echo "fact $*" >>"$T/facts"
}
