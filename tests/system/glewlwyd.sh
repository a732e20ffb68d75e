# What tests with a real provider add: a private glewlwyd, Debian's, with a database in $T, and with TLS. The one that
# the machine may run, and its configuration, are not touched. Sourced behind lib.sh and jose.sh.

GLEWLWYD_SCHEMA=/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3
GLEWLWYD_SECRET='s3cret+with:sp ecial%/&' # of all clients that have one
GLEWLWYD_USER=alice
GLEWLWYD_PASSWORD=alices-password
GLEWLWYD_ALGORITHMS="RS256 PS256 ES256 ES384 ES512 EdDSA"

# glewlwyd_new: the provider ISSUER, whose certificate $T/certs/ca.pem has signed, and which knows
#   the clients basic, post, and keys (private_key_jwt, with $T/keys/ALGORITHM.pem of each algorithm, of that kid)
#   the client mailer, in whose name users get tokens by their password
#   the user alice, and the scopes mail and send
# and BRIEF_ISSUER, the same provider with tokens that are over after a second.
glewlwyd_new() {
    GLEWLWYD_PORT=$(instance_unused_port)
    GLEWLWYD=https://127.0.0.1:$GLEWLWYD_PORT
    ISSUER=$GLEWLWYD/api/oidc
    BRIEF_ISSUER=$GLEWLWYD/api/brief
    "$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -n 3 "$T/certs.log")"
    sqlite3 "$T/glewlwyd.db" <"$GLEWLWYD_SCHEMA" || fail "no database of glewlwyd"
    cat >"$T/glewlwyd.conf" <<END
port = $GLEWLWYD_PORT
bind_address = "127.0.0.1"
external_url = "$GLEWLWYD"
use_secure_connection = true
secure_connection_key_file = "$T/certs/good.key"
secure_connection_pem_file = "$T/certs/good.pem"
log_mode = "file"
log_level = "WARNING"
log_file = "$T/glewlwyd.log"
cookie_secure = 1
user_module_path = "/usr/lib/glewlwyd/user"
client_module_path = "/usr/lib/glewlwyd/client"
user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
plugin_module_path = "/usr/lib/glewlwyd/plugin"
database = { type = "sqlite3" path = "$T/glewlwyd.db" }
END
    glewlwyd_start
    glewlwyd_api auth/ '{"username":"admin","password":"password"}'
    key_new glewlwyd RS256
    openssl pkey -in "$T/keys/glewlwyd.pem" -pubout -out "$T/keys/glewlwyd.pub"
    glewlwyd_plugin oidc 3600
    glewlwyd_plugin brief 1
    glewlwyd_clients
    glewlwyd_api user/ "{\"username\":\"$GLEWLWYD_USER\",\"password\":\"$GLEWLWYD_PASSWORD\",\"enabled\":true,
        \"name\":\"Alice\",\"email\":\"alice@example.test\",\"scope\":[\"mail\",\"send\"]}"
}

glewlwyd_start() {
    glewlwyd --config-file="$T/glewlwyd.conf" </dev/null >>"$T/glewlwyd.out" 2>&1 &
    GLEWLWYD_PID=$!
    STARTED+=("$GLEWLWYD_PID")
    wait_for 20 glewlwyd_serves || fail "glewlwyd does not start: $(tail -n 3 "$T/glewlwyd.out" "$T/glewlwyd.log")"
}
glewlwyd_curl() {
    curl -sS --cacert "$T/certs/ca.pem" "$@" 2>&1
}
glewlwyd_serves() {
    glewlwyd_curl -f "$GLEWLWYD/config" >/dev/null
}
glewlwyd_stop() {
    kill "$GLEWLWYD_PID"
    wait "$GLEWLWYD_PID" || fail "exit status of glewlwyd: $?"
}

glewlwyd_api() { # PATH JSON
    local said
    said=$(glewlwyd_curl --fail-with-body -b "$T/cookies" -c "$T/cookies" -H 'Content-Type: application/json' \
        -d "$2" "$GLEWLWYD/api/$1") || fail "glewlwyd, $1: $said"
}

# In the JSON of a file a line's end is "\n".
glewlwyd_pem() { # FILE
    awk '{ printf "%s\\n", $0 }' "$1"
}

glewlwyd_plugin() { # NAME SECONDS
    glewlwyd_api mod/plugin/ "{\"module\":\"oidc\",\"name\":\"$1\",\"display_name\":\"$1\",\"parameters\":{
        \"iss\":\"$GLEWLWYD/api/$1\",\"jwt-type\":\"rsa\",\"jwt-key-size\":\"256\",\"jwks-show\":true,
        \"key\":\"$(glewlwyd_pem "$T/keys/glewlwyd.pem")\",\"cert\":\"$(glewlwyd_pem "$T/keys/glewlwyd.pub")\",
        \"access-token-duration\":$2,\"refresh-token-duration\":3600,\"code-duration\":60,
        \"refresh-token-rolling\":false,
        \"allow-non-oidc\":true,\"auth-type-client-enabled\":true,\"auth-type-password-enabled\":true,
        \"auth-type-code-enabled\":false,\"auth-type-token-enabled\":false,\"auth-type-refresh-enabled\":false,
        \"introspection-revocation-allowed\":true,\"introspection-revocation-allow-target-client\":true,
        \"request-parameter-allow\":true,\"client-jwks-parameter\":\"jwks\",\"subject-type\":\"pairwise\",
        \"additional-parameters\":[{\"user-parameter\":\"email\",\"token-parameter\":\"email\",
        \"token-changed\":false}]}}"
}

glewlwyd_clients() {
    local algorithm all=() scope
    for scope in mail send; do
        glewlwyd_api scope/ "{\"name\":\"$scope\",\"display_name\":\"$scope\",\"password_required\":true,
            \"password_max_age\":0,\"scheme\":{}}"
    done
    for algorithm in $GLEWLWYD_ALGORITHMS; do
        key_new "$algorithm" "$algorithm"
        all+=("$(jwk "$algorithm" "$algorithm")")
    done
    glewlwyd_client basic client_secret_basic '"client_credentials"'
    glewlwyd_client post client_secret_post '"client_credentials"'
    glewlwyd_client keys private_key_jwt '"client_credentials"' "$(jwks "${all[@]}")"
    glewlwyd_client mailer client_secret_basic '"password","client_credentials"'
}

glewlwyd_client() { # NAME METHOD GRANTS [JWKS]
    glewlwyd_api client/ "{\"client_id\":\"$1\",\"name\":\"$1\",\"enabled\":true,\"confidential\":true,
        \"token_endpoint_auth_method\":[\"$2\"],\"authorization_type\":[$3],\"scope\":[\"mail\",\"send\"],
        \"redirect_uri\":[\"http://127.0.0.1/\"],
        ${4:+\"jwks\":$4,}\"client_secret\":\"$GLEWLWYD_SECRET\"}"
}

# --- Tokens of users

# user_token [SCOPE] [ISSUER]: an access token of alice.
user_token() {
    local said
    said=$(glewlwyd_curl -u "mailer:$GLEWLWYD_SECRET" -d grant_type=password -d "username=$GLEWLWYD_USER" \
        -d "password=$GLEWLWYD_PASSWORD" -d "scope=${1:-mail}" "${2:-$ISSUER}/token")
    expect_holds "glewlwyd" '"access_token":' "$said"
    json_members "$said" access_token
}

revoke_token() { # TOKEN
    glewlwyd_curl -f -u "mailer:$GLEWLWYD_SECRET" --data-urlencode "token=$1" "$ISSUER/revoke" ||
        fail "glewlwyd does not revoke"
}

introspect() { # TOKEN [ISSUER]: what glewlwyd says of it
    glewlwyd_curl -f -u "mailer:$GLEWLWYD_SECRET" --data-urlencode "token=$1" "${2:-$ISSUER}/introspect"
}
