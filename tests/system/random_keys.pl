# Asks a socketmap for random keys, and compares what a backend has read (independent.pl) with what it should have.
#
#   perl random_keys.pl SOCKET SEED COUNT ENTRY...
#
# Prints for each entry its name and how many keys had to reach the backend. Dies at the first wrong reply.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($path, $seed, $count, @entries) = @ARGV;
my %socket = map { $_ => IO::Socket::UNIX->new($path) // die "$path: $!\n" } @entries;
my %asked = map { $_ => 0 } @entries;
srand $seed;

# The Unicode Standard, table 3-7.
my $utf8 = qr/[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}
    |\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/x;

my @marks = (
    '"', '\\', '\\"', '\\u0022', '\\u0000', '{', '}', '[', ']', ',', ':', '","admin":true,"x":"', 'null', "'", '`',
    '&', '=', '&admin=yes', '?', '#', ';', '+', ' ', '  ', '<', '>', '|', '^', '~', '*', '$', '!', '(', ')', '@', '-',
    '%', '%%', '%s', '%u', '%1', '%{keys}', '{{ .Key }}', '{key}', 'http://', '//', 'HTTP/1.1', 'X-Evil: 1', 'a', '0',
    "\t", "\x01", "\x1b", "\x1f", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xef\xbf\xbf",
);
my @percents = ('%', '%2e', '%2E', '%2f', '%5c', '%00', '%0d%0a', '%25', '%252e', '%41', '%u0041', '%c0%af', '%g', 'a');
my @steps = ('.', '.', '..', '/', '/', '\\', '%2e', '%2f', 'a', '@', '...');
my @ends = ("\r", "\n", "\r\n", "\r\n\r\n", "\r\nX-Evil: 1", "\r\nGET / HTTP/1.1\r\n", '"', 'a');
my @broken = ("\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\xaf",
    "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3\xa9", "\xf4\x8f\xbf\xbf", 'a');

sub some { # UP-TO PIECE...
    my $most = shift;
    return join '', map { $_[rand @_] } 0 .. rand $most;
}

sub code_point {
    my $point = 1 + int rand((0x7f, 0x7ff, 0xffff, 0x10fffe)[rand 4]);
    $point = 0xfffd if ($point & 0xfffff800) == 0xd800;    # half of a surrogate pair
    my $text = chr $point;
    utf8::encode($text);
    return $text;
}

my @kinds = (
    sub { join '', map { chr(1 + int rand 255) } 0 .. rand 12 },
    sub { join '', map { code_point() } 0 .. rand 12 },
    sub { some(2, @broken) },
    sub { some(8, @marks) },
    sub { some(6, @percents) },
    sub { some(6, @steps) },
    sub { some(3, @ends, code_point()) },
    sub { some(3, @marks, code_point()) . '@' . some(3, 'example', '.', '-', 'de', code_point()) },
    sub { some(2, @marks, code_point()) x (1 + rand 300) },
);

sub expected {
    my ($entry, $key) = @_;
    return 'NOTFOUND ' unless $key =~ /^(?:$utf8)++\z/;
    return 'NOTFOUND ' if $entry eq 'in_path' && grep { /^\.\.?\z/ } split /[\/\\]/, $key, -1;
    return 'PERM '     if $entry eq 'in_header' && $key =~ /[\r\n]/;
    return 'OK ' . unpack 'H*', $key;
}

sub reply {
    my ($socket) = @_;
    local $/ = ':';
    my ($size) = (<$socket> // '') =~ /^(\d+):\z/;
    my $text = '';
    read $socket, $text, $size + 1 if defined $size;
    return $text =~ s/,\z// && length $text == $size ? $text : 'no reply';
}

for my $key ('plain', '', map { $kinds[rand @kinds]->() } 1 .. $count) {
    for my $entry (@entries) {
        my $request = "$entry $key";
        $socket{$entry}->print(length $request, ':', $request, ',');
        $socket{$entry}->flush;
    }
    for my $entry (@entries) {
        my ($wanted, $got) = (expected($entry, $key), reply($socket{$entry}));
        $asked{$entry}++ if $wanted =~ /^OK/;
        my $is_right = $wanted eq 'PERM ' ? $got =~ /^PERM / : $got eq $wanted;
        die "seed $seed: $entry, key in hex ", unpack('H*', $key), ": wanted '$wanted', got '$got'\n" unless $is_right;
    }
}
print "$_ $asked{$_}\n" for @entries;
