#!/usr/bin/env bash
# A kid that is not known has the keys fetched again, once in a while; keys come and go; while they cannot be fetched
# the old ones are used, without any it is a temporary failure, or with "auto" the provider's word counts (contract 5.5,
# points 5 and 9; 6.5, point 10). The clock is injected.
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"

provider_start
provider_new idp
token_entry users 'validation = "jwks"; audience = "smtp"; required_scopes = "mail";' 'http = { timeout = "2s"; };'
token_entry late 'validation = "jwks"; audience = "smtp"; required_scopes = "mail";' 'http = { timeout = "2s"; };'
token_entry auto 'validation = "auto"; audience = "smtp"; required_scopes = "mail";'
sasl_configuration
B=$PLAIN # the sanitizers cannot be preloaded behind the clock
head -c 8 /dev/zero >"$T/clock"
export PFX_TEST_CLOCK=$T/clock
ahead=0
pass() { # SECONDS
    ahead=$((ahead + $1))
    perl -e 'open my $f, "+<", $ARGV[0] or die; syswrite $f, pack "q", $ARGV[1] * 1000' "$T/clock" "$ahead"
}
for name in users auto; do LD_PRELOAD=$B/clock.so serves "$name"; done

for name in old new newest unknown; do key_new "$name" ES256; done
token() { # KEY [CLAIMS...]
    jwt "$1" ES256 "$(claims "${@:2}")"
}
fetched() { # COUNT
    expect_equal "questions for the keys" "$1" "$(requests idp keys)"
}

# --- Other keys

keys idp "$(jwk old ES256)"
takes users "$(token old)"
fetched 1
denies users "an unknown key" "$(token unknown)"
fetched 2
for name in unknown new newest; do denies users "an unknown key again" "$(token "$name")"; done
fetched 2
keys idp "$(jwk old ES256)" "$(jwk new ES256)"
denies users "a new key, too soon" "$(token new)"
fetched 2
pass 40
takes users "$(token new)"
takes users "$(token old)"
fetched 3
pass 40
denies users "an unknown key later" "$(token unknown)"
fetched 4
keys idp "$(jwk new ES256)"
takes users "$(token old)" # jwks_cache_ttl is 5 m
pass 320
denies users "an old key" "$(token old)"
takes users "$(token new)"
[ "$(requests idp keys)" -gt 4 ] || fail "the keys are not fetched again"

# --- No keys

breaking=('hang 1' 'status 500' 'body <html>' 'body {}' 'body {"keys":[]}'
    'body {"keys":[{"kty":"EC","crv":"secp256k1"}]}')
LD_PRELOAD=$B/clock.so serves late
for line in "${breaking[@]}"; do
    script idp "keys $line"
    pass 600
    takes users "$(token new)"
    breaks_off late "no keys, $line" "$(token new)"
done
pass 600
breaks_off users "an unknown key, and no newer ones to be had" "$(token unknown)"
takes users "$(token new)"
pass $((22 * 3600))
takes users "$(token new)"
pass $((3 * 3600))
breaks_off users "keys of yesterday" "$(token new)"
script idp
pass 40 # longer than nobody is asked after many failures
takes users "$(token new)"
takes late "$(token new)"

# --- auto

introspected() { # COUNT
    expect_equal "questions about tokens" "$1" "$(requests idp introspection)"
}
for name in opaque "$(token new)" "$(token old)" "$(token new iss '"https://elsewhere.example"')"; do
    introspects idp "$name" '{"active":true,"username":"alice@x.example","scope":"mail","aud":"smtp"}'
done
takes auto "$(token new)"
introspected 0
takes auto opaque
introspected 2
denies auto "one that is unknown" nobodys
introspected 3
good=$(token new)
for wrong in "$(token new exp 1000)" "$(token unknown)" "$(token new aud '"web"')" "${good%?????}AAAAA"; do
    introspects idp "$wrong" '{"active":true,"username":"alice@x.example","scope":"mail","aud":"smtp"}'
    denies auto "what is found bad here" "$wrong"
done
introspected 3
provider_stop
pass 10
takes auto "$(token new)"
breaks_off auto "nobody to be asked" opaque
