#!/usr/bin/perl
# OpenID providers for tests, which do what no real one can be made to do.
#
#   provider.pl DIRECTORY PORT
#
# DIRECTORY/NAME is the provider http://127.0.0.1:PORT/NAME. Its endpoints are "configuration" (at .well-known/
# openid-configuration), "token", "introspection" and "keys". Files of DIRECTORY/NAME, read for each request:
#
#   script    lines "ENDPOINT WORD VALUE":
#               delay MS            before the answer;  hang 1  there is none
#               status N            this status and {"error":"scripted"} instead of the answer
#               set MEMBER JSON     a member of the answer; null: not there
#               bytes N             token: how long an access token is
#               body TEXT           all of the answer;  type MIME  its Content-Type
#   tokens    introspection: lines TOKEN TAB JSON; an unknown one is answered {"active":false}
#   keys      the answer of that endpoint; without the file 404
#   requests  is written, a line "ENDPOINT TAB AUTHORIZATION TAB FORM TAB CONNECTION" for each request as it comes;
#             connections are numbered from 1
#
# The Nth request for a token gets NAME-N, for 300 s, whoever asks; nobody is authenticated. SIGTERM ends it.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use Time::HiRes qw(time);

my ($directory, $port) = @ARGV;
my $json = JSON::PP->new->utf8->allow_nonref->canonical;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128, ReuseAddr => 1)
    or die "cannot listen: $@\n";
my %clients;    # by descriptor: socket, number, in, and due with out while an answer is waited for
my $connections = 0;
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { exit 0 };

sub contents {
    my ($path) = @_;
    open my $file, '<', $path or return;
    local $/;
    return scalar <$file>;
}

sub decoded {
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

# The lines of the script for that endpoint: word => value, and set => { member => value }.
sub script_of {
    my ($provider, $endpoint) = @_;
    my %script = (set => {});
    for (split /\n/, contents("$directory/$provider/script") // '') {
        my ($where, $word, $value) = split / /, $_, 3;
        next if ($where // '') ne $endpoint;
        if ($word eq 'set') {
            my ($member, $text) = split / /, $value, 2;
            $script{set}{$member} = $json->decode($text);
        } else {
            $script{$word} = $value;
        }
    }
    return \%script;
}

# Remembers the request; how many there were for that endpoint.
sub record {
    my ($provider, $endpoint, @more) = @_;
    my $path = "$directory/$provider/requests";
    open my $file, '>>', $path or die "$path: $!\n";
    syswrite $file, join("\t", $endpoint, @more) . "\n";
    close $file;
    return scalar grep { /^\Q$endpoint\E\t/ } split /\n/, contents($path);
}

sub configuration {
    my ($provider) = @_;
    my $issuer = "http://127.0.0.1:$port/$provider";
    return {
        issuer => $issuer,
        token_endpoint => "$issuer/token",
        introspection_endpoint => "$issuer/introspection",
        jwks_uri => "$issuer/keys"
    };
}

sub new_token {
    my ($provider, $script, $count) = @_;
    my $token = "$provider-$count";
    $token .= 'x' while length $token < ($script->{bytes} // 0);
    return { access_token => $token, token_type => 'Bearer', expires_in => 300 };
}

sub introspection {
    my ($provider, $form) = @_;
    my ($token) = map { decoded($_) } $form =~ /(?:\A|&)token=([^&]*)/;
    for (split /\n/, contents("$directory/$provider/tokens") // '') {
        my ($known, $answer) = split /\t/, $_, 2;
        return $json->decode($answer) if $known eq ($token // '');
    }
    return { active => JSON::PP::false };
}

# Status and body.
sub answer {
    my ($provider, $endpoint, $script, $form, $count) = @_;
    return ($script->{status}, '{"error":"scripted"}') if $script->{status};
    return (200, $script->{body}) if defined $script->{body};
    if ($endpoint eq 'keys') {
        my $keys = contents("$directory/$provider/keys");
        return defined $keys ? (200, $keys) : (404, '');
    }
    my $answer = $endpoint eq 'configuration' ? configuration($provider)
        : $endpoint eq 'token' ? new_token($provider, $script, $count)
        : introspection($provider, $form);
    %$answer = (%$answer, %{ $script->{set} });
    delete @$answer{ grep { !defined $answer->{$_} } keys %$answer };
    return (200, $json->encode($answer));
}

# Takes a whole request off what came, and says when it is answered with what.
sub take_request {
    my ($client) = @_;
    $client->{in} =~ /\A(\S+) (\S+) [^\r\n]*\r\n(.*?)\r\n\r\n/s or return;
    my ($url, $headers, $head_bytes) = ($2, "$3\r\n", $+[0]);
    my ($length) = $headers =~ /^content-length:\s*(\d+)/mi;
    return if length $client->{in} < $head_bytes + ($length // 0);
    my $form = substr $client->{in}, $head_bytes, $length // 0;
    substr($client->{in}, 0, $head_bytes + ($length // 0)) = '';
    my ($authorization) = $headers =~ /^authorization:\s*(.*?)\r$/mi;
    my ($provider, $endpoint) = $url =~ m{\A/(\w+)/(token|introspection|keys|\.well-known/openid-configuration)\z};
    my ($status, $body, $script) = (404, '', {});
    if ($provider && -d "$directory/$provider") {
        $endpoint =~ s{.*/openid-}{};
        $script = script_of($provider, $endpoint);
        my $count = record($provider, $endpoint, $authorization // '', $form, $client->{number});
        ($status, $body) = answer($provider, $endpoint, $script, $form, $count);
    }
    my $type = $script->{type} // 'application/json';
    $client->{out} = "HTTP/1.1 $status Scripted\r\nContent-Type: $type\r\nContent-Length: " . length($body) .
        "\r\n\r\n$body";
    $client->{due} = $script->{hang} ? 9**9**9 : time + ($script->{delay} // 0) / 1000;
}

sub read_from {
    my ($client) = @_;
    my $n = sysread $client->{socket}, $client->{in}, 65536, length $client->{in};
    delete $clients{ fileno $client->{socket} } if !$n;
    take_request($client) if $n && !defined $client->{due};
}

sub write_to {
    my ($client) = @_;
    delete $client->{due};
    while ($client->{out} ne '') {
        my $n = syswrite $client->{socket}, $client->{out} or last;
        substr($client->{out}, 0, $n) = '';
    }
    take_request($client);
}

print "listens\n";
close STDOUT;
for (;;) {
    my ($ready, $wait) = ('', undef);
    for (values %clients) {
        vec($ready, fileno $_->{socket}, 1) = 1;
        next if !defined $_->{due};
        my $left = $_->{due} > time ? $_->{due} - time : 0;
        $wait = $left if $left < 9**9 && (!defined $wait || $left < $wait);
    }
    vec($ready, fileno $listener, 1) = 1;
    select $ready, undef, undef, $wait;
    write_to($_) for grep { defined $_->{due} && $_->{due} <= time } values %clients;
    read_from($_) for grep { vec $ready, fileno $_->{socket}, 1 } values %clients;
    next if !vec $ready, fileno $listener, 1;
    my $socket = $listener->accept or next;
    $clients{ fileno $socket } = { socket => $socket, number => ++$connections, in => '' };
}
