#!/usr/bin/env bash
# Every attribute reaches the backend as it came and in its order, whatever its name and value; bytes that are not UTF-8
# become U+FFFD (A3, templates).
set -eu
. "$(dirname "$0")/policy.sh"

backend_start -l inet:127.0.0.1:0
service pass "body=$(url '{"result":"DUNNO"}')"
policy_postfix_new
policy_configuration
postfix_start

# received: the attributes as the backend got them, a line each.
received() {
    fetch /_last | sed '1,/^\r*$/d' | perl -CSD -0777 -ne '
        my %letter = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");
        /\A\{(.*)\}\s*\z/s or die "no object: $_";
        my $rest = $1;
        while ($rest =~ s/\A"((?:[^"\\]|\\.)*)":"((?:[^"\\]|\\.)*)"(?:,|\z)//s) {
            my @texts = ($1, $2);
            s/\\(?:u([0-9a-fA-F]{4})|(.))/defined $1 ? chr hex $1 : $letter{$2} \/\/ $2/ge for @texts;
            print "$texts[0]=$texts[1]\n";
        }
        die "not attributes: $rest" if $rest ne "";'
}

# What smtpd of 3.7 sends: all of them, in its order.
reply=$(recipient '"a b=c"@Other.Example' '"x\"y"@Virt.Example')
expect_match "a recipient" '250 2.1.5 Ok' "$reply"
got=$(received)
expect_equal "the names" "request protocol_state protocol_name client_address client_name client_port \
reverse_client_name server_address server_port helo_name sender recipient recipient_count queue_id instance size \
etrn_domain stress sasl_method sasl_username sasl_sender ccert_subject ccert_issuer ccert_fingerprint \
ccert_pubkey_fingerprint encryption_protocol encryption_cipher encryption_keysize policy_context" \
    "$(cut -d= -f1 <<<"$got" | paste -sd ' ')"
for line in request=smtpd_access_policy protocol_state=RCPT protocol_name=ESMTP client_address=127.0.0.1 \
    helo_name=client.example 'sender=a b=c@Other.Example' 'recipient=x"y@Virt.Example' recipient_count=0 queue_id= \
    size=0 stress= "server_port=$SMTP_PORT" policy_context=; do
    grep -Fxq -- "$line" <<<"$got" || fail "'$line' is missing in: $got"
done

# Others, of later releases and of nobody.
passes() { # WHAT WANTED ATTRIBUTE...
    local what=$1 wanted=$2
    shift 2
    expect_equal "the action: $what" DUNNO "$(policy "unix:$SOCKET" "$@")"
    expect_equal "$what" "$wanted" "$(received)"
}
as_they_are() { # WHAT ATTRIBUTE...
    passes "$1" "$(printf '%s\n' "${@:2}")" "${@:2}"
}
as_they_are "attributes of later releases" compatibility_level=3.6 mail_version=3.12 tls_sni=mx.virt.example
as_they_are "unknown names" zzz=1 aaa=2 'with space=3' with-dash=4 UPPER=5 1=6 grün=7 '"quoted"=8' 'back\slash=9'
as_they_are "odd values" 'a==' 'b== =' 'c= leading' 'd=trailing ' 'e="quoted"' "f='x'" 'g=\n\\' 'h=</script>' \
    'i=%s%%{x}' 'j={{ .Key }}' 'k=%{a}' 'l={"m":"n"}' 'm=' $'n=tab\tand\rreturn' $'o=\x01\x1b\x7f' 'p=grün € 😀'
as_they_are "a value of 60,000 bytes" "a=$(printf 'x%.0s' {1..60000})"
many=()
for i in {1..128}; do many+=("name$i=value$i"); done
as_they_are "128 attributes" "${many[@]}"
mark=$'\xef\xbf\xbd'
passes "bytes that are not UTF-8" "a=l${mark}nger"$'\n'"b=$mark$mark"$'\n'"c=x$mark"$'\n'"d=$mark$mark$mark" \
    $'a=l\xe4nger' $'b=\xff\xfe' $'c=x\xc3' $'d=\xed\xa0\x80'
expect_no_log 'pfx-policyd.* (warning|error|fatal): '
