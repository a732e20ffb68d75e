#!/usr/bin/env bash
# With http.proxy the proxy is asked, unless no_proxy names the host; the environment does not count (A3, http).
set -eu
. "$(dirname "$0")/lib.sh"

# A proxy that answers by itself and tells what it was asked; whom it is asked to CONNECT to, it connects to.
perl -MSocket -MIO::Socket::INET -e '
    my ($address, $requests) = @ARGV; $/ = "\r\n\r\n"; $SIG{CHLD} = "IGNORE";
    sub copy { my ($from, $to) = @_; while (sysread($from, my $in, 65536)) { syswrite($to, $in) } shutdown($to, 1) }
    socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
    bind($s, sockaddr_in(0, INADDR_LOOPBACK)) && listen($s, 5) or die;
    open(my $out, ">", $address) or die;
    print $out (sockaddr_in(getsockname $s))[0], "\n"; close $out;
    while (accept(my $client, $s)) {
        my $head = <$client>;
        open($out, ">>", $requests) or die; print $out $head; close $out;
        if ($head =~ /^CONNECT (\S+)/) {
            next if fork;
            my $server = IO::Socket::INET->new($1) or exit;
            syswrite($client, "HTTP/1.1 200 OK\r\n\r\n");
            fork ? copy($client, $server) : copy($server, $client);
            exit;
        }
        my $body = q({"result":"from the proxy"});
        syswrite($client, "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body");
        close $client;
    }' "$T/proxy.port" "$T/requests" &
STARTED+=($!)
wait_for 10 test -s "$T/proxy.port" || fail "no proxy"
proxy=127.0.0.1:$(<"$T/proxy.port")

backend_start -l inet:127.0.0.1:0
plain=$BACKEND
map direct ''
map proxied '' "http = { proxy = \"http://$proxy\"; };"
map excepted '' "http = { proxy = \"http://$proxy\"; no_proxy = [\"127.0.0.1\"]; };"
"$TOP/tests/certs.sh" "$T/certs" >"$T/certs.log" 2>&1 || fail "certs.sh: $(tail -3 "$T/certs.log")"
backend_start -l tls:127.0.0.1:0 -T "$T/certs/good.pem" -K "$T/certs/good.key"
entry tunnelled "target = \"https://$BACKEND/get/%s?\"; tls = { root_ca = \"$T/certs/ca.pem\"; };
    http = { proxy = \"http://$proxy\"; };"
entry elsewhere "target = \"http://host.invalid/get/%s\"; http = { proxy = \"http://user:word@$proxy\"; };"
entry replaced "target = [\"https://host.invalid/get/%s\", \"http://$plain/get/%s\"];
    http = { proxy = \"http://$proxy\"; no_proxy = [\"127.0.0.1\"]; };"
configuration
export http_proxy=http://$proxy HTTP_PROXY=http://$proxy all_proxy=http://$proxy
pfx_standalone

expect_reply direct key 'OK value-of-key'
expect_reply excepted key 'OK value-of-key'
! [ -e "$T/requests" ] || fail "the proxy is asked without reason: $(<"$T/requests")"
expect_reply proxied key 'OK from the proxy'
expect_holds "the request to the proxy" "GET http://$plain/proxied?key=key HTTP/1.1" "$(<"$T/requests")"
expect_reply elsewhere key 'OK from the proxy' # which resolves the name
expect_holds "the request to the proxy" 'GET http://host.invalid/get/key HTTP/1.1' "$(<"$T/requests")"
expect_holds "the request to the proxy" "Proxy-Authorization: Basic $(printf user:word | base64)" "$(<"$T/requests")"
expect_no_log 'user:word'
expect_reply tunnelled key 'OK value-of-key' # which only the backend can tell: the proxy does not learn the path
expect_holds "the request to the proxy" "CONNECT $BACKEND HTTP/1.1" "$(<"$T/requests")"
expect_reply replaced key 'OK value-of-key' # the next target is asked when the proxy reaches none
expect_holds "the request to the proxy" 'CONNECT host.invalid:443 HTTP/1.1' "$(<"$T/requests")"
expect_equal "requests to the proxy" 4 "$(grep -c '^[A-Z]* .* HTTP/1.1' "$T/requests")"
pfx_stop
