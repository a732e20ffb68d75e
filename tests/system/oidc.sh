# What tests of OpenID Connect add: providers that do what they are told (provider.pl), the groups that name them, and
# what was asked of them. Sourced behind lib.sh, or what sources it.

. "$(dirname "${BASH_SOURCE[0]}")/jose.sh"

PROVIDERS=$T/providers # a directory for each
PROVIDER_PORT=$(instance_unused_port)
PROVIDER=http://127.0.0.1:$PROVIDER_PORT

# provider_start: providers are those of provider_new, now or later; provider_stop: none of them can be reached.
provider_start() {
    mkdir -p "$PROVIDERS"
    rm -f "$T/provider.out"
    "$(dirname "${BASH_SOURCE[0]}")/provider.pl" "$PROVIDERS" "$PROVIDER_PORT" >"$T/provider.out" 2>>"$T/provider.log" &
    PROVIDER_PID=$!
    STARTED+=("$PROVIDER_PID")
    wait_for 10 test -s "$T/provider.out" || fail "the providers do not start: $(<"$T/provider.log")"
}
provider_stop() {
    kill "$PROVIDER_PID"
    wait "$PROVIDER_PID" || fail "the providers fail: $(<"$T/provider.log")"
    expect_equal "what the providers complain about" '' "$(<"$T/provider.log")"
}

provider_new() { # NAME...
    local name
    for name in "$@"; do
        mkdir -p "$PROVIDERS/$name"
        : >"$PROVIDERS/$name/requests"
    done
}

# script NAME [LINE...]: what it does from now on, in place of what it did.
script() {
    printf '%s\n' "${@:2}" >"$PROVIDERS/$1/script.new"
    mv "$PROVIDERS/$1/script.new" "$PROVIDERS/$1/script"
}

keys() { # NAME [JWK...]: what it publishes from now on
    jwks "${@:2}" >"$PROVIDERS/$1/keys.new"
    mv "$PROVIDERS/$1/keys.new" "$PROVIDERS/$1/keys"
}

introspects() { # NAME TOKEN JSON: adds a token that it knows
    printf '%s\t%s\n' "$2" "$3" >>"$PROVIDERS/$1/tokens"
}

requests() { # NAME ENDPOINT: how many there were
    grep -c "^$2"$'\t' "$PROVIDERS/$1/requests" || true
}

last_request() { # NAME ENDPOINT: Authorization header, TAB, form, TAB, number of the connection
    grep "^$2"$'\t' "$PROVIDERS/$1/requests" | tail -n 1 | cut -f 2-
}

# form_member NAME FORM: its value, decoded; nothing when it is not there.
form_member() {
    perl -e '
        my ($name, $form) = @ARGV;
        for (split /&/, $form) {
            my ($n, $value) = split /=/, $_, 2;
            next if $n ne $name;
            $value =~ tr/+/ /;
            $value =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
            print "$value\n";
        }' "$1" "$2"
}

discovery() { # NAME: the URL of its configuration
    echo "$PROVIDER/$1/.well-known/openid-configuration"
}

# backend_oidc NAME [CLIENT]: the group, with a token from that provider.
CLIENT='client_id = "pfx"; client_secret = "SECRET";'
backend_oidc() {
    echo "backend_oidc_auth = { configuration_uri = \"$(discovery "$1")\"; ${2:-$CLIENT} };"
}

# sasl_oidc NAME [SETTINGS] [CLIENT]: the group, for tokens of that provider.
sasl_oidc() {
    echo "sasl_oidc_auth = { configuration_uri = \"$(discovery "$1")\"; ${3:-$CLIENT} ${2:-} };"
}

# --- Messages of SASL

xoauth2() { # NAME TOKEN
    b64 "user=$1\\001auth=Bearer $2\\001\\001"
}
oauthbearer() { # NAME TOKEN: without a name none is claimed
    b64 "n,${1:+a=$1},\\001host=mail.example.test\\001port=25\\001auth=Bearer $2\\001\\001"
}
# challenge MECHANISM STATUS SCOPE: what a client is told before it is refused, in base64; not where the provider is,
# which has no https URL here.
challenge() {
    case $1 in
    XOAUTH2) b64 "{\"status\":\"$2\",\"schemes\":\"bearer\",\"scope\":\"$3\"}" ;;
    OAUTHBEARER) b64 "{\"status\":\"$2\"${3:+,\"scope\":\"$3\"}}" ;;
    esac
}

# token_entry NAME [SETTINGS-OF-GROUP] [SETTINGS]: an entry for tokens of the provider idp.
token_entry() {
    entry "$1" "mechanisms = [\"XOAUTH2\", \"OAUTHBEARER\"]; $(sasl_oidc idp "${2:-}") ${3:-}"
}

# takes ENTRY TOKEN [ACCOUNT]: it is accepted, by both mechanisms.
takes() {
    local account=${3:-alice@x.example}
    dialogue "$1 takes ${2:0:30}" "unix:$T/$1" 'hello 0' 'within 4000' \
        "send $(auth 1 XOAUTH2 "$(xoauth2 "$account" "$2")")" "line OK\t1\tuser=$account" \
        "send $(auth 2 OAUTHBEARER "$(oauthbearer '' "$2")")" "line OK\t2\tuser=$account"
}

# denies ENTRY WHAT TOKEN [STATUS] [SCOPE]: it is refused, and the client is told why.
denies() {
    dialogue "$1, $2" "unix:$T/$1" 'hello 0' "send $(auth 1 OAUTHBEARER "$(oauthbearer '' "$3")")" \
        "line CONT\t1\t$(challenge OAUTHBEARER "${4:-invalid_token}" "${5-mail}")" "send CONT\t1\tAQ==" \
        'like FAIL\t1\treason=i[a-z]+ [a-z]+'
}

# breaks_off ENTRY WHAT TOKEN: a temporary failure.
breaks_off() {
    dialogue "$1, $2" "unix:$T/$1" 'hello 0' 'within 4000' "send $(auth 1 XOAUTH2 "$(xoauth2 alice "$3")")" end
}

# claims MEMBER JSON [MEMBER JSON]...: those of a good token of idp, with these members instead; null: without.
claims() {
    local now
    now=$(date +%s)
    perl -MJSON::PP -e '
        my $json = JSON::PP->new->utf8->allow_nonref->canonical;
        my $claims = $json->decode(shift @ARGV);
        while (@ARGV) {
            my ($member, $value) = (shift @ARGV, $json->decode(shift @ARGV));
            if (defined $value) { $claims->{$member} = $value; } else { delete $claims->{$member}; }
        }
        print $json->encode($claims);' \
        "{\"iss\":\"$PROVIDER/idp\",\"sub\":\"77\",\"preferred_username\":\"alice@x.example\",\"aud\":\"smtp\",
        \"scope\":\"openid mail\",\"exp\":$((now + 900)),\"iat\":$now}" "$@"
}
