#!/usr/bin/env bash
# Tokens that are verified here, against the keys that the provider publishes: every algorithm, and every check
# (contract 5.5, 5.6; 6.5, point 10).
set -eu
. "$(dirname "$0")/sasl.sh"
. "$(dirname "$0")/oidc.sh"

provider_start
provider_new idp
token_entry users 'validation = "jwks"; audience = "smtp"; required_scopes = "mail";'
token_entry typed 'validation = "jwks"; audience = "any"; require_typ = true; account_claim = "sub";'
token_entry kind 'validation = "jwks"; audience = ["imap", "smtp"]; required_claims = "token_type=access_token";'
token_entry exact 'validation = "jwks"; audience = "smtp"; clock_skew = "0s";'
sasl_configuration
for name in users typed kind exact; do serves "$name"; done

algorithms=(RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA)
all=()
for algorithm in "${algorithms[@]}"; do
    key_new "$algorithm" "$algorithm"
    all+=("$(jwk "$algorithm" "$algorithm")")
done
key_new unknown ES256
all+=("$(jwk unknown ES256 encrypts '"use":"enc"')" "$(jwk unknown ES256 signs '"key_ops":["sign"]')")
all+=('{"kty":"oct","k":"AA","kid":"shared"}' "$(jwk EdDSA EdDSA EdDSA2 '"use":"sig","key_ops":["verify"]')")
keys idp "${all[@]}"
good=$(claims)
now=$(date +%s)
kid=',"kid":"ES256"'
signed() { # CLAIMS [HEADER-MEMBERS]
    jwt ES256 ES256 "$@"
}

# --- Good ones

for algorithm in "${algorithms[@]}"; do
    takes users "$(jwt "$algorithm" "$algorithm" "$good")"
done
takes users "$(jwt EdDSA EdDSA "$good" ",\"kid\":\"EdDSA2\",\"typ\":\"JWT\",\"jku\":\"$PROVIDER/other/keys\"")"
takes users "$(signed "$good" '')" # no kid
takes users "$(signed "$(claims aud '["web","smtp"]' scp '["mail"]' scope null exp $((now + 900)).5)")"
takes users "$(signed "$(claims nbf $((now + 30)) exp $((now - 30)))")" # clocks differ
takes users "$(signed "$(claims preferred_username null)")" 77
takes users "$(signed "$(claims username '"bob"')")" bob
takes typed "$(signed "$(claims aud null scope null nonce '"n"')" "$kid,\"typ\":\"at+jwt\"")" 77
takes typed "$(signed "$good" "$kid,\"typ\":\"application/AT+JWT\"")" 77
takes kind "$(signed "$(claims token_type '"access_token"')")"
dialogue "another's name" "unix:$T/users" 'hello 0' "send $(auth 1 XOAUTH2 "$(xoauth2 eve "$(signed "$good")")")" \
    'like FAIL\t1\tuser=eve\tcode=authz_fail\treason=[a-z ]+'
expect_equal "questions for the keys" 3 "$(requests idp keys)" # of users, typed and kind

# --- Bad ones

denies typed "no typ" "$(signed "$good")" invalid_token ''
denies typed "another typ" "$(signed "$good" "$kid,\"typ\":\"JWT\"")" invalid_token ''
denies kind "no token_type" "$(signed "$good")" invalid_token ''
denies kind "another token_type" "$(signed "$(claims token_type '"id_token"')")" invalid_token ''
denies exact "expired" "$(signed "$(claims exp $((now - 1)))")" invalid_token ''
denies exact "to come" "$(signed "$(claims nbf $((now + 60)))")" invalid_token ''
denies users "a scope too few" "$(signed "$(claims scope '"openid mailer"')")" insufficient_scope
bad() { # WHAT MEMBER JSON...
    denies users "$1" "$(signed "$(claims "${@:2}")")"
}
bad "foreign aud" aud '"web"'
bad "foreign auds" aud '["web","smtp2"]'
bad "no aud" aud null
bad "an ID token" nonce '"n"'
bad "an ID token" at_hash '"n"'
bad "expired" exp $((now - 70))
bad "no exp" exp null
bad "exp is a text" exp "\"$((now + 900))\""
bad "exp is negative" exp -1
bad "nbf to come" nbf $((now + 300))
bad "iat to come" iat $((now + 300))
bad "foreign iss" iss "\"$PROVIDER/other\""
bad "iss with a slash" iss "\"$PROVIDER/idp/\""
bad "no iss" iss null
bad "no account" sub null preferred_username null
bad "an account with a TAB" preferred_username '"alice\tx"'
for member in '"crit":["exp"]' '"crit":[]' '"b64":false' '"alg":"ES256"'; do
    denies users "$member" "$(signed "$good" "$kid,$member")"
done

IFS=. read -r header claims signature <<<"$(signed "$good")"
none=$(printf '{"alg":"none"}' | base64url)
for token in "$none.$claims." "$none.$claims.$signature" "$header.$claims." "$header.$claims" ".$claims.$signature" \
    "$header.$claims.$signature." "$header.$claims.$signature=" "$header.$claims.${signature%?????}AAAAA" \
    "$header.$(claims sub '"78"' | base64url).$signature" "$(base64url <<<'[]').$claims.$signature" x; do
    denies users "${token:0:20}...${token: -10}" "$token"
done
denies users "doubled members" "$(signed "{\"sub\":\"1\",${good#\{}")"
denies users "claims are no object" "$(signed '[1]')"
jwt_verifies RS256 RS256 "$(jwt RS256 RS256 '{}')" || fail "openssl does not verify its own signature"
part=$(printf '{"alg":"HS256","kid":"RS256"}' | base64url).$claims
secret=$(od -An -v -tx1 "$T/keys/RS256.pub" | tr -d ' \n')
denies users "HS256 with the public key" "$part.$(printf %s "$part" |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -binary | base64url)"
denies users "a signature in DER" "$header.$claims.$(printf %s "$header.$claims" |
    openssl dgst -sha256 -sign "$T/keys/ES256.pem" | base64url)"
denies users "a key of P-384 for ES256" "$(jwt ES384 ES256 "$good")"
denies users "another algorithm of RSA than the key's" "$(jwt RS256 PS256 "$good")"
denies users "a key for encryption" "$(jwt unknown ES256 "$good" ',"kid":"encrypts"')"
denies users "a key that must not verify" "$(jwt unknown ES256 "$good" ',"kid":"signs"')"
denies users "the kid of another key" "$(jwt unknown ES256 "$good" "$kid")"
long=$(signed "$(claims padding "\"$(long 13000)\"")")
[ "${#long}" -gt 16384 ] || fail "it is not long: ${#long}"
dialogue "oversized" "unix:$T/users" 'hello 0' "send $(auth 1 OAUTHBEARER "$(oauthbearer '' "$long")")" \
    'like FAIL\t1\treason=.+'
expect_no_log "${header:10}|${claims:0:20}"
