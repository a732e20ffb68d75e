#!/usr/bin/env bash
# chroot = y: the lines for postlogd carry local time, though /etc/localtime is out of reach there (A9).
set -eu
. "$(dirname "$0")/postfix.sh"
need_mount_namespace

echo 'Zone Test 5:30 - TEST' >"$T/zone"
zic -d "$T/zoneinfo" "$T/zone"
mount --bind "$T/zoneinfo/Test" /etc/localtime
expect_equal "the zone of this test" +0530 "$(env -u TZ date +%z)"

backend_start -l inet:127.0.0.1:0
postfix_new
sed -i '/^pfx-socketmap/s/.*/pfx-socketmap unix - - y - 1 '"${PFX_COMMAND//\//\\/}"'/' "$T/etc/master.cf"
mkdir -p "$Q/proc" "$Q$T" # what the sanitizers need inside
mount -t proc proc "$Q/proc"
mkdir -m 1777 "$Q$T/sanitizer"
map map 'status=500'
configuration
postfix_start

minute() {
    LC_ALL=C env -u TZ date '+%b %e %H:%M'
}
before=$(minute)
expect_match "an answer out of the chroot" '*temporary error*' "$(postfix_query map key)"
expect_log 'pfx-socketmap\[[0-9]+\]: warning: map=map, '
after=$(minute)
for line in 'started' 'warning: map=map'; do
    expect_match "the time of a line: $line" "@($before|$after):[0-9][0-9] *" \
        "$(grep "pfx-socketmap\[[0-9]*\]: $line" "$LOG" | head -1)"
done
expect_equal "the root of the daemon" "$Q" "$(readlink "/proc/$(pfx_parent)/root")"
postfix_stop
umount "$Q/proc"
