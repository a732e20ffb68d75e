#!/usr/bin/env bash
# pfxctl show prints the configuration with all defaults and what is inherited, no secret, and read again it is the
# same; -n is what differs from the defaults, and nothing less gives the same; --hash is that of the log (A8).
set -eu
. "$(dirname "$0")/postfix.sh"

ctl() {
    timeout 60 "$B/pfxctl" "$@"
}
# show FILE [ARGUMENTS]: to $T/out
show() {
    ctl -c "$T/etc" -C "$1" show "${@:2}" >"$T/out" 2>"$T/err" || fail "show: $(cat "$T/err")"
    expect_equal "complaints" "" "$(cat "$T/err")"
}
shows() { # LINE-PATTERN...: in this order, between others
    local pattern line=0 found
    for pattern in "$@"; do
        found=$(tail -n +$((line + 1)) "$T/out" | grep -nE "^ *$pattern$" | head -1) ||
            fail "no $pattern in: $(cat "$T/out")"
        line=$((line + ${found%%:*}))
    done
}
hides() { # PATTERN
    ! grep -qE "$1" "$T/out" || fail "$1 is shown: $(grep -E "$1" "$T/out")"
}

postfix_new
postfix_main 'recipient_delimiter = +-'
echo 'user:SECRET-of-file' >"$T/etc/secret"
cat >"$CFG" <<END
http = { timeout = "4s"; proxy = "http://me:SECRET-of-proxy@192.0.2.9:3128"; };
debug_entry = "users";
socket_maps = {
    defaults = {
        http = { connect_timeout = 1; };
        custom_headers = ["X-Key: SECRET-of-header", "Depth: 0", "X-Gone: 1"];
        http_auth_basic = { file = "$T/etc/secret"; };
    };
    users = {
        target = ["https://a.example.com/%u?x=%%41", "unix:/run/b.sock:/x/%s"];
        custom_headers = "X-Gone:";
        keys = "mailbox";
        status_code = [200, 203];
        response_cache = { max_age = "90s"; };
    };
    other = {
        target = "http://127.0.0.1/";
        payload = { key = "%s"; text = "a \"quoted\" \\\\ word"; };
        http_auth_bearer = "SECRET-inline";
        http = { timeout = "5s"; };
    };
};
policy_services = {
    incoming = { target = "http://127.0.0.1/"; };
    form = {
        target = "http://127.0.0.1/";
        content_type = "application/x-www-form-urlencoded";
        payload = "sender=%{sender}";
        response_cache = { enabled = true; };
    };
};
dovecot_sasl = {
    login = {
        target = "http://127.0.0.1/";
        auth_style = "form";
        sasl_oidc_auth = {
            configuration_uri = "https://id.example.com/c";
            client_id = "pfx";
            client_secret = "SECRET-of-client";
            validation = "jwks";
            audience = "any";
        };
    };
};
END

# Everything, with what is inherited and derived.
show "$CFG"
hides 'SECRET'
shows 'workers = 2;' 'debug_entry = "users";' 'drain_time = "15s";' 'response_cache = \{' 'size = "64M";' \
    'socket_maps = \{' 'other = \{' 'http_auth_bearer = "\(secret\)";' 'method = "POST";' 'notfound_status = \[\];' \
    'timeout = "5s";' 'connect_timeout = "1s";' 'users = \{' \
    'target = \["https://a.example.com/%u\?x=%%41", "unix:/run/b.sock:/x/%s"\];' \
    'custom_headers = \["X-Key: \(secret\)", "Depth: 0"\];' 'http_auth_basic = "\(secret\)";' 'method = "GET";' \
    'status_code = \[200, 203\];' 'notfound_status = 404;' 'keys = \["full", "unextended", "catchall"\];' \
    'recipient_delimiter = "\+-";' 'timeout = "4s";' 'proxy = "http://\(secret\)@192.0.2.9:3128";' \
    'max_age = "90s";' 'policy_services = \{' 'form = \{' 'stale_if_error = "5m";' 'incoming = \{' 'enabled = false;' \
    'dovecot_sasl = \{' 'mechanisms = \["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"\];' \
    'failure_status = \[401, 403\];' 'timeout = "4s";' 'client_secret = "\(secret\)";' 'audience = "any";' \
    'clock_skew = "1m";'
hides 'defaults'

# Read again it is the same, when the secrets are put in, of whatever text.
cp "$T/out" "$T/all"
sed '/http_auth_basic/s/(secret)/user:word/' "$T/all" >"$T/again.cfg"
show "$T/again.cfg"
expect_equal "the same once more" "$(cat "$T/all")" "$(cat "$T/out")"

# What differs from the defaults gives the same too, and holds nothing that is one.
show "$CFG" -n
hides 'SECRET|workers|drain_time|size|method|notfound_status|failure_status|mechanisms|recipient_delimiter|user_agent'
hides 'false|"5m"|clock_skew|max_response_size|target_order|enabled = true;.*enabled = true'
shows 'debug_entry = "users";' 'other = \{' 'payload = ".*' 'connect_timeout = "1s";' 'users = \{' \
    'keys = \["full", "unextended", "catchall"\];' 'timeout = "4s";' 'max_age = "90s";' 'form = \{' 'enabled = true;' \
    'auth_style = "form";' 'timeout = "4s";' 'validation = "jwks";' 'audience = "any";'
cp "$T/out" "$T/changed"
sed '/http_auth_basic/s/(secret)/user:word/' "$T/changed" >"$T/again.cfg"
show "$T/again.cfg"
expect_equal "all out of what differs" "$(cat "$T/all")" "$(cat "$T/out")"
while IFS= read -r line; do
    case $line in *'{' | *'};' | '') continue ;; esac
    grep -vxF -- "$line" "$T/changed" | sed '/http_auth_basic/s/(secret)/user:word/' >"$T/less.cfg"
    ctl -c "$T/etc" -C "$T/less.cfg" show >"$T/out" 2>/dev/null || true
    ! cmp -s "$T/all" "$T/out" || fail "without the line '$line' it is the same"
done <"$T/changed"

# Of the defaults nothing differs.
echo '# nothing' >"$T/empty.cfg"
show "$T/empty.cfg" -n
expect_equal "what differs" "" "$(cat "$T/out")"

# The hash is that of the log line; secrets do not count.
show "$CFG" --hash
hash=$(cat "$T/out")
postfix_start
postfix_query users key >/dev/null || true
expect_log "started, version .*, configuration $hash,"
sed -i 's/SECRET-inline/another/' "$CFG"
show "$CFG" --hash
expect_equal "hash after a new secret" "$hash" "$(cat "$T/out")"
sed -i 's/"90s"/"91s"/' "$CFG"
show "$CFG" --hash
[ "$hash" != "$(cat "$T/out")" ] || fail "the hash is the same after a change"

# Somebody who may not read it is told so.
chmod 600 "$CFG"
status=0
setpriv --reuid=nobody --regid=nogroup --clear-groups "$B/pfxctl" -c "$T/etc" show >"$T/out" 2>"$T/err" || status=$?
expect_equal "status for somebody else" "77 " "$status $(cat "$T/out")"
expect_match "complaint to somebody else" "pfxctl: $CFG: Permission denied*" "$(cat "$T/err")"

# What cannot be used is shown as such, or not at all.
sed -i 's/keys = "mailbox"/keys = "mailbx"/' "$CFG"
show "$CFG"
shows 'users = \{' '# cannot be used: .*pfx.cfg:[0-9]+: socket_maps.users.keys: .*'
status=0
echo 'workers = ' >"$CFG"
ctl -c "$T/etc" show >"$T/out" 2>"$T/err" || status=$?
expect_equal "status without a configuration" "78 " "$status $(cat "$T/out")"
expect_match "complaint" "pfxctl: $CFG:*" "$(cat "$T/err")"
