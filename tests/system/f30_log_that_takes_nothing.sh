#!/usr/bin/env bash
# No /dev/log, or no postlogd: nobody waits for it, answers go on, and lines come again when it is there again (A9).
set -eu
. "$(dirname "$0")/faults.sh"
need_mount_namespace
own_dev

backend_start -l inet:127.0.0.1:0
three_postfix well
three well "http://$BACKEND/well?key=%s"
three_configuration 'workers = 1;'
postfix_start

# A login that gives a line.
refused() {
    dialogue "a login that is refused" "unix:$SOCKETS/pfx-saslbridge" 'hello 2' \
        "send $(auth 7 PLAIN AAAA)" 'like FAIL.*'
}
asks() {
    three_see well
    refused
    expect_equal "postmap" value-of-key "$(postfix_query well key)"
}
row no_postlogd
mv "$Q/public/postlog" "$T/postlog"
asks
watch_three
kill -9 "${WATCHED[@]}" # others begin without it
asks
watch_three
again 20 asks
mv "$T/postlog" "$Q/public/postlog"
refused
logged
postfix_stop

row no_dev_log
sed -i '/^maillog_file/d' "$T/etc/main.cf"
postfix_start
asks
watch_three
again 20 asks
perl -MSocket -e '
    socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_un("/dev/log")) or die;
    chmod 0666, "/dev/log";
    open(my $out, ">>", $ARGV[0]) or die;
    select($out); $| = 1;
    print "bound\n";
    while (defined recv($s, my $line, 8192, 0)) { $line =~ s/\0$//; print "$line\n"; }' "$LOG" &
STARTED+=($!)
expect_log '^bound'
kill -HUP "${WATCHED[0]}"
asks # which makes master start another
logged
expect_all_rows
