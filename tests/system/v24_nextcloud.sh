#!/usr/bin/env bash
# conf/examples/nextcloud: Postfix asks Nextcloud about app passwords, on both submission ports and not on port 25;
# Dovecot goes on asking with its own script in Lua for IMAP.
set -eu
. "$(dirname "$0")/dovecot.sh"

# Nextcloud is in maintenance at the first login, and says who it thinks it is.
certificates
backend_start -T "$T/certs/good.pem" -K "$T/certs/good.key" -l inet:127.0.0.1:0 -l tls:127.0.0.1:0
path='/remote.php/dav/'
query='?auth=alice:app-password&status=207&once=503&header=Auth-User:mallory'

SUBMISSIONS_PORT=$(instance_unused_port)
example_new nextcloud "s#nextcloud\.example\.com$path#${BACKENDS[1]}$path${query//&/\\&}#
    s#^submissions #127.0.0.1:$SUBMISSIONS_PORT #"
echo "tls = { root_ca = \"$T/certs/ca.pem\"; };" >>"$CFG"
postfix_start

expect_match "port 25, AUTH" '50? *' "$(smtp 'EHLO client.example' 'AUTH PLAIN' QUIT | sed -n 3p)"
expect_equal "in maintenance" \
    '454 4.7.0 Temporary authentication failure: Connection lost to authentication server' \
    "$(auth_plain alice app-password)"
expect_log "warning: sasl=nextcloud, user=<alice>, .*: the backend reports an error of its own .status 503"
expect_match "AUTH PLAIN" '235 *' "$(auth_plain alice app-password)"
last=$(fetch /_last | tr -d '\r')
expect_holds "what Nextcloud is asked" "PROPFIND $path" "$last"
for header in 'Depth: 0' 'X-Forwarded-For: 127.0.0.1' "Authorization: Basic $(base64_of alice:app-password)"; do
    expect_equal "$header" 1 "$(grep -cx "$header" <<<"$last")"
done
expect_equal "headers Authorization" 1 "$(grep -ci '^authorization:' <<<"$last")"
expect_match "AUTH LOGIN" '235 *' "$(auth_login alice app-password)"
expect_match "a wrong password" '535 5.7.8 *' "$(auth_plain alice account-password)"
expect_log 'warning: .*SASL PLAIN authentication failed: .*sasl_username=alice'
before=$(fetch "/_count?path=$path")
expect_match "a name with a colon" '535 5.7.8 *' "$(auth_plain alice:app password)"
expect_match "no password" '535 5.7.8 *' "$(auth_plain alice '')"
expect_equal "questions about what does not fit" "$before" "$(fetch "/_count?path=$path")"

# --- Who is logged in may send, from both ports; the account is the name that was given.

mail=('MAIL FROM:<alice@virt.example>' 'RCPT TO:<friend@elsewhere.example>' QUIT)
login="AUTH PLAIN $(plain alice app-password)"
expect_match "without a login" '554 5.7.1 *' "$(secure_smtp 'EHLO client.example' "${mail[@]}" | sed -n 3p)"
expect_match "submission" '250 2.1.5 *' "$(secure_smtp 'EHLO client.example' "$login" "${mail[@]}" | sed -n 4p)"
secure_open "$SUBMISSIONS_PORT" ''
mapfile -t reply < <(smtp_session '' 'EHLO client.example' "$login" "${mail[@]}")
secure_close
expect_match "submissions, the greeting" '220 *' "${reply[0]}"
expect_match "submissions, the login" '235 *' "${reply[2]}"
expect_match "submissions, a recipient" '250 2.1.5 *' "${reply[4]}"
expect_log 'submissions/smtpd.*sasl_username=alice$'
expect_no_log 'sasl_username=mallory'

# --- Dovecot asks the same service for IMAP, without Postfix, and the other way round.

cat >"$T/auth-httpbasic.lua" <<END
local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local http_client = dovecot.http.client { timeout = 5000; max_attempts = 1; }

local function base64(text)
    local bits = text:gsub(".", function(c)
        local n, s = c:byte(), ""
        for i = 7, 0, -1 do s = s .. (n >> i & 1) end
        return s
    end)
    bits = bits .. ("0"):rep(-#bits % 6)
    local out = bits:gsub("%d%d%d%d%d%d", function(b) local i = tonumber(b, 2) + 1; return digits:sub(i, i) end)
    return out .. ("="):rep(-#out % 4)
end

function auth_password_verify(request, password)
    local call = http_client:request { url = "http://$BACKEND$path$query"; method = "PROPFIND"; }
    call:add_header("Authorization", "Basic " .. base64(request.user .. ":" .. password))
    call:add_header("X-Forwarded-For", request.rip)
    local status = call:submit():status()
    if status == 207 then return dovecot.auth.PASSDB_RESULT_OK, {} end
    if status == 401 then return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "" end
    return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "status " .. status
end
END
install -d -o "$MAIL_USER" "$T/mail"
dovecot_new
dovecot_add 'protocols = imap' 'mail_location = maildir:~/maildir' \
    'passdb {' 'driver = lua' "args = file=$T/auth-httpbasic.lua blocking=yes" '}' \
    'userdb {' 'driver = static' "args = uid=$MAIL_USER gid=$MAIL_USER home=$T/mail/%n" '}'
dovecot_tls
dovecot_imap
dovecot_start
expect_holds "IMAP" 'a1 OK' "$(imap 'LOGIN alice app-password' LOGOUT)"
expect_holds "what Dovecot asks" "Authorization: Basic $(base64_of alice:app-password)" "$(fetch /_last)"
expect_holds "IMAP with a wrong password" 'a1 NO [AUTHENTICATIONFAILED]' "$(imap 'LOGIN alice wrong' LOGOUT)"
dovecot_stop
expect_match "SMTP while Dovecot is away" '235 *' "$(auth_plain alice app-password)"
