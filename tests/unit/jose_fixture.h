/*
 * Keys and signatures that the RFCs print, in base64url; private keys as OpenSSL makes them, as PEM.
 *
 * Source: RFC 7515 appendix A, RFC 7520 section 4 (JOSE_BILBO_...), RFC 8037 appendix A.
 */
#ifndef PFX_JOSE_FIXTURE_H
#define PFX_JOSE_FIXTURE_H

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base64.h"
#include "crypto.h"
#include "unit.h"

#define JOSE_MAX_BYTES 4096
#define JOSE_E "AQAB"
#define JOSE_CLAIMS \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define JOSE_SENTENCE \
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUg" \
    "cm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0" \
    "IGJlIHN3ZXB0IG9mZiB0by4"

#define JOSE_RSA_N \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR" \
    "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB" \
    "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia" \
    "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define JOSE_RS256_HEADER "eyJhbGciOiJSUzI1NiJ9"
#define JOSE_RS256_SIGNATURE \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9" \
    "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB" \
    "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq" \
    "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

#define JOSE_P256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define JOSE_P256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define JOSE_P256_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define JOSE_ES256_HEADER "eyJhbGciOiJFUzI1NiJ9"
#define JOSE_ES256_SIGNATURE \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

#define JOSE_P521_X "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk"
#define JOSE_P521_Y "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"
#define JOSE_ES512_HEADER "eyJhbGciOiJFUzUxMiJ9"
#define JOSE_ES512_PAYLOAD "UGF5bG9hZA"
#define JOSE_ES512_SIGNATURE \
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCA" \
    "PZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"

#define JOSE_ED25519_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define JOSE_ED25519_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define JOSE_EDDSA_HEADER "eyJhbGciOiJFZERTQSJ9"
#define JOSE_EDDSA_PAYLOAD "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define JOSE_EDDSA_SIGNATURE \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

#define JOSE_BILBO "bilbo.baggins@hobbiton.example"
#define JOSE_BILBO_RSA_N \
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRB" \
    "SFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD" \
    "1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_" \
    "qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"
#define JOSE_BILBO_RS256_HEADER "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"
#define JOSE_BILBO_RS256_SIGNATURE \
    "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi8" \
    "4wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocS" \
    "adnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJu" \
    "shZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"
#define JOSE_BILBO_PS384_HEADER "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"
#define JOSE_BILBO_PS384_SIGNATURE \
    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItl" \
    "lVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0" \
    "TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0" \
    "uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"
#define JOSE_BILBO_ES512_HEADER "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"
#define JOSE_BILBO_P521_X \
    "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt"
#define JOSE_BILBO_P521_Y \
    "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"
#define JOSE_BILBO_ES512_SIGNATURE \
    "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_" \
    "sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"

#define JOSE_HS256_HEADER "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define JOSE_HS256_SIGNATURE "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define JOSE_NONE_HEADER "eyJhbGciOiJub25lIn0"

/* Decoded, in guarded memory that lives as long as the test. */
static inline struct span fixture_decoded(struct span text)
{
    char bytes[JOSE_MAX_BYTES];
    size_t n;

    ck_assert_msg(base64_url_decode(bytes, sizeof(bytes), text, &n) && n <= sizeof(bytes), "base64url");
    return unit_guarded(bytes, n);
}

enum fixture_pem { FIXTURE_PKCS8, FIXTURE_TRADITIONAL, FIXTURE_PKCS8_ENCRYPTED, FIXTURE_TRADITIONAL_ENCRYPTED,
                   FIXTURE_PUBLIC };

static inline int fixture_write_pem(BIO *file, EVP_PKEY *pkey, enum fixture_pem format)
{
    static unsigned char password[] = "secret";
    const int n = (int)sizeof(password) - 1;

    switch (format) {
    case FIXTURE_PKCS8:
        return PEM_write_bio_PKCS8PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL);
    case FIXTURE_TRADITIONAL:
        return PEM_write_bio_PrivateKey_traditional(file, pkey, NULL, NULL, 0, NULL, NULL);
    case FIXTURE_PKCS8_ENCRYPTED:
        return PEM_write_bio_PKCS8PrivateKey(file, pkey, EVP_aes_128_cbc(), (char *)password, n, NULL, NULL);
    case FIXTURE_TRADITIONAL_ENCRYPTED:
        return PEM_write_bio_PrivateKey_traditional(file, pkey, EVP_aes_128_cbc(), password, n, NULL, NULL);
    default:
        return PEM_write_bio_PUBKEY(file, pkey);
    }
}

/* In guarded memory that lives as long as the test. */
static inline struct span fixture_pem(EVP_PKEY *pkey, enum fixture_pem format)
{
    BIO *file = BIO_new(BIO_s_mem());
    char *bytes;

    ck_assert_int_eq(fixture_write_pem(file, pkey, format), 1);
    long n = BIO_get_mem_data(file, &bytes);
    struct span pem = unit_guarded(bytes, (size_t)n);
    BIO_free(file);
    return pem;
}

static inline struct crypto_key *fixture_key(EVP_PKEY *pkey, enum fixture_pem format)
{
    const char *why = "no reason";
    struct crypto_key *key = crypto_key_of_pem(fixture_pem(pkey, format), &why);
    ck_assert_msg(key != NULL, "%s", why);
    return key;
}

/* A key that was never there before. */
enum fixture_kind { FIXTURE_RSA, FIXTURE_P256, FIXTURE_P384, FIXTURE_P521, FIXTURE_ED25519, FIXTURE_KINDS };

static inline EVP_PKEY *fixture_generate(enum fixture_kind kind)
{
    static const char *const curves[FIXTURE_KINDS] = { [FIXTURE_P256] = "P-256", [FIXTURE_P384] = "P-384",
                                                       [FIXTURE_P521] = "P-521" };
    if (kind == FIXTURE_RSA)
        return EVP_RSA_gen(CRYPTO_RSA_MIN_BITS);
    if (kind == FIXTURE_ED25519)
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return EVP_EC_gen(curves[kind]);
}

#endif
