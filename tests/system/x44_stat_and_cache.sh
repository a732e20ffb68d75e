#!/usr/bin/env bash
# pfxctl stat and cache: counters of known traffic as a table, as JSON and as pfx-metrics tells them, with what was
# counted since; kept answers are listed, shown and flushed while the daemons go on, and no file of theirs is made or
# resized (A8, A9).
set -eu
. "$(dirname "$0")/cache.sh"

ctl() {
    timeout 60 "$B/pfxctl" -c "$T/etc" "$@"
}
run() { # WANTED-STATUS ARGUMENTS...
    local status=0
    ctl "${@:2}" >"$T/out" 2>"$T/err" || status=$?
    expect_equal "${*:2}: status, with '$(cat "$T/err")'" "$1" "$status"
}
json() { # PERL-EXPRESSION of $e, entries by name, and $s, all of it
    perl -MJSON::PP -e '
        my $s = decode_json(do { local $/; <STDIN> });
        my $e = { map { $_->{entry} => $_ } @{$s->{entries}} };
        print eval $ARGV[0]; die $@ if $@;' "$1" <"$T/out"
}

PORT=$(instance_unused_port)
{
    data_of key "$KNOWN"
    printf '@example.com\tcatch-all\n'
} >"$T/known"
backend_at "inet:127.0.0.1:$PORT" -d "$T/known"
postfix_new
echo "policy unix - - n - 1 $(instance_command "$B/pfx-policyd")" >>"$T/etc/master.cf"
run 69 stat
expect_holds "stat before the first daemon" "/pfx-stats: not there yet: a daemon that needs it makes it" "$(<"$T/err")"
run 69 cache list
expect_holds "cache list before the first daemon" "/pfx-cache: not there yet" "$(<"$T/err")"
expect_equal "state files" '' "$(find "$T/data" -name 'pfx-*')"

map users '' 'response_cache = { max_age = "1h"; negative_max_age = "1h"; };'
map forms '' 'keys = [ "full", "catchall" ]; response_cache = { max_age = "0s"; };'
map perm 'status=401'
{
    configuration "$(cache 'enabled = true; size = "8M";')"
    cat >>"$CFG" <<END
policy_services = { greet = { target = "http://$BACKEND/greet?body=$(url '{"result":"DUNNO"}')"; value_field = "result";
    cache_key = [ "sender", "recipient" ]; response_cache = { enabled = true; max_age = "1h"; }; }; };
END
}
postfix_start
wait_for 10 answers "unix:$SOCKET" || fail "the daemon does not start"

for key in key0 key1 key1 key1 nobody@example.com; do ask users "$key" >"$T/reply"; done
ask forms user@example.com >"$T/reply"
ask perm key >"$T/reply"
policy() {
    printf 'policy_context=greet\nsender=%s\nrecipient=r@example.com\n\n' "$1" | raw_end "unix:$Q/private/policy"
}
expect_match "the policy" 'action=DUNNO*' "$(policy a@example.com)"
policy b@example.com >"$T/reply"

# Counters.
run 0 stat
table=$(cat "$T/out")
expect_equal "the entries" $'map:forms\nmap:perm\nmap:users\npolicy:greet' \
    "$(sed '1d; /^$/,$d' "$T/out" | cut -f 1 | sort)"
column() { # ENTRY COLUMN
    awk -F '\t' -v entry="$1" -v column="$2" '
        $1 == "ENTRY" { for (i = 1; i <= NF; i++) at[$i] = i }
        $1 == entry { print $at[column] }' "$T/out"
}
expect_equal "found" 4 "$(column map:users FOUND)"
expect_equal "fresh" 2 "$(column map:users FRESH)"
expect_equal "nothing" 1 "$(column map:users NONE)"
expect_equal "backend" 3 "$(column map:users BACKEND)"
expect_equal "perm" 1 "$(column map:perm PERM)"
expect_equal "failed" 1 "$(column map:perm FAILED)"
expect_match "quantile" '*[0-9]ms' "$(column map:users P99)"
expect_holds "daemons" $'\npfx-policyd\t' "$table"
expect_match "the cache" 'cache: 7 answers, 0.? of ?.? MB, 0 evictions, 0 repairs, 0 clears' "$(tail -1 "$T/out")"
run 0 stat --json
expect_equal "JSON: found" 4 "$(json '$e->{users}{found}')"
expect_equal "JSON: the times" 5 "$(json 'my $n = 0; $n += $_ for values %{$e->{users}{took_ms}}; $n')"
expect_equal "JSON: a quantile" 1 "$(json '$e->{users}{p50_ms} > 0')"
expect_equal "JSON: daemons" 2 "$(json 'scalar @{$s->{daemons}}')"
expect_equal "JSON: records" 7 "$(json '$s->{cache}{records}')"
run 0 stat --prometheus
expect_holds "Prometheus" 'section="socket_maps",entry="users",result="found"} 4' "$(cat "$T/out")"
for usage in '--json --prometheus' '--prometheus --watch' '--xml' 'users'; do
    # shellcheck disable=SC2086
    run 64 stat $usage
done

# Each second, what was counted since.
in_background "$T/watch" "$B/pfxctl" -c "$T/etc" stat --json --watch
has_objects() { # NUMBER
    [ "$(wc -l <"$T/watch")" -ge "$1" ]
}
wait_for 10 has_objects 1 || fail "watch: nothing: $(cat "$T/watch")"
ask users key1 >"$T/reply"
wait_for 10 has_objects 4 || fail "watch: not again"
kill "$JOB"
sed -n 1p "$T/watch" >"$T/out"
expect_equal "watch: all at first" 4 "$(json '$e->{users}{found}')"
since=0
for i in 2 3 4; do
    sed -n "${i}p" "$T/watch" >"$T/out"
    since=$((since + $(json '$e->{users}{found}')))
done
expect_equal "watch: since then" 1 "$since"

# What is kept.
listed() { # NAME KEY COLUMN
    awk -F '\t' -v name="$1" -v key="$2" -v column="$3" '$1 == name && $2 == key { print $column }' "$T/out"
}
run 0 cache list
expect_equal "the columns" $'NAME\tKEY\tAGE\tKIND\tSTATE\tSIZE' "$(head -1 "$T/out")"
expect_equal "lines" 8 "$(wc -l <"$T/out")"
expect_equal "kind" value "$(listed map:users key1 4)"
expect_equal "state" fresh "$(listed map:users key1 5)"
expect_equal "size" 13 "$(listed map:users key1 6)"
expect_equal "nothing" nothing "$(listed map:users nobody@example.com 4)"
expect_equal "old" stale "$(listed map:forms @example.com 5)"
expect_equal "which form was found" form "$(listed map:forms user@example.com 4)"
expect_equal "an action" action "$(listed policy:greet 'sender=a@example.com recipient=r@example.com' 4)"

# The same for programs: an object a line, and nothing of a key that would break it.
json_lines() { # PERL-EXPRESSION of $l, by section, entry and key
    perl -MJSON::PP -e '
        my $l = {};
        while (<STDIN>) { my $o = decode_json($_); $l->{"$o->{section} $o->{entry} $o->{key}"} = $o; }
        print eval $ARGV[0]; die $@ if $@;' "$1" <"$T/out"
}
ask users $'odd "\t\\' >"$T/reply"
run 0 cache list --json
expect_equal "JSON: answers" 8 "$(wc -l <"$T/out")"
expect_equal "JSON: one of them" 'age_s bytes entry key kind section state' \
    "$(json_lines 'join " ", sort keys %{$l->{"socket_maps users key1"}}')"
expect_equal "JSON: of a value" 'value fresh 13' \
    "$(json_lines 'my $o = $l->{"socket_maps users key1"}; "$o->{kind} $o->{state} $o->{bytes}"')"
expect_equal "JSON: of a policy" action \
    "$(json_lines '$l->{"policy_services greet sender=a\@example.com recipient=r\@example.com"}{kind}')"
expect_equal "JSON: an odd key" nothing "$(json_lines '$l->{q(socket_maps users odd "?) . chr(92)}{kind}')"
run 64 cache list --xml
expect_match "an option that is not known" $'pfxctl cache: unknown option --xml\nusage: *' "$(cat "$T/err")"
run 64 cache --json list

# Somebody who may not read the configuration cannot know where it all is.
chmod 600 "$CFG"
for command in stat 'cache list'; do
    status=0
    # shellcheck disable=SC2086
    setpriv --reuid=nobody --regid=nogroup --clear-groups "$B/pfxctl" -c "$T/etc" $command >"$T/out" 2>"$T/err" ||
        status=$?
    expect_equal "$command for somebody else" 77 "$status"
    expect_match "$command for somebody else" "pfxctl: $CFG: Permission denied*" "$(cat "$T/err")"
done
chmod 644 "$CFG"

run 0 cache get users key1
expect_equal "a value" value-of-key1 "$(cat "$T/out")"
run 0 -v cache get map:users KEY1
expect_match "how old it is" 'pfxctl: key1: value, * s old, fresh' "$(cat "$T/err")"
run 1 cache get users nobody@example.com
expect_match "nothing" 'pfxctl: nobody@example.com: nothing, * s old, fresh' "$(cat "$T/err")"
run 1 cache get users key2
expect_match "not kept" 'pfxctl: no answer is kept for it' "$(cat "$T/err")"
run 0 cache get forms user@example.com
expect_equal "the value of a form" catch-all "$(cat "$T/out")"
run 0 cache get greet sender=a@example.com recipient=r@example.com
expect_equal "an action" DUNNO "$(cat "$T/out")"
run 78 cache get nobody key
run 64 cache get users
run 64 cache get greet sender
run 64 cache show

# Flushing, amid a load.
inode=$(stat -c '%i %s' "$T/data/pfx-cache")
load_begin users
before=$(count '/users?key=key1')
run 0 cache flush users key1
expect_equal "one" 'flushed: 1' "$(cat "$T/out")"
wait_for 5 has_count $((before + 1)) '/users?key=key1' || fail "it is not asked anew"
run 1 cache flush users never-asked
expect_equal "none" 'flushed: 0' "$(cat "$T/out")"
run 0 cache flush policy:greet sender=a@example.com recipient=r@example.com
expect_equal "of a policy" 'flushed: 1' "$(cat "$T/out")"
run 0 cache flush forms user@example.com
expect_equal "a form, and which it was" 'flushed: 2' "$(cat "$T/out")"
run 0 cache flush map:greet
expect_equal "no such map" 'flushed: 0' "$(cat "$T/out")"
run 0 cache flush greet
expect_equal "the rest of a policy" 'flushed: 1' "$(cat "$T/out")"
load_end
expect_right "$PART"
for round in 1 2 3; do
    run 0 cache flush users
    expect_match "all of an entry" 'flushed: [1-9]*' "$(cat "$T/out")"
    ask users key1 >"$T/reply"
done
run 0 cache flush
run 0 cache list
expect_equal "nothing is left" 1 "$(wc -l <"$T/out")"

# An entry that was changed: its old answers are not served, and can still be flushed by their key.
ask users key1 >"$T/reply"
sed -i 's|/users?key=%s|/users?more\&key=%s|' "$CFG"
run 0 cache list
expect_equal "changed" 'changed entry' "$(listed map:users key1 5)"
run 1 cache get users key1
run 0 cache flush users key1
expect_equal "of a changed entry" 'flushed: 1' "$(cat "$T/out")"

expect_equal "the file" "$inode" "$(stat -c '%i %s' "$T/data/pfx-cache")"
expect_no_log 'cache: '
postfix_stop
size=$(stat -c '%i %s' "$T/data/pfx-cache")
sed -i 's/size = "8M"/size = "16M"/' "$CFG"
run 0 cache list # nobody else has it now
run 0 stat
expect_equal "the file when nobody has it" "$size" "$(stat -c '%i %s' "$T/data/pfx-cache")"
expect_equal "its owner" postfix "$(stat -c %U "$T/data/pfx-cache")"
rm "$T/data/pfx-cache" "$T/data/pfx-stats"
run 69 cache flush
run 69 stat
expect_equal "state files" '' "$(find "$T/data" -name 'pfx-*')"
