#!/usr/bin/env perl
# The examples of pfx.cfg in README.md and in manual pages, each whole in a file of its own.
# Usage: examples.pl DIRECTORY FILE...
# An example is a literal block with a line of libconfig in it: what follows "# pfx.cfg" there if that stands in it, else
# all of it. What begins with an entry is one of socket_maps, and what begins with a key stands where the page says so.
use strict;
use warnings;

my $uri = 'configuration_uri = "https://id.example.com/.well-known/openid-configuration";';
my $client = "$uri client_id = \"postfix\";";
my %around = (
    target => 'socket_maps = { example = { @ }; };',
    private_key_file => "socket_maps = { example = {
        target = \"https://mail.example.com/\"; backend_oidc_auth = { $client @ }; }; };",
    sasl_oidc_auth => 'dovecot_sasl = { example = { @ }; };',
    validation => "dovecot_sasl = { example = { sasl_oidc_auth = { $client audience = \"mail\"; @ }; }; };",
);
my $sections = qr/^(?:socket_maps|policy_services|dovecot_sasl|http|tls|response_cache) = \{/m;

my $directory = shift;
for my $path (@ARGV) {
    open my $file, '<', $path or die "$path: $!\n";
    my ($block, $line, $commands) = ('', 0, 0);
    while (<$file>) {
        if ($line == 0) {
            $line = $. if /^\.Bd -literal|^cat >>.*<<'END'$/ || (/^```$/ && !$commands);
            $commands = /^```sh$/ if /^```/;
            $block = '';
        } elsif (/^(?:\.Ed|END|```)$/) {
            put($path, $line, $block);
            $line = 0;
        } else {
            $block .= $_;
        }
    }
}

sub put {
    my ($path, $line, $text) = @_;
    return unless $text =~ /^\s*[a-z_]+ = (?:.*[{;]|\[.*,)$/m;
    return if $text =~ /^name = value;$/m; # the grammar
    $text =~ s/.*^# pfx\.cfg\n//ms and $text =~ s/^# main\.cf\n.*//ms;
    $text =~ s/# configuration_uri.* as above/$uri account_claim = "sub";/;
    if ($text !~ $sections) {
        my ($key) = $text =~ /^\s*([a-z_]+) =/m;
        my $whole = $around{$key} // "socket_maps = {\n@\n};";
        $whole =~ s/@/$text/;
        $text = $whole;
    }
    (my $name = "$path.$line") =~ tr{/}{_};
    open my $out, '>', "$directory/$name.cfg" or die "$directory/$name.cfg: $!\n";
    print $out $text;
    close $out or die "$directory/$name.cfg: $!\n";
}
