#!/usr/bin/env bash
# pfxctl check names each mistake, once, with its place and what to do; what is unwise is a warning; what is good says
# nothing (A8).
set -eu
. "$(dirname "$0")/findings.sh"

check
expect_equal "what is found in a good one" "" "$FOUND"
expect_equal "status" 0 "$STATUS"

# What does not parse: line, column, cure.
after '3s|target = "https|target = https|' "$CFG:3:26: syntax error: *double quotes*"
after '3s|%s"|%s|' "$CFG:3:26: syntax error: a quote is missing*"
after "3s|\"https.*%s\"|'x'|" "$CFG:3:26: syntax error: *single ones*"
after '3s|; };|; value_required = yes; };|' "$CFG:3:*: syntax error: write true or false"
after '3s|; };|; http = { timeout = 5s; }; };|' "$CFG:3:*: syntax error: *in double quotes: \"10s\"*"
after '3s|; };|; status_code = [200, 204,]; };|' "$CFG:3:*: syntax error: no comma may stand after the last element"
after '1s|^|\xef\xbb\xbf|' "$CFG:1:1: syntax error: *byte order mark*"
after '6s|; };|; payload = { "a" = 1; }; };|' "$CFG:6:*: syntax error: a name stands without quotes*"
after '6s|; };|; payload = { a.b = 1; }; };|' "$CFG:6:*: syntax error: a name begins with a letter*"
after '5d' "$CFG:1:15: syntax error: this bracket is never closed*"
after '3s|target =|target|' "$CFG:3:*: syntax error: \"=\" is missing*"
mkdir "$T/etc/pfx.d"
echo 'workers = two;' >"$T/etc/pfx.d/10.cfg"
finds 78 "$T/etc/pfx.d/10.cfg:1:11: syntax error: *"
echo '@include "more"' >>"$T/etc/pfx.cfg"
printf 'workers = 2;\nlog_level = info;\n' >"$T/etc/more"
finds 78 "$T/etc/more:2:13: syntax error: *"
rm "$T/etc/pfx.cfg"
finds 78 "$CFG: No such file or directory"

# A file that does not parse hides no mistake of the others, and nothing looks wrong that it may hold.
mkdir "$T/etc/pfx.d"
echo 'workers = 65;' >"$T/etc/pfx.d/10.cfg"
echo 'log_level = info;' >"$T/etc/pfx.d/20.cfg"
echo 'socket_maps = { more = { value_feild = "x"; }; };' >"$T/etc/pfx.d/30.cfg"
tells_of 3
expect_match "the first file" "*$T/etc/pfx.d/10.cfg:1: workers: *" "$FOUND"
expect_match "the one that does not parse" "*$T/etc/pfx.d/20.cfg:1:13: syntax error: *" "$FOUND"
expect_match "the one behind it" "*$T/etc/pfx.d/30.cfg:1: socket_maps.more.value_feild: *" "$FOUND"
echo >"$T/etc/pfx.d/20.cfg"
rm "$T/etc/pfx.d/10.cfg"
tells_of 2
expect_match "what is missing" "*$T/etc/pfx.d/30.cfg:1: socket_maps.more: target is required*" "$FOUND"
mend

# What parses: file, line, key, in all sections.
after '3s|; };|; value_feild = "x"; };|' "$CFG:3: socket_maps.domains.value_feild: unknown key; *value_field?"
after '4s|; };|; url = "x"; };|' "$CFG:4: socket_maps.users.url: unknown key; the key is called target"
after '6s|; };|; default_action = "OK"; };|' "$CFG:6: policy_services.incoming.default_action: *on_error"
after '7s|; };|; ttl = "1h"; };|' "$CFG:7: dovecot_sasl.login.ttl: *stale_if_error*"
after '7s|; };|; http = { timeout = "10s"; }; };|' "$CFG:7: dovecot_sasl.login.http.timeout: *at most 9s*"
after '1s|^|workers = 65; |' "$CFG:1: workers: *0 to 64*"
rm "$T/etc/secret"
finds 78 "$CFG:2: socket_maps.defaults.http_auth_basic.file: $T/etc/secret: No such file or directory"
after '3s|; };|; tls = { root_ca = "/none.pem"; }; };|' "$CFG:3: socket_maps.domains.tls: /none.pem: *"
echo 'no key' >"$T/good/key"
chmod 600 "$T/good/key"
mend
after "4s|; };|; tls = { cert = \"$T/etc/key\"; }; };|" \
    "$CFG:4: socket_maps.users.tls: $T/etc/key: no certificate in it*"
oidc="backend_oidc_auth = { configuration_uri = \"https://id.example.com/\"; client_id = \"x\"; private_key_file ="
after "6s|; };|; $oidc \"$T/etc/key\"; }; };|" "$CFG:6: policy_services.*private_key_file: $T/etc/key: is no PEM file"
echo '-----BEGIN PRIVATE KEY-----' >"$T/good/key"
mend
after "6s|; };|; $oidc \"$T/etc/key\"; }; };|" \
    "$CFG:6: policy_services.incoming.backend_oidc_auth.private_key_file: *key: *"

# --no-files looks at none of them.
rm "$T/etc/secret"
check --no-files
expect_equal "what is found without files" "0 " "$STATUS $FOUND"
mend

# Legal, but unwise: 0, and with --strict 78.
unwise '1s|^|http = { timeout = "20s"; };|' "$CFG:7: dovecot_sasl.login: *cut to 9s*"
unwise '3s|; };|; tls = { skip_verify = true; }; };|' "$CFG:3: socket_maps.domains.tls.skip_verify: *root_ca*"
unwise '3s|https:|http:|' "$CFG:3: socket_maps.domains: target http://192.0.2.1:80: *the credentials of pfx*"
unwise '6s|https:|http:|' "$CFG:6: policy_services.incoming: target http://api.example.com:80: *what is asked*"
unwise '7s|"unix:.*:/api|"http://api.example.com/api|' "$CFG:7: dovecot_sasl.login: target *the passwords of users*"
unwise '6s|; };|; response_cache = { enabled = true; max_age = "1m"; }; };|' "$CFG:6: *cache_key*"
change pfx.cfg '3s|; };|; tls = { skip_verify = true; }; };|'
finds 78 'warning: *skip_verify: *' --strict
change pfx.cfg '6s|https:|unix:/x.sock:|'
check
expect_equal "http on this machine" "0 " "$STATUS $FOUND"
mend

# For programs, an object a line.
change pfx.cfg '3s|; };|; value_feild = "x\\"y"; };|'
check --json
expect_match "a mistake in pfx.cfg" \
    "{\"severity\":\"mistake\",\"file\":\"$CFG\",\"line\":3,\"column\":null,*\"where\":\"socket_maps.domains.*" "$FOUND"
mend
chmod o+w "$CFG"
check --json
expect_equal "a mistake with its cure" "{\"severity\":\"mistake\",\"file\":\"$CFG\",\"line\":null,\"column\":null,$(
)\"where\":null,\"text\":\"can be written by everybody, who could change what your mail does\",$(
)\"cure\":\"chmod go-w $CFG\"}" "$FOUND"
expect_equal "status" 78 "$STATUS"
mend
change pfx.cfg '3s|target =|target|'
check --json
expect_match "a syntax error" "{*\"file\":\"$CFG\",\"line\":3,\"column\":*,\"text\":\"syntax error\",\"cure\":\"*" \
    "$FOUND"
mend
echo "virtual_uid_maps = socketmap:unix:private/pfx-socketmap:users" >>"$T/etc/main.cf"
check --json
expect_match "a mistake in main.cf" "{*\"file\":\"$T/etc/main.cf\",*\"where\":\"virtual_uid_maps\",*" "$FOUND"
mend
check --json
expect_equal "nothing" "0 " "$STATUS $FOUND"

# The summary is of all files.
echo "virtual_uid_maps = socketmap:unix:private/pfx-socketmap:users" >>"$T/etc/main.cf"
timeout 60 "$B/pfxctl" -v -c "$T/etc" check >"$T/out" 2>&1 || true
expect_equal "the summary" '1 mistake, 0 warnings; pfxctl lookup, policy and auth show the rest' "$(tail -1 "$T/out")"
timeout 60 "$B/pfxctl" -c "$T/etc" check -v >"$T/out" 2>&1 || true
expect_match "check -v" '1 mistake, 0 warnings*' "$(tail -1 "$T/out")"
mend

# A key that nobody sends.
unwise '4s|users/%s|users/|' "$CFG:4: socket_maps.users.target: *no placeholder in target, payload and *"
change pfx.cfg '4s|users/%s"|users/"; payload = { key = "%s"; }|'
check
expect_equal "a key in the payload" "0 " "$STATUS $FOUND"
mend

# What is not there is not logged.
unwise '1i debug_entry = [ "login", "user" ];' \
    "$CFG: debug_entry: there is no entry \"user\": did you mean \"users\"? Write that"
unwise '1i debug_entry = "quite_another";' "$CFG: debug_entry: there is no entry \"quite_another\""

# A secret that is none, by its file.
: >"$T/etc/secret"
finds 78 "$CFG:2: socket_maps.defaults.http_auth_basic: $T/etc/secret: is empty"

# Help is no wrong usage.
for help in help -h --help 'check -h' 'check --help'; do
    # shellcheck disable=SC2086
    "$B/pfxctl" -c "$T/etc" $help >"$T/out" 2>"$T/err" || fail "$help: status $?"
    expect_match "$help" 'usage: pfxctl *check*\[--strict\]*' "$(cat "$T/out")"
    expect_equal "$help on standard error" '' "$(cat "$T/err")"
done
