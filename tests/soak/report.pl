#!/usr/bin/env perl
# report.pl DIRECTORY: what a soak was like, as text, from what soak.sh has left in the directory; exit status 0 if
# everything holds. A line that begins with "FAILED" is what does not.
use strict;
use warnings;

my $directory = shift @ARGV or die "usage: report.pl DIRECTORY\n";
my $GROWTH_MAX_KB = 512;      # of private memory in the quiet phase: what allocation and fragments may do
my $SHORT_GROWTH_MAX_KB = 2048; # in less than
my $SHORT_MINUTES = 2;        # caches and pools still fill
my $WINDOW_MINUTES = 0.25; # shorter than between two outages of services
my $WARM_UP = 0.25;           # of the quiet phase, in which they do
my $TCP_MAX = 70;             # 32 connections to each of two backends, and some that were just closed
my $ZOMBIE_MAX_S = 3;         # until a parent has buried a worker
my %SECTION = (maps => 'socket_maps', policies => 'policy_services', logins => 'dovecot_sasl');
my @PROTOCOLS = qw(maps policies logins);
my $failures = 0;

sub lines {
    open my $file, '<', "$directory/$_[0]" or return ();
    chomp(my @lines = <$file>);
    return @lines;
}

sub say_line { print @_, "\n"; }

sub check {
    my ($holds, $text) = @_;
    $failures++ if !$holds;
    say_line($holds ? '' : 'FAILED ', $text);
}

# --- What the files say

my (%fact, @notes, @phases, @states);
for (lines('facts')) {
    if    (/^note (.*)/)                    { push @notes, $1; }
    elsif (/^phase (\S+) (\d+) (\d+)/)      { push @phases, { name => $1, begin => $2, end => $3 }; }
    elsif (/^fact state (.*)/)              { push @states, $1; }
    elsif (/^fact (\S+) (.*)/)              { $fact{$1} = $2; }
}
my %phase = map { $_->{name} => $_ } @phases;
my $at = 0;
for (lines('load')) {
    if (/^end ([\d.]+)/) { $phases[$at++]{seconds} = $1; next; }
    next if $_ eq 'left';
    my ($protocol, %count) = split /[ =]/;
    $phases[$at]{$protocol} = \%count;
}

sub samples {
    return map {
        my %s;
        @s{qw(time pid parent program role age dirty fds tcp shared)} = split ' ';
        \%s;
    } lines($_[0]);
}

# scrape(FILE): a function that gives the sum of the samples with a name and these labels.
sub scrape {
    my @samples = map { /^([^ {]+)(?:\{(.*)\})? (\S+)$/ ? [ $1, $2 // '', $3 ] : () } lines("scrape.$_[0]");
    return sub {
        my ($name, %label) = @_;
        my $sum = 0;
        SAMPLE: for (@samples) {
            next if $_->[0] ne $name;
            for my $key (keys %label) {
                next SAMPLE if $_->[1] !~ /(?:^|,)\Q$key\E="(?:$label{$key})"/;
            }
            $sum += $_->[2];
        }
        return $sum;
    };
}

# --- Answers

sub sum_of { my ($name, @counts) = @_; my $sum = 0; $sum += $_->{$name} for @counts; return $sum; }

sub tell_phase {
    my ($p) = @_;
    my @counts = map { $p->{$_} } @PROTOCOLS;
    say_line(sprintf '%-9s %6.0f s, %d questions, %.0f a second', $p->{name}, $p->{seconds}, sum_of('requests', @counts),
        sum_of('requests', @counts) / $p->{seconds});
    for my $protocol (@PROTOCOLS) {
        my $c = $p->{$protocol};
        my $right = $c->{found} + $c->{nothing} + $c->{denied};
        check($c->{wrong} == 0 && $c->{lost} == 0 && $right > 0,
            sprintf '  %-8s right %d, temporary %d, wrong %d, lost %d (by a kill %d), anew %d, left %d; '
                . 'p50 %.1f p99 %.1f max %.0f ms', $protocol, $right, @$c{qw(temp wrong lost lost_killed retried vanished)},
            map { $c->{$_} / 1000 } qw(p50_us p99_us max_us));
    }
}

sub tell_answers {
    tell_phase($phase{$_}) for qw(storm reloads quiet);
    my @unjudged = map { my $p = $_; map { $p->{$_} } @PROTOCOLS } grep { $_->{name} =~ /^settle/ } @phases;
    check(sum_of('wrong', @unjudged) + sum_of('lost', @unjudged) == 0, 'between the phases: ' .
        sum_of('requests', @unjudged) . ' questions, none wrong, none lost');
    my @calm = map { $phase{reloads}{$_} } @PROTOCOLS;
    check(sum_of('temp', @calm) == 0, 'temporary answers while healthy services are reloaded: ' . sum_of('temp', @calm));
    check($fact{load_status} == 0, "exit status of the generator: $fact{load_status}");
    my (%real, @wrong);
    for (lines('real')) {
        $real{$1}{$2}++ if /^real (\S+) (right|temp|wrong)/;
        push @wrong, $_ if / wrong: /;
    }
    check(!@wrong && 3 == grep({ $real{$_}{right} } keys %real), 'real postmap and smtpd: ' . join ', ',
        map { sprintf '%s right %d, temporary %d', $_, $real{$_}{right} // 0, $real{$_}{temp} // 0 } sort keys %real);
    say_line("  $_") for @wrong[0 .. ($#wrong < 4 ? $#wrong : 4)];
}

# --- Counters

# In a phase without kills each answer is counted once; one that nobody waited for, or was asked again, may be too.
sub check_counters {
    my ($name) = @_;
    my ($before, $after) = (scrape("$name.before"), scrape("$name.after"));
    my @odd;
    for my $protocol (@PROTOCOLS) {
        my $c = $phase{$name}{$protocol};
        my %got = (found => $c->{found}, notfound => $c->{nothing}, denied => $c->{denied}, 'temp|timeout|perm' => $c->{temp});
        my $more = $c->{vanished} + $c->{retried};
        for my $result (keys %got) {
            my @labels = (section => $SECTION{$protocol}, entry => '(?!mail")[a-z]*', result => $result);
            my $counted = $after->('pfx_requests_total', @labels) - $before->('pfx_requests_total', @labels);
            push @odd, "$protocol $result: $counted counted, $got{$result} seen, $more may differ"
                if $counted < $got{$result} || $counted > $got{$result} + $more;
        }
    }
    my $total = $after->('pfx_requests_total');
    my $timed = $after->('pfx_request_duration_seconds_count');
    my $flying = $after->('pfx_requests_in_flight', entry => '(?!mail")[a-z]*');
    push @odd, "$total requests, $timed in the histogram" if $name eq 'quiet' && abs($total - $timed) > $fact{kills};
    push @odd, "$flying in flight" if $flying != 0;
    check(!@odd, "counters of $name: " . (@odd ? join('; ', @odd) : 'they are those of the clients'));
}

sub tell_counters {
    check_counters($_) for qw(reloads quiet);
    my $last = scrape('quiet.after');
    my ($malformed, $damage) = ($last->('pfx_malformed_requests_total'), $last->('pfx_cache_clears_total'));
    check($malformed == 0 && $damage == 0, "malformed requests $malformed, cache cleared $damage times, repaired " .
        $last->('pfx_cache_repairs_total'));
    my ($generations, $started) = map { $last->($_, daemon => 'pfx-socketmap') }
        qw(pfx_generations_total pfx_workers_started_total);
    check($generations > $fact{reloads} && $started >= 2 * $generations, "reloads $fact{reloads}, workers killed " .
        "$fact{kills}, outages $fact{outages}; pfx-socketmap: generations $generations, workers started $started");
}

# --- Processes

# KB a minute: the median of the rises within $WINDOW_MINUTES. A leak grows in each window; a pool in one, when it meets
# a new peak because all clients wait for a service that is away.
sub slope {
    my @points = @_;
    my $window = ($points[-1][0] - $points[0][0]) / 2;
    $window = $WINDOW_MINUTES if $window > $WINDOW_MINUTES;
    my ($end, @rises) = (0);
    for my $p (@points) {
        $end++ while $end < $#points && $points[$end][0] - $p->[0] < $window;
        my $minutes = $points[$end][0] - $p->[0];
        push @rises, ($points[$end][1] - $p->[1]) / $minutes if $minutes > 0 && $minutes >= $window;
    }
    @rises = sort { $a <=> $b } @rises;
    return @rises == 0 ? 0 : $rises[ @rises / 2 ];
}

# The memory of each process that lived through all of the quiet phase.
sub tell_memory {
    my $quiet = $phase{quiet};
    my $from = $quiet->{begin} + $WARM_UP * ($quiet->{end} - $quiet->{begin});
    my (%points, %about, %seen);
    for my $s (samples('samples')) {
        next if $s->{time} < $from || $s->{role} !~ /^(parent|worker)$/;
        push @{ $points{ $s->{pid} } }, [ ($s->{time} - $from) / 60, $s->{dirty} ];
        $about{ $s->{pid} } = $s;
    }
    my $minutes = ($quiet->{end} - $from) / 60;
    my $growth_max = $minutes < $SHORT_MINUTES ? $SHORT_GROWTH_MAX_KB : $GROWTH_MAX_KB;
    for my $pid (sort keys %points) {
        my @p = @{ $points{$pid} };
        my $slope = slope(@p);
        my $s = $about{$pid};
        $seen{ $s->{program} }++;
        check(@p >= 3 && $slope * $minutes <= $growth_max, sprintf
            '  %-14s %-6s %5.0f s old, %3d descriptors: %5d KB, at last %5d KB, slope %+.1f KB a minute', $s->{program},
            $s->{role}, $s->{age}, $s->{fds}, $p[0][1], $p[-1][1], $slope);
    }
    check(4 == keys %seen, sprintf 'that was memory, private and written to, over %.1f minutes of quiet', $minutes);
}

sub tell_processes {
    my (%had, %now, @odd, %zombie, %shared);
    for (samples('samples.before')) {
        my $kind = "$_->{program} $_->{role}";
        $had{$kind} = $_->{fds} if $_->{fds} > ($had{$kind} // 0);
        $now{$kind}--;
    }
    my @after = samples('samples.after');
    for (@after) {
        my $kind = "$_->{program} $_->{role}";
        $now{$kind}++;
        push @odd, "$kind $_->{pid}: $_->{fds} descriptors, $had{$kind} before" if $_->{fds} > ($had{$kind} // 0);
    }
    push @odd, map { "$_: $now{$_} more than before" } grep { $now{$_} != 0 } keys %now;
    check(@odd == 0 && @after > 0, 'processes and descriptors after the load: ' .
        (@odd ? join '; ', @odd : join ', ', map { "$_ $had{$_}" } sort keys %had));
    my ($tcp, $fds, $late, %stays) = (0, 0, 0);
    my $drained = $phase{settle_again}{end};
    for my $s (samples('samples')) {
        if ($s->{role} eq 'zombie') {
            $zombie{ $s->{pid} } //= $s->{time};
            $stays{ $s->{pid} } = "$s->{program} $s->{pid} of $s->{parent}"
                if $s->{time} - $zombie{ $s->{pid} } > $ZOMBIE_MAX_S;
            next;
        }
        $late++ if $s->{role} eq 'orphan' && $s->{time} > $drained;
        $tcp = $s->{tcp} if $s->{tcp} > $tcp;
        $fds = $s->{fds} if $s->{fds} > $fds;
        $shared{ $s->{pid} }{ $s->{shared} } = 1 if $s->{age} > 2;
    }
    check($tcp <= $TCP_MAX, "connections to backends of a worker: at most $tcp; other descriptors: at most $fds");
    check(!%stays && !$late, join ', ', 'zombies that stay: ' . keys %stays, values %stays,
        "old workers after drain_time: $late");
    my $grown = grep { keys %{ $shared{$_} } > 1 } keys %shared;
    check($grown == 0 && $states[0] eq $states[-1], "shared memory that grew: $grown processes; pfx-cache and pfx-stats: " .
        "$states[-1] bytes, before $states[0]");
}

sub tell_log {
    my @log = lines('maillog');
    my @bad = grep { m{/pfx-[a-z]+\[\d+\]: (fatal|panic)|smtpd\[\d+\]: (fatal|panic)|master\[.*(throttling|exit status|killed)} } @log;
    check(!@bad, 'log: ' . @log . ' lines, fatal or panic: ' . @bad);
    say_line("  $_") for map { substr $_, 0, 200 } @bad[0 .. ($#bad < 4 ? $#bad : 4)];
    my %deaths;
    /pfx-[a-z]+\[\d+\]: warning: worker \d+ (killed by signal \d+|exit status \d+)/ and $deaths{$1}++ for @log;
    check(!grep({ $_ ne 'killed by signal 9' } keys %deaths), 'workers that died: ' .
        join ', ', map { "$_: $deaths{$_}" } sort keys %deaths);
    check(!@notes, 'nothing else failed' . join '', map { "; $_" } @notes);
    say_line("  $_") for lines('load.err');
}

my $all = $phases[-1]{end} - $phases[0]{begin};
say_line(sprintf 'pfx soak: %d minutes %d s, 500 connections, seed %s', int($all / 60), $all % 60, $fact{seed});
say_line($fact{versions});
tell_answers();
tell_counters();
tell_memory();
tell_processes();
tell_log();
say_line($failures == 0 ? 'everything holds' : "$failures do not hold");
exit($failures == 0 ? 0 : 1);
