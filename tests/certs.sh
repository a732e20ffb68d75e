#!/bin/sh
# certs.sh DIR: a throw-away CA and what it signs, as NAME.pem and NAME.key in DIR (EC P-256).
#   ca, other-ca   two authorities that do not know each other
#   good           localhost, backend.test, 127.0.0.1, ::1
#   wrongname      elsewhere.test
#   expired        the names of good, over since 2001
#   selfsigned     the names of good, signed by nobody else
#   client         a client's certificate
set -eu
umask 077
[ $# -eq 1 ] || { echo "usage: certs.sh DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
names=DNS:localhost,DNS:backend.test,IP:127.0.0.1,IP:::1
days=30
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# quiet COMMAND...: its words only when it fails.
quiet() {
    "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

# sections NAMES: the configuration of every command below.
sections() {
    cat << END
[req]
distinguished_name = dn
[dn]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $1
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[ca]
default_ca = issuer
[issuer]
certificate = ca.pem
private_key = ca.key
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
END
}

# own NAME SECTION NAMES: a key, and a certificate that it signs itself.
own() {
    sections "$3" > "$work/conf"
    quiet openssl req -config "$work/conf" -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
        -keyout "$1.key" -out "$1.pem" -days "$days" -subj "/CN=$1" -extensions "$2"
}

# issue NAME SECTION NAMES START END: a key, and a certificate that ca signs.
issue() {
    sections "$3" > "$work/conf"
    quiet openssl req -config "$work/conf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
        -keyout "$1.key" -out "$work/request" -subj "/CN=$1"
    quiet openssl ca -config "$work/conf" -batch -notext -in "$work/request" -out "$1.pem" \
        -extensions "$2" -startdate "$4" -enddate "$5"
}

: > "$work/index"
from=$(date -u -d yesterday +%Y%m%d%H%M%SZ)
to=$(date -u -d "$days days" +%Y%m%d%H%M%SZ)
own ca authority "$names"
own other-ca authority "$names"
own selfsigned server "$names"
issue good server "$names" "$from" "$to"
issue wrongname server DNS:elsewhere.test "$from" "$to"
issue expired server "$names" 20000101000000Z 20010101000000Z
issue client client "$names" "$from" "$to"
