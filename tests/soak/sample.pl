#!/usr/bin/env perl
# sample.pl MASTER: one line for each process of pfx in master's process group, and for each zombie in it:
#   SECONDS PID.STARTED PARENT PROGRAM ROLE AGE DIRTY-KB DESCRIPTORS TCP SHARED-KB
# ROLE: parent, a child of master; worker, a child of such a parent; orphan, a worker whose parent has left; zombie.
# STARTED: in ticks since the machine has, because process ids come again. DIRTY-KB: private memory that was written to; TCP: descriptors of TCP sockets, which do not count as DESCRIPTORS;
# SHARED-KB: the room of shared mappings. A process that ends meanwhile is left out.
use strict;
use warnings;
no warnings "portable"; # addresses have 64 bits
use POSIX ();
use Time::HiRes ();

my $master = shift @ARGV or die "usage: sample.pl MASTER\n";
my $hertz = POSIX::sysconf(POSIX::_SC_CLK_TCK());

sub contents {
    open my $file, '<', $_[0] or return '';
    local $/;
    return <$file> // '';
}

my %tcp; # inodes
for my $line (split /\n/, contents('/proc/net/tcp')) {
    my @fields = split ' ', $line;
    $tcp{"socket:[$fields[9]]"} = 1;
}

sub figures {
    my ($pid) = @_;
    my ($dirty) = contents("/proc/$pid/smaps_rollup") =~ /^Private_Dirty:\s+(\d+)/m or return;
    opendir my $fds, "/proc/$pid/fd" or return;
    my @targets = map { readlink("/proc/$pid/fd/$_") // '' } grep { /^\d/ } readdir $fds;
    my $tcp = grep { $tcp{$_} } @targets;
    my ($shared, $maps) = (0, contents("/proc/$pid/maps"));
    $shared += hex($2) - hex($1) while $maps =~ /^([0-9a-f]+)-([0-9a-f]+) ..[x-]s/mg;
    return ($dirty, @targets - $tcp, $tcp, $shared / 1024);
}

my %found;
for my $path (glob '/proc/[0-9]*/stat') {
    my ($pid, $name, $rest) = contents($path) =~ /^(\d+) \((.*)\) (.*)/s or next;
    my @fields = split ' ', $rest; # from the state on, which is the third of proc(5)
    next if $fields[2] != $master || ($name !~ /^pfx-/ && $fields[0] ne 'Z');
    $found{$pid} = { name => $name, parent => $fields[1], is_zombie => $fields[0] eq 'Z',
                     started => $fields[19] };
}
my ($uptime) = split ' ', contents('/proc/uptime');
for my $pid (sort { $a <=> $b } keys %found) {
    my $p = $found{$pid};
    my $above = $found{$p->{parent}};
    my $role = $p->{is_zombie} ? 'zombie' : $p->{parent} == $master ? 'parent' : $above ? 'worker' : 'orphan';
    my @figures = $p->{is_zombie} ? (0, 0, 0, 0) : figures($pid) or next;
    printf "%.1f %d.%d %d %s %s %.1f %d %d %d %d\n", Time::HiRes::time(), $pid, $p->{started}, $p->{parent},
        $p->{name}, $role, $uptime - $p->{started} / $hertz, @figures;
}
