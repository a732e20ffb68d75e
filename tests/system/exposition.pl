#!/usr/bin/perl
# Reads Prometheus's text format 0.0.4 from standard input, more strictly than Prometheus does; prints each mistake.
# Exit: 0 without one, and with samples.
use strict;
use warnings;

my (%type, %help, %closed, %value, %series);
my ($family, $samples, $mistakes, $at) = ('', 0, 0, 0);

sub mistake {
    print "line $at: @_\n";
    $mistakes++;
}

sub begin {
    my ($name) = @_;
    return if $name eq $family;
    $closed{$family} = 1;
    $family = $name;
    mistake("$name again: its lines do not stand together") if $closed{$name};
}

# The family that a sample belongs to: those of a histogram have names of their own.
sub family_of {
    my ($name) = @_;
    return $1 if $name =~ /^(.*)_(?:bucket|sum|count)\z/ && ($type{$1} // '') eq 'histogram';
    return $name;
}

sub labels_of {
    my ($text) = @_;
    my (%labels, @order);
    while ($text =~ /\G([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|\z)/gc) {
        mistake("label $1 twice") if exists $labels{$1};
        mistake("label $1 is reserved") if $1 =~ /^__/;
        $labels{$1} = $2;
    }
    mistake("labels '$text'") if (pos($text) // 0) != length $text;
    return %labels;
}

sub sample {
    my ($name, $text, $value) = @_;
    my $of = family_of($name);
    my %labels = labels_of($text);
    begin($of);
    mistake("$name has no TYPE before it") if !exists $type{$of};
    mistake("value '$value'") if $value !~ /^[0-9]+(?:\.[0-9]+)?\z/;
    my $le = delete $labels{le};
    mistake("$name with le") if defined $le && $name !~ /_bucket\z/;
    my $key = "$of|" . join(',', map { "$_=$labels{$_}" } sort keys %labels);
    my $whole = "$name|$key|" . ($le // '');
    mistake("$name again with the same labels") if exists $value{$whole};
    $value{$whole} = $value;
    $samples++;
    return if ($type{$of} // '') ne 'histogram';
    push @{$series{$key}{le}}, [$le, $value] if $name =~ /_bucket\z/;
    $series{$key}{$1} = $value if $name =~ /_(sum|count)\z/;
}

while (my $line = <STDIN>) {
    $at = $.;
    mistake("no line feed at the end") if $line !~ s/\n\z//;
    mistake("no UTF-8") if !utf8::decode(my $copy = $line);
    if ($line =~ /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)\z/) {
        my ($what, $name, $text) = ($1, $2, $3);
        my $known = $what eq 'HELP' ? \%help : \%type;
        begin($name);
        mistake("$what of $name twice") if exists $known->{$name};
        mistake("TYPE of $name without HELP before it") if $what eq 'TYPE' && !exists $help{$name};
        mistake("TYPE $text") if $what eq 'TYPE' && $text !~ /^(?:counter|gauge|histogram)\z/;
        $known->{$name} = $text;
        mistake("$name does not begin with pfx_") if $name !~ /^pfx_/;
    } elsif ($line =~ /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\S+)\z/) {
        sample($1, $2 // '', $3);
    } else {
        mistake("'$line'");
    }
}
$at = 'behind the last';
for my $name (keys %type) {
    my $ends = $name =~ /_total\z/;
    mistake("counter $name does not end in _total") if $type{$name} eq 'counter' && !$ends;
    mistake("$type{$name} $name ends in _total") if $type{$name} ne 'counter' && $ends;
}
for my $key (keys %series) {
    my ($count, $last, $bound) = (0, undef, -1);
    for my $bucket (@{$series{$key}{le}}) {
        ($last, my $number) = @$bucket;
        mistake("$key: le $last") if $last ne '+Inf' && ($last !~ /^[0-9.]+\z/ || $last <= $bound);
        mistake("$key: le $last is less than the one before") if $number < $count;
        ($count, $bound) = ($number, $last eq '+Inf' ? 9e99 : $last);
    }
    mistake("$key: the last le is no +Inf") if ($last // '') ne '+Inf';
    mistake("$key: count is not that of +Inf") if ($series{$key}{count} // -1) != $count;
    mistake("$key: no sum") if !defined $series{$key}{sum};
}
mistake("no samples") if $samples == 0;
exit($mistakes == 0 ? 0 : 1);
