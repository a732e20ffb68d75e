#!/usr/bin/env bash
# A state_directory on a full disk, on a disk that is full later, and on one that cannot be written: answers go on, and
# no process dies of it; space of the files is taken at once, so that there is no SIGBUS later (A5).
set -eu
. "$(dirname "$0")/faults.sh"
need_mount_namespace

backend_start -l inet:127.0.0.1:0
mkdir "$T/disk"
three kept "http://$BACKEND/kept?key=%s"

# disk NAME SIZE [OPTION]: an own disk, and the daemons with their state on it.
disk() {
    row "$1"
    mount -t tmpfs -o "mode=1777,size=$2" pfx-test "$T/disk"
    [ -z "${3:-}" ] || mount -o "remount,$3" "$T/disk"
    three_configuration "workers = 1; state_directory = \"$T/disk\"; $(cache 'size = "4M"; max_age = "1h";')"
    three_start kept
}
end() {
    logged
    expect_no_log 'killed by signal'
    three_stop
    umount "$T/disk"
}
many() {
    local line
    line=$(load "unix:$T/pfx-socketmap" kept -n 3000 -k 3000 -c 8 -e value-of-) || fail "load: $line"
    expect_none "$line" lost wrong temp perm timeout notfound
    three_see kept key7
}

disk disk_full 512K
again 3 many
end

disk disk_read_only 16M ro
again 3 many
end

disk disk_full_later 16M
for file in "$T/disk"/pfx-*; do
    read -r bytes blocks <<<"$(stat -c '%s %b' "$file")"
    [ $((blocks * 512)) -ge "$bytes" ] || fail "$file: $blocks blocks of $bytes bytes"
done
cat /dev/zero >"$T/disk/fill" 2>"$T/full" || true
expect_log 'No space left' "$T/full"
again 3 many
before=$(count /kept)
many
expect_at_most "requests for what is kept" 100 $(($(count /kept) - before))
# More entries than there is room for counters, after a reload.
for i in {1..300}; do
    three "more$i" "http://$BACKEND/more?key=%s"
done
three_configuration "workers = 1; state_directory = \"$T/disk\"; $(cache 'size = "4M"; max_age = "1h";')"
kill -HUP "${PIDS[@]}"
three_reloaded() {
    [ "$(map_answer more300 key)" = 'OK value-of-key' ]
}
wait_for 10 three_reloaded || fail "not reloaded"
many
end
expect_all_rows
