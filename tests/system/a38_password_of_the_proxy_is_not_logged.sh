#!/usr/bin/env bash
# Whatever is wrong with a proxy, the log does not hold its password (A9).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0 -l silent:127.0.0.1:0
down=127.0.0.1:$(instance_unused_port)
odd=()
proxied() { # NAME USER-AND-PASSWORD [ADDRESS]: by a proxy that does not work, to a target that no other has
    entry "$1" "target = \"http://$1.invalid/?key=%s\";
        http = { proxy = $(quoted "http://$2@${3:-$down}"); timeout = \"2s\"; };"
    odd+=("$1")
}
proxied down 'user:SECRET'
proxied silent 'user:SECRET' "${BACKENDS[1]}"
proxied none_of_that_name 'user:SECRET' 'proxy.invalid:3128'
proxied name_with_underscore 'user:SECRET' 'no_such_proxy.invalid:3128'
proxied encoded 'us%40er:SECRET%2F%3A%40%23%3F'
proxied delimiters "user:SECRET!\$&'()*+,;=~._-"
proxied colons 'user:SECRET:SECRET::'
proxied control 'user:SECRET%01%1F%7F'
proxied line_break 'user:SECRET%0D%0AX-Evil:%201'
proxied nul 'user:SECRET%00SECRET'
proxied not_utf8 'user:SECRET%FF%C3'
proxied no_user ':SECRET'
proxied long "user:SECRET$(printf 'x%.0s' {1..900})"
proxied slash 'user:SECRET/x' # these are mistakes in the entry
proxied at 'user:SECRET@x'
proxied space 'user:SECRET x'
proxied hash 'user:SECRET#x'
proxied half_encoded 'user:SECRET%4'
proxied utf8 'user:SECRETä'
proxied no_port 'user:SECRET' 127.0.0.1
configuration 'log_level = "debug";'
pfx_standalone -v -v

for name in "${odd[@]}"; do
    expect_reply "$name" key 'T@(EMP|IMEOUT) *'
    expect_log "(error|warning): .*$name"
done
expect_no_log 'SECRET|dXNlcjpTRUNS' # nor is it there in base64
pfx_stop
