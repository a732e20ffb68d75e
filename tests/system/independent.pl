# A backend that has nothing in common with pfx, neither code nor library. It reads requests as strictly as their
# grammars are, and answers {"result": the key that it has read, in hex, or what is wrong with the request}.
#
#   perl independent.pl PORTFILE
#
# All requests of one path have the same headers, but for what is in them of the key, of its size or of the request.
# GET /_count/PATH: how many there were.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;

my $string = qr/"(?:[^"\\\x00-\x1f]++|\\["\\\/bfnrt]|\\u[0-9A-Fa-f]{4})*+"/;    # RFC 8259
my $escaped = qr/(?:[A-Za-z0-9._~-]++|%[0-9A-Fa-f]{2})*+/;                      # RFC 3986
my $token = qr/[!#\$%&'*+.^_`|~0-9A-Za-z-]+/;                                   # RFC 9110

# What a request looks like: its first line, the header X-Key, the body; and how the key in it is read.
my %shape = (
    in_string     => [qr/^POST \/in_string\n\n\{"key": ($string), "admin": false\}\z/,                     \&of_json],
    in_group      => [qr/^POST \/in_group\n\n\{\s*"key"\s*:\s*($string)\s*,\s*"admin"\s*:\s*false\s*\}\z/, \&of_json],
    in_form       => [qr/^POST \/in_form\n\nkey=($escaped)&admin=no\z/,                                    \&of_url],
    in_path       => [qr/^GET \/in_path\/($escaped)\/end\?admin=no\n\n\z/,                                 \&of_url],
    in_query      => [qr/^GET \/in_query\?key=($escaped)&admin=no\n\n\z/,                                  \&of_url],
    in_header     => [qr/^GET \/in_header\n<([^\r\n\0]*)>\n\z/,                                            \&as_it_is],
    all_in_group  => [qr/^POST \/all_in_group\n\n\{\s*"keys"\s*:\s*(\[$string\])\s*\}\z/,                  \&of_json],
    all_in_form   => [qr/^POST \/all_in_form\n\nkeys=($escaped)&admin=no\z/,                               \&of_array],
    all_in_header => [qr/^GET \/all_in_header\n(\[$string\])\n\z/,                                         \&of_json],
);

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64) or die "listen: $!";
my $authority = '127.0.0.1:' . $listener->sockport;
my (%count, %usual, %input);

sub as_it_is {
    return $_[0];
}

sub of_url {
    my ($text) = @_;
    $text =~ s/%(..)/chr hex $1/ge;
    return $text;
}

# A string, or an array of one.
sub of_json {
    my $value = JSON::PP->new->utf8->allow_nonref->decode($_[0]);
    my $text = ref $value ? $value->[0] : $value;
    utf8::encode($text);
    return $text;
}

sub of_array {
    my $text = of_url(@_);
    return $text =~ /^\[$string\]\z/ ? of_json($text) : die "no array\n";
}

# By name in lower case; nothing when one is malformed or stands twice.
sub read_headers {
    my %headers;
    for (@_) {
        /^($token):[ \t]*([^\r\n\0]*?)[ \t]*\z/ && !exists $headers{lc $1} or return;
        $headers{lc $1} = $2;
    }
    return \%headers;
}

sub answer_to {
    my ($line, $headers, $body) = @_;
    return $count{$1} // 0 if $line =~ /^GET \/_count\/(\w+)\z/;
    my ($name) = $line =~ /^\w+ \/(\w+)/ or return 'no such path';
    my %same = (%$headers, map { exists $headers->{$_} ? ($_ => 1) : () } qw(x-key x-request-id content-length));
    my $same = join ', ', map { "$_: $same{$_}" } sort keys %same;

    $count{$name}++;
    return 'wrong Host' unless ($headers->{host} // '') eq $authority;
    return "other headers: $same" unless $same eq ($usual{$name} //= $same);
    return 'no such path' unless $shape{$name};
    my ($shape, $read) = @{$shape{$name}};
    my ($key) = join("\n", $line, $headers->{'x-key'} // '', $body) =~ $shape or return 'not what it should be';
    return eval { unpack 'H*', $read->($key) } // "unreadable: $@";
}

# Answers the whole request that the input of a connection begins with. False: there is none, or it was the last.
sub serve {
    my ($socket) = @_;
    my ($head, $rest) = $input{$socket} =~ /^(.*?)\r\n\r\n(.*)\z/s or return 0;
    my ($first, @lines) = split /\r\n/, $head, -1;
    my ($line) = $first =~ /^($token [!-~]+) HTTP\/1\.1\z/;
    my $headers = read_headers(@lines);
    my $size = $headers->{'content-length'} // 0;
    my $is_whole = defined $line && $headers && $size =~ /^\d+\z/ && !exists $headers->{'transfer-encoding'};

    return 0 if $is_whole && length $rest < $size;
    my $answer = !$is_whole ? 'no request' : answer_to($line, $headers, substr $rest, 0, $size);
    my $text = JSON::PP->new->encode({ result => $answer });
    my $is_last = !$is_whole || lc($headers->{connection} // '') eq 'close';
    $input{$socket} = substr $rest, $size if $is_whole;
    print {$socket} "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ", length $text, "\r\n",
        $is_last ? "Connection: close\r\n" : '', "\r\n", $text;
    $socket->flush;
    return $is_last ? hang_up($socket) : 1;
}

my $all = IO::Select->new($listener);

sub hang_up {
    my ($socket) = @_;
    delete $input{$socket};
    $all->remove($socket);
    close $socket;
    return 0;
}

open my $port, '>', $ARGV[0] or die "$ARGV[0]: $!";
print {$port} $listener->sockport, "\n";
close $port;
local $SIG{PIPE} = 'IGNORE';
while (my @ready = $all->can_read) {
    for my $socket (@ready) {
        if ($socket == $listener) {
            my $new = $listener->accept or next;
            $input{$new} = '';
            $all->add($new);
        } elsif (sysread $socket, $input{$socket}, 65536, length $input{$socket}) {
            1 while exists $input{$socket} && serve($socket);
        } else {
            hang_up($socket);
        }
    }
}
