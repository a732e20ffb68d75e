#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "jose_fixture.h"
#include "token_fixture.h"

#define HALF_BYTES 32 /* of a signature by P-256: r, then s */
#define DER_MAX_BYTES (2 * (HALF_BYTES + 3) + 2)
#define NOT_ACCEPTED "the algorithm (alg) is not one of those that are accepted"
#define NOT_BASE64 "the signature is not base64url"
#define BITS_STEP 7

#define JOE_PARTS(header, signature) UNIT_BYTES(header "." JOSE_CLAIMS "." signature)
#define JOE_EXPIRES_MS 1300819380000
#define JOE_KEYS \
    TOKEN_KEYS("{\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"" JOSE_E "\"}," \
               TOKEN_EC_JWK("P-256", JOSE_P256_X, JOSE_P256_Y, "") "," \
               "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" JOSE_ED25519_X "\"}")

static const struct claims_settings joe = { .any_audience = true, .accounts = "iss" };

static const struct {
    const char *name;
    struct span token;
    int64_t now_ms;
    enum token result;
    const char *text;
} vectors[] = {
    { "RFC 7515 A.2, RS256", JOE_PARTS(JOSE_RS256_HEADER, JOSE_RS256_SIGNATURE), JOE_EXPIRES_MS - 1, TOKEN_GOOD,
      "joe" },
    { "RFC 7515 A.3, ES256", JOE_PARTS(JOSE_ES256_HEADER, JOSE_ES256_SIGNATURE), JOE_EXPIRES_MS - 1, TOKEN_GOOD,
      "joe" },
    { "RFC 7515 A.2, expired", JOE_PARTS(JOSE_RS256_HEADER, JOSE_RS256_SIGNATURE), JOE_EXPIRES_MS, TOKEN_REFUSED,
      "the token has expired (exp)" },
    { "RFC 7515 A.2 with the signature of A.3", JOE_PARTS(JOSE_RS256_HEADER, JOSE_ES256_SIGNATURE),
      JOE_EXPIRES_MS - 1, TOKEN_REFUSED, TOKEN_WRONG },
    { "RFC 7515 A.1, HS256", JOE_PARTS(JOSE_HS256_HEADER, JOSE_HS256_SIGNATURE), JOE_EXPIRES_MS - 1, TOKEN_REFUSED,
      NOT_ACCEPTED },
    { "RFC 7515 A.5, alg none", JOE_PARTS(JOSE_NONE_HEADER, ""), JOE_EXPIRES_MS - 1, TOKEN_REFUSED, NOT_ACCEPTED },
    { "RFC 8037 A.4, the payload is no JSON",
      UNIT_BYTES(JOSE_EDDSA_HEADER "." JOSE_EDDSA_PAYLOAD "." JOSE_EDDSA_SIGNATURE), JOE_EXPIRES_MS - 1,
      TOKEN_REFUSED, "JSON: a value is expected" },
};

START_TEST(token_verify_of_the_examples_of_the_rfcs)
{
    struct token_question question = { .name = vectors[_i].name, .settings = &joe, .keys = JOE_KEYS,
                                       .issuer = SPAN("joe"), .now_ms = vectors[_i].now_ms };

    token_expect_to(&question, vectors[_i].token, vectors[_i].result, vectors[_i].text);
}
END_TEST

/* Each kind of secret that somebody might take for the key of an HMAC. */
START_TEST(token_verify_refuses_hs256_with_the_rsa_public_key_as_secret)
{
    static const char *const secrets[] = { TOKEN_RSA_PUBLIC_PEM, TOKEN_RSA_N, TOKEN_RSA_JWK(""), "" };
    static const char *const headers[] = { "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", "{\"alg\":\"HS256\"}" };

    for (int i = 0; i < UNIT_ROWS(secrets) * UNIT_ROWS(headers); i++) {
        const char *secret = secrets[i / UNIT_ROWS(headers)];
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        struct buf token;
        token_write_input(&token, span_text(headers[i % UNIT_ROWS(headers)]), SPAN(TOKEN_PAYLOAD));
        ck_assert_ptr_nonnull(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)token.p, token.n,
                                   digest, &n));
        token_add_signature(&token, span_make((const char *)digest, n));
        token_expect(secret, buf_span(&token), TOKEN_REFUSED, NOT_ACCEPTED);
        buf_free(&token);
    }
}
END_TEST

/* The same digest under a name that is accepted. */
START_TEST(token_verify_refuses_an_hmac_for_a_signature)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct buf token;

    token_write_input(&token, SPAN("{\"alg\":\"RS256\",\"kid\":\"rsa\"}"), SPAN(TOKEN_PAYLOAD));
    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), TOKEN_RSA_PUBLIC_PEM, (int)strlen(TOKEN_RSA_PUBLIC_PEM),
                               (const unsigned char *)token.p, token.n, digest, &n));
    token_add_signature(&token, span_make((const char *)digest, n));
    token_expect("RS256", buf_span(&token), TOKEN_REFUSED, TOKEN_WRONG);
    buf_free(&token);
}
END_TEST

/* A number of ASN.1: without the zeros that lead, with one when its highest bit is set. */
static size_t put_der_number(char *der, const char *half)
{
    size_t zeros = 0;

    while (zeros < HALF_BYTES - 1 && half[zeros] == 0)
        zeros++;
    size_t sign = ((unsigned char)half[zeros] & 0x80) != 0 ? 1 : 0;
    size_t n = sign + HALF_BYTES - zeros;
    der[0] = 2;
    der[1] = (char)n;
    der[2] = 0;
    memcpy(der + 2 + sign, half + zeros, HALF_BYTES - zeros);
    return 2 + n;
}

START_TEST(token_verify_refuses_an_ec_signature_in_der)
{
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];
    char der[DER_MAX_BYTES] = { 0x30 };
    struct buf token;

    token_write_input(&token, SPAN(TOKEN_HEADER), SPAN(TOKEN_PAYLOAD));
    size_t n = token_make_signature(TOKEN_P256_PEM, CRYPTO_ES256, buf_span(&token), signature);
    ck_assert_uint_eq(n, 2 * HALF_BYTES);
    size_t first = put_der_number(der + 2, signature);
    size_t second = put_der_number(der + 2 + first, signature + HALF_BYTES);
    der[1] = (char)(first + second);
    token_add_signature(&token, span_make(der, 2 + first + second));
    token_expect("DER", buf_span(&token), TOKEN_REFUSED, TOKEN_WRONG);
    buf_free(&token);
}
END_TEST

/* The header says one thing, the key another. */
static const struct {
    const char *name;
    const char *header;
    const char *pem;
    enum crypto_algorithm algorithm;
    enum token result;
    const char *text;
} mixed[] = {
    { "P-384 key for ES256", "{\"alg\":\"ES256\",\"kid\":\"p384\"}", TOKEN_P384_PEM, CRYPTO_ES384, TOKEN_UNKNOWN_KEY,
      TOKEN_UNKNOWN },
    { "P-384 key for ES256, without kid", "{\"alg\":\"ES256\"}", TOKEN_P384_PEM, CRYPTO_ES384, TOKEN_REFUSED,
      TOKEN_WRONG },
    { "P-256 key for ES384, without kid", "{\"alg\":\"ES384\"}", TOKEN_P256_PEM, CRYPTO_ES256, TOKEN_REFUSED,
      TOKEN_WRONG },
    { "RSA key for ES256", "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_RS256, TOKEN_UNKNOWN_KEY,
      TOKEN_UNKNOWN },
    { "RSA signature for ES256", TOKEN_HEADER, TOKEN_RSA_PEM, CRYPTO_RS256, TOKEN_REFUSED, TOKEN_WRONG },
    { "EC signature for RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", TOKEN_P256_PEM, CRYPTO_ES256, TOKEN_REFUSED,
      TOKEN_WRONG },
    { "RS256 for RS512", "{\"alg\":\"RS512\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_RS256, TOKEN_REFUSED,
      TOKEN_WRONG },
    { "RS256 for PS256", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_RS256, TOKEN_REFUSED,
      TOKEN_WRONG },
    { "PS256 for RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_PS256, TOKEN_REFUSED,
      TOKEN_WRONG },
    { "EdDSA for ES256", TOKEN_HEADER, TOKEN_ED25519_PEM, CRYPTO_EDDSA, TOKEN_REFUSED, TOKEN_WRONG },
    { "ES256 for EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", TOKEN_P256_PEM, CRYPTO_ES256, TOKEN_REFUSED,
      TOKEN_WRONG },
    { "somebody else's key", TOKEN_HEADER, TOKEN_OTHER_PEM, CRYPTO_ES256, TOKEN_REFUSED, TOKEN_WRONG },
    { "alg none with a good signature", "{\"alg\":\"none\",\"kid\":\"p256\"}", TOKEN_P256_PEM, CRYPTO_ES256,
      TOKEN_REFUSED, NOT_ACCEPTED },
};

START_TEST(token_verify_refuses_what_does_not_belong_together)
{
    struct buf token;

    token_write_input(&token, span_text(mixed[_i].header), SPAN(TOKEN_PAYLOAD));
    token_sign(&token, mixed[_i].pem, mixed[_i].algorithm);
    token_expect(mixed[_i].name, buf_span(&token), mixed[_i].result, mixed[_i].text);
    buf_free(&token);
}
END_TEST

/* Instead of a good signature. */
static const struct {
    const char *name;
    struct span text; /* base64url */
    const char *why;
} signatures[] = {
    { "empty signature", UNIT_BYTES(""), TOKEN_WRONG },
    { "a byte", UNIT_BYTES("AA"), TOKEN_WRONG },
    { "zeros", UNIT_BYTES("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
      TOKEN_WRONG },
    { "zeros, a byte short", UNIT_BYTES("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                        "AAAAAAA"), TOKEN_WRONG },
    { "base64 with padding", UNIT_BYTES("AA=="), NOT_BASE64 },
    { "a letter", UNIT_BYTES("A"), NOT_BASE64 },
    { "bits behind the last byte", UNIT_BYTES("AB"), NOT_BASE64 },
    { "white space", UNIT_BYTES("AA\n"), NOT_BASE64 },
    { "a letter of base64, not of base64url", UNIT_BYTES("AA+/"), NOT_BASE64 },
};

START_TEST(token_verify_refuses_what_is_no_signature)
{
    struct buf token;

    token_write_input(&token, SPAN(TOKEN_HEADER), SPAN(TOKEN_PAYLOAD));
    ck_assert(buf_add(&token, SPAN(".")) && buf_add(&token, signatures[_i].text));
    token_expect(signatures[_i].name, buf_span(&token), TOKEN_REFUSED, signatures[_i].why);
    buf_free(&token);
}
END_TEST

START_TEST(token_verify_refuses_a_signature_of_another_length)
{
    char signature[CRYPTO_SIGNATURE_MAX_BYTES] = "";
    struct buf input;

    token_write_input(&input, SPAN(TOKEN_HEADER), SPAN(TOKEN_PAYLOAD));
    size_t whole = token_make_signature(TOKEN_P256_PEM, CRYPTO_ES256, buf_span(&input), signature);
    for (size_t n = 0; n <= whole + 2; n++) {
        struct buf token;
        buf_init(&token, TOKEN_BUFFER_MAX_BYTES);
        ck_assert(buf_add(&token, buf_span(&input)));
        token_add_signature(&token, span_make(signature, n));
        token_expect("cut", buf_span(&token), n == whole ? TOKEN_GOOD : TOKEN_REFUSED,
                     n == whole ? TOKEN_ACCOUNT : TOKEN_WRONG);
        buf_free(&token);
    }
    buf_free(&input);
}
END_TEST

static enum token verify(struct span token, const struct jwks *keys)
{
    struct config_oidc oidc = claims_configure(&token_plain);
    struct claims_context context = { .oidc = &oidc, .issuer = SPAN(CLAIMS_ISSUER), .now_ms = CLAIMS_NOW_MS };
    const char *why = NULL;
    struct buf account;

    buf_init(&account, CLAIMS_ACCOUNT_MAX_BYTES);
    enum token result = token_verify(&context, keys, token, &account, &why);
    ck_assert_uint_eq(account.n > 0, result == TOKEN_GOOD);
    ck_assert((why == NULL) == (result == TOKEN_GOOD));
    buf_free(&account);
    claims_unconfigure(&oidc);
    return result;
}

START_TEST(token_verify_sees_each_change)
{
    const char *why = NULL;
    struct jwks *keys = jwks_parse(SPAN(TOKEN_ALL_KEYS), &why);
    struct buf token;

    token_write_good(&token);
    ck_assert_int_eq(verify(buf_span(&token), keys), TOKEN_GOOD);
    for (size_t bit = 0; bit < 8 * token.n; bit += BITS_STEP) {
        token.p[bit / 8] = (char)(token.p[bit / 8] ^ 1 << bit % 8);
        ck_assert_msg(verify(buf_span(&token), keys) != TOKEN_GOOD, "bit %zu", bit);
        token.p[bit / 8] = (char)(token.p[bit / 8] ^ 1 << bit % 8);
    }
    for (size_t n = 0; n < token.n; n++)
        ck_assert_msg(verify(span_first(buf_span(&token), n), keys) != TOKEN_GOOD, "%zu bytes", n);
    ck_assert_int_eq(verify(buf_span(&token), keys), TOKEN_GOOD);
    buf_free(&token);
    jwks_free(&keys);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token, signature");

    unit_add_loop(suite, "vectors", token_verify_of_the_examples_of_the_rfcs, UNIT_ROWS(vectors));
    unit_add_loop(suite, "mixed", token_verify_refuses_what_does_not_belong_together, UNIT_ROWS(mixed));
    unit_add_loop(suite, "no signatures", token_verify_refuses_what_is_no_signature, UNIT_ROWS(signatures));
    unit_add(suite, "others",
             (const TTest *const[]){ token_verify_refuses_hs256_with_the_rsa_public_key_as_secret,
                                     token_verify_refuses_an_hmac_for_a_signature,
                                     token_verify_refuses_an_ec_signature_in_der,
                                     token_verify_refuses_a_signature_of_another_length,
                                     token_verify_sees_each_change, NULL });
    return unit_run(suite);
}
