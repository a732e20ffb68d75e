#!/usr/bin/env bash
# Other lines of master.cf: an inet service, another maxproc, options behind the command, and spawn(8) (A2).
set -eu
. "$(dirname "$0")/postfix.sh"

backend_start -l inet:127.0.0.1:0
postfix_new
map map ''
configuration
cp "$CFG" "$T/etc/other.cfg"
chmod 644 "$T/etc/other.cfg"
port=$(instance_unused_port)
cat >>"$T/etc/master.cf" <<END
127.0.0.1:$port inet n - n - 1 $PFX_COMMAND
pfx-several unix - - n - 3 $PFX_COMMAND
pfx-options unix - - n - 1 $PFX_COMMAND -v -D -C $T/etc/other.cfg -w 1 -o syslog_name=special -o anything=x
pfx-root    unix - n n - 1 $PFX_COMMAND
pfx-spawned unix - n n - 0 spawn user=nobody argv=$(public_copy) -C $T/etc/other.cfg
END
postfix_main 'export_environment = MAIL_CONFIG TZ LANG PFX_TEST ASAN_OPTIONS UBSAN_OPTIONS'
postfix_start

for address in "inet:127.0.0.1:$port" "unix:$Q"/private/{pfx-socketmap,pfx-several,pfx-options,pfx-root,pfx-spawned}; do
    expect_equal "an answer at $address" 'OK value-of-key' "$(ask_at "$address" map key)"
done
expect_log 'warning: .*pfx-several.*maxproc'
expect_no_log 'warning: .*(pfx-options|pfx-root|:'"$port"').*maxproc'
expect_log ' special/pfx-socketmap\[[0-9]+\]: '

status=0
postmap -c "$T/etc" -q key "socketmap:inet:127.0.0.1:$port:map" >"$T/out" 2>&1 || status=$?
expect_equal "postmap by TCP" 'value-of-key 0' "$(cat "$T/out") $status"
expect_no_log 'partial status|throttling|exit status'

# All of them end with Postfix, the spawned one with its client.
postfix_stop
spawned_gone() {
    [ -z "$(pfx_processes)" ]
}
wait_for 5 spawned_gone || fail "left: $(pfx_processes)"
