# Keys, their JWKs, and tokens signed with them, by openssl(1). Sourced behind lib.sh; keys are files of $T/keys.

mkdir -p "$T/keys"

base64url() {
    base64 -w 0 | tr '+/' '-_' | tr -d =
}

# key_new NAME ALGORITHM: a private key, $T/keys/NAME.pem, that fits.
key_new() {
    local options
    case $2 in
    RS* | PS*) options=(RSA -pkeyopt rsa_keygen_bits:2048) ;;
    ES256) options=(EC -pkeyopt ec_paramgen_curve:P-256) ;;
    ES384) options=(EC -pkeyopt ec_paramgen_curve:P-384) ;;
    ES512) options=(EC -pkeyopt ec_paramgen_curve:P-521) ;;
    EdDSA) options=(ED25519) ;;
    *) fail "no key for $2" ;;
    esac
    openssl genpkey -algorithm "${options[@]}" -out "$T/keys/$1.pem" 2>"$T/openssl.log" ||
        fail "genpkey: $(<"$T/openssl.log")"
}

public_bytes() { # NAME COUNT [BEHIND]: so many bytes of the public key, before so many at its end
    openssl pkey -in "$T/keys/$1.pem" -pubout -outform DER | tail -c $(($2 + ${3:-0})) | head -c "$2" | base64url
}

# jwk NAME ALGORITHM [KID] [MEMBERS]: the public key; KID is NAME, "" none.
jwk() {
    local public half kid=${3-$1}
    case $2 in
    RS* | PS*) public="\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"$(openssl rsa -in "$T/keys/$1.pem" -noout -modulus |
        sed 's/^Modulus=//' | perl -ne 'chomp; print pack "H*", $_' | base64url)\"" ;;
    ES*) half=$(es_bytes "$2")
        public="\"kty\":\"EC\",\"crv\":\"P-$((${2#ES} == 512 ? 521 : ${2#ES}))\""
        public+=",\"x\":\"$(public_bytes "$1" "$half" "$half")\",\"y\":\"$(public_bytes "$1" "$half")\"" ;;
    EdDSA) public="\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"$(public_bytes "$1" 32)\"" ;;
    esac
    echo "{$public,\"alg\":\"$2\"${kid:+,\"kid\":\"$kid\"}${4:+,$4}}"
}

jwks() { # JWK...
    local IFS=,
    echo "{\"keys\":[$*]}"
}

es_bytes() { # ALGORITHM: of a coordinate, and of half a signature
    case $1 in ES256) echo 32 ;; ES384) echo 48 ;; ES512) echo 66 ;; esac
}

# An ECDSA signature of openssl, a SEQUENCE of two INTEGERs, as JWS has it: both numbers with all their bytes.
raw_signature() { # BYTES
    perl -e '
        my $der = do { local $/; binmode STDIN; <STDIN> };
        my $at = ord(substr $der, 1, 1) == 0x81 ? 3 : 2;
        for (1, 2) {
            my $n = ord substr $der, $at + 1, 1;
            (my $number = substr $der, $at + 2, $n) =~ s/\A\0+//;
            print "\0" x ($ARGV[0] - length $number), $number;
            $at += 2 + $n;
        }' "$1"
}

signature() { # BYTES
    perl -0777 -ne '
        my ($r, $s) = /\A\x30(?:[\x00-\x7f]|\x81.)\x02(.)(??{ ".{" . ord($1) . "}" })/s ? () : ();
        my $at = ord(substr $_, 1, 1) == 0x81 ? 3 : 2;
        for (1, 2) {
            my $n = ord substr $_, $at + 1, 1;
            (my $number = substr $_, $at + 2, $n) =~ s/\A\0+//;
            print "\0" x ($ARGV[0] - length $number), $number;
            $at += 2 + $n;
        }' "$1"
}

signature() { # NAME ALGORITHM: of the bytes on stdin
    local key=$T/keys/$1.pem digest=sha${2#??}
    case $2 in
    RS*) openssl dgst "-$digest" -sign "$key" ;;
    PS*) openssl dgst "-$digest" -sign "$key" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest ;;
    ES*) openssl dgst "-$digest" -sign "$key" | raw_signature "$(es_bytes "$2")" ;;
    EdDSA) cat >"$T/keys/message" && openssl pkeyutl -sign -rawin -inkey "$key" -in "$T/keys/message" ;;
    esac
}

# jwt NAME ALGORITHM CLAIMS [HEADER-MEMBERS]: a token signed with that key; the members begin with a comma, and are
# the key's name unless given.
jwt() {
    local signed
    signed=$(printf '{"alg":"%s"%s}' "$2" "${4-,\"kid\":\"$1\"}" | base64url).$(printf %s "$3" | base64url)
    echo "$signed.$(printf %s "$signed" | signature "$1" "$2" | base64url)"
}

jwt_part() { # TOKEN NUMBER: the JSON of its header (1) or its claims (2)
    cut -d . -f "$2" <<<"$1" | tr -- '-_' '+/' | perl -MMIME::Base64 -ne 'print decode_base64($_)'
}

# json_members JSON NAME...: the values of these members, each behind a space; nothing for one that is not there.
json_members() {
    perl -MJSON::PP -e '
        my $json = decode_json(shift @ARGV);
        print join(" ", map { $json->{$_} // "" } @ARGV), "\n";' "$@"
}

# jwt_verifies NAME ALGORITHM TOKEN: its signature is of that key; openssl's words are in $T/openssl.log.
jwt_verifies() {
    local key=$T/keys/$1.pub message=$T/keys/message options=()
    openssl pkey -in "$T/keys/$1.pem" -pubout -out "$key"
    printf %s "${3%.*}" >"$message"
    printf %s "${3##*.}" | tr -- '-_' '+/' | perl -MMIME::Base64 -e 'print decode_base64(<STDIN>)' >"$message.raw"
    case $2 in
    EdDSA) openssl pkeyutl -verify -rawin -pubin -inkey "$key" -in "$message" -sigfile "$message.raw" ;;
    PS*) openssl dgst "-sha${2#PS}" -verify "$key" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
        -signature "$message.raw" "$message" ;;
    ES*) perl -0777 -ne '
            sub number { (my $n = $_[0]) =~ s/\A\0+//; $n = "\0$n" if ord($n) > 127; return pack "C C/a", 2, $n; }
            my $half = length($_) / 2;
            my $all = number(substr $_, 0, $half) . number(substr $_, $half);
            print length($all) > 127 ? pack("C C C/a", 48, 129, $all) : pack("C C/a", 48, $all);' \
            "$message.raw" >"$message.der"
        openssl dgst "-sha${2#ES}" -verify "$key" -signature "$message.der" "$message" ;;
    RS*) openssl dgst "-sha${2#RS}" -verify "$key" -signature "$message.raw" "$message" ;;
    esac >"$T/openssl.log" 2>&1
}
