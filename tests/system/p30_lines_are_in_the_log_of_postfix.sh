#!/usr/bin/env bash
# With maillog_file the daemon's lines are in Postfix's log file, without it in syslog (A9).
set -eu
. "$(dirname "$0")/postfix.sh"
need_mount_namespace

own_dev
perl -MSocket -e '
    socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_un("/dev/log")) or die;
    chmod 0666, "/dev/log";
    open(my $out, ">", $ARGV[0]) or die;
    select($out); $| = 1;
    while (defined recv($s, my $line, 8192, 0)) { $line =~ s/\0$//; print "$line\n"; }' "$T/syslog" &
STARTED+=($!)
wait_for 10 test -e "$T/syslog" || fail "no syslog"

backend_start -l inet:127.0.0.1:0
postfix_new
map permanent 'status=401'
configuration
postfix_start
postfix_query permanent 'evil'$'\n''key' || true
expect_log '^[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]{8} mail postfix/pfx-socketmap\[[0-9]+\]: .*0\.1\.0'
expect_log '^[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]{8} mail postfix/pfx-socketmap\[[0-9]+\]: warning: .*permanent'
expect_no_log '^key'
expect_no_log pfx-socketmap "$T/syslog"
postfix_stop

sed -i '/^maillog_file/d' "$T/etc/main.cf"
postfix_main 'syslog_name = other'
: >"$LOG"
postfix_start
postfix_query permanent key || true
# Priority: facility mail, 2 << 3, with info 6 and warning 4.
expect_log '^<22>[^<]* other/pfx-socketmap\[[0-9]+\]: .*0\.1\.0' "$T/syslog"
expect_log '^<20>[^<]* other/pfx-socketmap\[[0-9]+\]: warning: .*permanent' "$T/syslog"
expect_no_log pfx-socketmap
