#!/usr/bin/env bash
# What the backend answers happens: smtpd says it to the client, or does it to the message (A4, "value there").
set -eu
. "$(dirname "$0")/policy.sh"

says=()   # SENDER, and what the reply to RCPT TO has to be
stays=()  # SENDER, and what the message in the queue has to hold
says() { # SENDER ACTION GLOB
    printf '%s@x.example\t%s\n' "$1" "$2" >>"$T/data.tsv"
    says+=("$1" "$3")
}
stays() { # SENDER ACTION LINE-OF-POSTCAT
    printf '%s@x.example\t%s\n' "$1" "$2" >>"$T/data.tsv"
    stays+=("$1" "$3")
}

rejected='<user@virt.example>: Recipient address rejected:'
says reject 'REJECT no mail from you' "554 5.7.1 $rejected no mail from you"
says reject_code 'REJECT 5.2.2 the box = "full"' "554 5.2.2 $rejected the box = \"full\""
says reject_bare 'REJECT' "554 5.7.1 $rejected Access denied"
says lower_case 'reject 5.7.9 small letters' "554 5.7.9 $rejected small letters"
says code_450 '450 4.7.1 come again' "450 4.7.1 $rejected come again"
says code_550 '550 5.1.1 nobody of that name' "550 5.1.1 $rejected nobody of that name"
says code_plain '421 without an enhanced code' "421 4.7.1 $rejected without an enhanced code"
says defer 'DEFER 4.2.1 not now' "450 4.2.1 $rejected not now"
says defer_if_permit 'DEFER_IF_PERMIT 4.7.0 perhaps later' "450 4.7.0 $rejected perhaps later"
says utf8 'REJECT 5.7.1 länger' "554 5.7.1 $rejected länger"
says dunno 'DUNNO' '250 2.1.5 Ok'
says dunno_text 'dunno for some reason' '250 2.1.5 Ok'
says ok 'OK' '250 2.1.5 Ok'
says defer_if_reject 'DEFER_IF_REJECT 4.7.0 only if' '250 2.1.5 Ok'
stays prepend 'PREPEND X-Policy: seen = "yes"' '^X-Policy: seen = "yes"$'
stays redirect 'REDIRECT postmaster@virt.example' '^redirect_to: postmaster@virt\.example$'
stays bcc 'BCC archive@virt.example' '^recipient: archive@virt\.example$'
stays filter 'FILTER discard:elsewhere' '^content_filter: discard:elsewhere$'

{
    printf '%s@x.example\t%s\n' hold 'HOLD look at it' discard 'DISCARD we are not interested' info 'INFO for the log' \
        warn 'WARN for the log, louder'
} >>"$T/data.tsv"
backend_start -d "$T/data.tsv" -m result -l inet:127.0.0.1:0
policy_postfix_new
service wanted 'member=sender'
policy_configuration
postfix_start

for ((i = 0; i < ${#says[@]}; i += 2)); do
    expect_match "${says[i]}" "${says[i + 1]}" "$(recipient "${says[i]}@x.example")"
done

in_queue() { # REGEX [OPTION-OF-POSTCAT]
    postcat -c "$T/etc" -q "${2:--eh}" "$ID" 2>/dev/null | grep -Eq -- "$1"
}
for ((i = 0; i < ${#stays[@]}; i += 2)); do
    queued "${stays[i]}@x.example"
    wait_for 10 in_queue "${stays[i + 1]}" || fail "${stays[i]}: not in the queue: $(postcat -c "$T/etc" -q -eh "$ID")"
done

queued hold@x.example
expect_match "a message on hold" "*$ID! *" "$(postqueue -c "$T/etc" -p)"
queued discard@x.example
expect_log 'discard: RCPT from .*Recipient address we are not interested'
! postcat -c "$T/etc" -q "$ID" >/dev/null 2>&1 || fail "a discarded message is in the queue"
queued info@x.example
expect_log 'info: RCPT from .*for the log'
queued warn@x.example
expect_log 'warn: RCPT from .*for the log, louder'
expect_no_log 'pfx-policyd.* (warning|error|fatal): '

# DUNNO lets the restrictions after it decide, OK does not.
recipient_restrictions 'check_policy_service unix:private/pfx-policy, reject'
postfix_reload
decides() { # SENDER GLOB
    [[ $(recipient "$1@x.example") == $2 ]]
}
wait_for 10 decides dunno '554 5.7.1 * Access denied' || fail "DUNNO keeps the next restriction from deciding"
decides ok '250 2.1.5 Ok' || fail "OK does not permit"
decides defer_if_reject '450 4.7.0 * only if' || fail "DEFER_IF_REJECT does not defer"
