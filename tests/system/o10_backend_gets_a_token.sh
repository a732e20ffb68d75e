#!/usr/bin/env bash
# A backend is asked with a token that pfx gets by client credentials: each method by which it can prove who it is,
# secrets with special characters in both encodings, scopes (contract 5.2, 5.3; 6.5, point 11).
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/oidc.sh"

backend_start -l inet:127.0.0.1:0
provider_start
id='pfx at:mail%'
secret='s3cret+with:sp ecial%/&="\ä'
named="client_id = $(quoted "$id");"
printf '%s\n' "$secret" >"$T/secret"
certain="$named client_secret = $(quoted "$secret");"

# with NAME [CLIENT] [SCRIPT-LINE...]: an entry, and a provider of its own.
with() {
    provider_new "$1"
    script "$1" "${@:3}"
    map "$1" '' "$(backend_oidc "$1" "${2:-}")"
}
listed() { # WORD...: an array of JSON
    printf '"%s"\n' "$@" | paste -sd , | sed 's/.*/[&]/'
}
knows() { # METHOD...: a line of a script
    echo "configuration set token_endpoint_auth_methods_supported $(listed "$@")"
}
verifies() { # ALGORITHM...
    echo "configuration set token_endpoint_auth_signing_alg_values_supported $(listed "$@")"
}
with plain
with auto "$certain"
with auto_both "$certain" "$(knows client_secret_post client_secret_basic)"
with auto_post "$certain" "$(knows client_secret_post private_key_jwt)"
with auto_none "$named" "$(knows none)"
with basic "$certain auth_method = \"client_secret_basic\";" "$(knows client_secret_post)"
with raw "$certain auth_method = \"client_secret_basic\"; basic_encoding = \"raw\";"
with post "$certain auth_method = \"client_secret_post\";"
with none "$named auth_method = \"none\";"
with file "$named client_secret = { file = \"$T/secret\"; };"
with scopes "$certain scopes = [\"mail.read\", \"urn:x:send\"];"
with scope "$certain scopes = \"mail\";"
with off "$certain enabled = false;"

algorithms=(RS256 PS256 ES256 ES384 ES512 EdDSA)
for algorithm in "${algorithms[@]}"; do
    key_new "$algorithm" "$algorithm"
    with "key_$algorithm" "$named private_key_file = \"$T/keys/$algorithm.pem\";" "$(verifies ES512 ES384 ES256 EdDSA \
        "$algorithm")"
done
with key_silent "$named private_key_file = \"$T/keys/PS256.pem\"; key_id = \"the key\";"
with key_audience "$named private_key_file = \"$T/keys/ES256.pem\"; auth_method = \"private_key_jwt\";
    assertion_audience = \"urn:somebody\"; client_secret = \"unused\";"
configuration
pfx_standalone

# asked_with NAME: one question; sets AUTHORIZATION, FORM and CONNECTION to what its provider was asked with.
asked_with() {
    expect_reply "$1" key 'OK value-of-key'
    expect_holds "what the backend gets" "Authorization: Bearer $1-1" "$(fetch /_last)"
    expect_equal "$1: questions for the configuration" 1 "$(requests "$1" configuration)"
    IFS=$'\t' read -r AUTHORIZATION FORM CONNECTION <<<"$(last_request "$1" token | sed 's/^\t/-\t/')"
    expect_equal "$1: grant_type" client_credentials "$(form_member grant_type "$FORM")"
}
members() {
    tr '&' '\n' <<<"$FORM" | cut -d = -f 1 | sort | paste -sd ' ' -
}
# basic NAME: the credentials of Authorization, decoded from base64.
basic() {
    asked_with "$1"
    expect_match "$1: Authorization" 'Basic *' "$AUTHORIZATION"
    expect_equal "$1: members of the form" grant_type "$(members)"
    base64 -d <<<"${AUTHORIZATION#Basic }"
}
for name in auto auto_both basic file; do
    encoded=$(basic "$name")
    expect_match "$name: both are encoded" '[!:]*:[!:]*' "$encoded"
    [[ ! $encoded =~ [\ \&/=\"\\] ]] || fail "$name: the encoding leaves characters as they are: $encoded"
    expect_equal "$name: the id" "$id" "$(form_member x "x=${encoded%%:*}")"
    expect_equal "$name: the secret" "$secret" "$(form_member x "x=${encoded#*:}")"
done
expect_equal "raw" "$id:$secret" "$(basic raw)"
for name in auto_post post; do
    asked_with "$name"
    expect_equal "$name: Authorization" - "$AUTHORIZATION"
    expect_equal "$name: members" 'client_id client_secret grant_type' "$(members)"
    expect_equal "$name: client_id" "$id" "$(form_member client_id "$FORM")"
    expect_equal "$name: client_secret" "$secret" "$(form_member client_secret "$FORM")"
done
for name in auto_none none; do
    asked_with "$name"
    expect_equal "$name: Authorization" - "$AUTHORIZATION"
    expect_equal "$name: members" 'client_id grant_type' "$(members)"
    expect_equal "$name: client_id" "$id" "$(form_member client_id "$FORM")"
done
for name in scopes scope plain; do
    asked_with "$name"
    expect_match "$name: Authorization" 'Basic *' "$AUTHORIZATION"
    case $name in
    scopes) expect_equal "scopes" 'mail.read urn:x:send' "$(form_member scope "$FORM")" ;;
    scope) expect_equal "scope" mail "$(form_member scope "$FORM")" ;;
    *) expect_equal "members" grant_type "$(members)" ;;
    esac
done
expect_reply off key 'OK value-of-key'
[[ $(fetch /_last) != *Authorization* ]] || fail "a token for an entry whose group is off"
expect_equal "questions of that group" 0 "$(requests off configuration)"

# --- Assertions

assertion() { # NAME KEY ALGORITHM AUDIENCE [KID]
    local token claims now
    asked_with "$1"
    expect_equal "$1: Authorization" - "$AUTHORIZATION"
    expect_equal "$1: members" 'client_assertion client_assertion_type client_id grant_type' "$(members)"
    [[ $(last_request "$1" configuration) != *$'\t'"$CONNECTION" ]] || fail "$1: libcurl might repeat the assertion"
    expect_equal "$1: type" 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' \
        "$(form_member client_assertion_type "$FORM")"
    token=$(form_member client_assertion "$FORM")
    expect_equal "$1: header" "$3 ${5:-} JWT" "$(json_members "$(jwt_part "$token" 1)" alg kid typ)"
    claims=$(jwt_part "$token" 2)
    expect_equal "$1: claims" "$id $id $4" "$(json_members "$claims" iss sub aud)"
    now=$(date +%s)
    read -r issued expires jti <<<"$(json_members "$claims" iat exp jti)"
    expect_equal "$1: its life" 60 $((expires - issued))
    expect_at_most "$1: its age" 10 $((now - issued))
    [ "${#jti}" -ge 22 ] || fail "$1: jti is short: $jti"
    echo "$jti" >>"$T/jtis"
    jwt_verifies "$2" "$3" "$token" || fail "$1: $(<"$T/openssl.log")"
}
for algorithm in "${algorithms[@]}"; do
    assertion "key_$algorithm" "$algorithm" "$algorithm" "$PROVIDER/key_$algorithm/token"
done
assertion key_silent PS256 RS256 "$PROVIDER/key_silent/token" 'the key'
assertion key_audience ES256 ES256 urn:somebody
expect_equal "different jti" 8 "$(sort -u "$T/jtis" | wc -l)"
pfx_stop
expect_no_log 's3cret|SECRET|Bearer|BEGIN'
