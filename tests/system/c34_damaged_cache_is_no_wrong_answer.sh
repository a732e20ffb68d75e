#!/usr/bin/env bash
# A table that is cut short, foreign, of another layout or scribbled on, found at the start or while it is used:
# answers go on and are right, at most one line tells of it, and answers are kept again (A5).
set -eu
. "$(dirname "$0")/cache.sh"

ASAN_OPTIONS=$ASAN_OPTIONS:handle_sigbus=0 # a file cut short while it is mapped costs a worker, as it may
kept_postfix "workers = 1; $(cache 'size = "1M";')"
HEAD=80 # libpfx/shm.h, struct shm_head, and a bit more

# scribble FROM [SPARED...]: random bytes from there to the end, but for the locks at the places spared.
scribble() {
    perl -e '
        my ($path, $from, @spared) = @ARGV;
        srand(1);
        open(my $f, "+<:raw", $path) or die;
        for my $spared (@spared, -s $path) {
            my $bytes = int(($spared - $from) / 4) * 4;
            seek($f, $from, 0);
            print $f pack("L*", map { rand(2**32) } 1 .. $bytes / 4);
            $from = $spared + 40;
        }' "$STATE_FILE" "$@"
}
cut_to_nothing() { : >"$STATE_FILE"; }
cut_in_half() { truncate -s $(($(stat -c %s "$STATE_FILE") / 2)) "$STATE_FILE"; }
made_longer() { truncate -s +1M "$STATE_FILE"; }
foreign() { seq 100000 >"$STATE_FILE"; }
other_layout() { printf '\377' | dd of="$STATE_FILE" bs=1 seek=16 conv=notrunc status=none; }
scribbled_all_over() { scribble 0; }
scribbled_behind_the_head() { scribble $HEAD; }
scribbled_but_for_the_locks() {
    local places
    mapfile -t places < <(lock_places)
    scribble $HEAD "${places[@]}"
}
removed() { rm -f "$STATE_FILE"; }
lines() {
    grep -c 'cache: ' "$LOG" || true
}

# expect_service WHEN LINES: right answers, which are kept again, and at most so many lines.
expect_service() {
    local key
    for key in key other "of-$1" "of-$1"; do
        expect_equal "$1: $key" "value-of-$key" "$(postfix_query fresh "$key")"
    done
    expect_count 1 "/fresh?key=of-$1"
    [ "$(($(lines) - told))" -le "$2" ] || fail "$1: $(grep 'cache: ' "$LOG")"
}
stopped() { # what is in the log by then was told before
    postfix_stop
    told=$(lines)
}
for damage in cut_to_nothing cut_in_half made_longer foreign other_layout scribbled_all_over scribbled_behind_the_head \
    removed; do
    stopped
    $damage
    postfix_start
    expect_service "stopped_and_$damage" 1
    expect_equal "$damage: owner and mode" "postfix 600" "$(stat -c '%U %a' "$STATE_FILE")"
done

# What is no file of ours is not touched, and memory serves instead where it cannot be replaced.
echo precious >"$T/precious"
stopped
rm "$STATE_FILE"
ln -s "$T/precious" "$STATE_FILE"
postfix_start
expect_service linked 1
expect_equal "what the link led to" precious "$(<"$T/precious")"
stopped
rm "$STATE_FILE"
mkdir "$STATE_FILE"
postfix_start
expect_service directory 1
expect_log 'warning: cache: .*pfx-cache.*; answers are kept in memory only'
stopped
rmdir "$STATE_FILE"
postfix_start
expect_service gone_again 0

# While the daemon runs. All parts of the table are touched first: a worker may end as it is about to keep an answer.
while_running() { # DAMAGE [LINE]
    told=$(lines)
    $1
    for key in key other {1..40}; do
        expect_equal "$1: $key" "value-of-$key" "$(postfix_query fresh "$key")"
    done
    expect_service "running_and_$1" 1
    [ -z "${2:-}" ] || expect_log "warning: cache: $2"
}
while_running scribbled_but_for_the_locks 'damaged, cleared'
while_running cut_in_half 'the file was cut short'
while_running removed
told=$(lines)
new_generation postfix_reload
expect_service reload 1

# With the locks damaged nothing is kept until the next start, but answers are right.
scribbled_all_over
for key in key other new new; do
    expect_equal "scribbled all over: $key" "value-of-$key" "$(postfix_query fresh "$key")"
done
stopped
postfix_start
expect_service after_all_that 0
expect_no_log 'signal (6|11)'
postfix_stop
