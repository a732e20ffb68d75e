#!/usr/bin/env bash
# After a reboot, which the boot id in the head of the file tells of, locks are made anew and answers are kept (A5).
set -eu
. "$(dirname "$0")/cache.sh"

kept_postfix
backend_kill
BOOT_AT=32 # libpfx/shm.h, struct shm_head
boot=$(</proc/sys/kernel/random/boot_id)
boot_in_file() {
    dd if="$STATE_FILE" bs=1 skip="$BOOT_AT" count=36 status=none
}
postfix_stop
expect_equal "the boot id in the file" "$boot" "$(boot_in_file)"

# As if the machine had stopped amid the work: another boot, and each lock of the table held by a process of it.
STRIPES=16 # libpfx/cache.h
mapfile -t locks < <(lock_places)
expect_equal "locks" "$STRIPES" "${#locks[@]}"
perl -e '
    my ($path, $boot_at, @locks) = @ARGV;
    open(my $f, "+<:raw", $path) or die;
    for (@locks) { seek($f, $_, 0); print $f pack("l4", 1234, 0, 1234, 1); }
    seek($f, $boot_at, 0);
    print $f "01234567-89ab-cdef-0123-456789abcdef";
' "$STATE_FILE" "$BOOT_AT" "${locks[@]}"
postfix_start
expect_kept "after a reboot"
expect_equal "the boot id in the file" "$boot" "$(boot_in_file)"
expect_equal "lines about the cache" "" "$(grep 'cache: ' "$LOG" || true)"
postfix_stop
