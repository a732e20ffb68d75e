#include "token_fixture.h"

#define NOT_ACCEPTED "the algorithm (alg) is not one of those that are accepted"
#define CRIT "the header asks for extensions (crit)"
#define B64 "the header tells how the payload is encoded (b64)"
#define NO_TYP "the token is no access token by its typ, which require_typ asks for"
#define BAD_KID "the header's kid is no string"
#define DOUBLED "JSON: a member stands twice in one object"
#define NO_OBJECT "the header is no JSON object"
#define WHICH_KEY "the token does not tell which of the provider's keys it is signed with (kid)"
#define ES256(members) "{\"alg\":\"ES256\",\"kid\":\"p256\"," members "}"

static const struct claims_settings typed = { .audience = "pfx", .require_typ = true };

static const struct {
    const char *header;
    const char *pem;
    enum crypto_algorithm algorithm;
} algorithms[] = {
    { "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_RS256 },
    { "{\"alg\":\"RS384\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_RS384 },
    { "{\"alg\":\"RS512\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_RS512 },
    { "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_PS256 },
    { "{\"alg\":\"PS384\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_PS384 },
    { "{\"alg\":\"PS512\",\"kid\":\"rsa\"}", TOKEN_RSA_PEM, CRYPTO_PS512 },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\"}", TOKEN_P256_PEM, CRYPTO_ES256 },
    { "{\"alg\":\"ES384\",\"kid\":\"p384\"}", TOKEN_P384_PEM, CRYPTO_ES384 },
    { "{\"alg\":\"ES512\",\"kid\":\"p521\"}", TOKEN_P521_PEM, CRYPTO_ES512 },
    { "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", TOKEN_ED25519_PEM, CRYPTO_EDDSA },
    { "{\"alg\":\"Ed25519\",\"kid\":\"ed\"}", TOKEN_ED25519_PEM, CRYPTO_EDDSA },
    { "{\"alg\":\"RS256\"}", TOKEN_RSA_PEM, CRYPTO_RS256 },
    { "{\"alg\":\"ES384\"}", TOKEN_P384_PEM, CRYPTO_ES384 },
    { "{\"alg\":\"EdDSA\"}", TOKEN_ED25519_PEM, CRYPTO_EDDSA },
};

START_TEST(token_verify_knows_each_algorithm)
{
    struct buf token;

    token_write_input(&token, span_text(algorithms[_i].header), SPAN(TOKEN_PAYLOAD));
    token_sign(&token, algorithms[_i].pem, algorithms[_i].algorithm);
    token_expect(algorithms[_i].header, buf_span(&token), TOKEN_GOOD, TOKEN_ACCOUNT);
    buf_free(&token);
}
END_TEST

/* Signed by p256, which is in the set. */
static const struct {
    const char *name;
    const char *header;
    enum token result;
    const char *text;
} headers[] = {
    { "alone", TOKEN_HEADER, TOKEN_GOOD, TOKEN_ACCOUNT },
    { "white space", " { \"kid\" : \"p256\" ,\r\n \"alg\" : \"ES256\" } ", TOKEN_GOOD, TOKEN_ACCOUNT },
    { "without kid", "{\"alg\":\"ES256\"}", TOKEN_GOOD, TOKEN_ACCOUNT },
    { "any typ", ES256("\"typ\":\"dpop+jwt\""), TOKEN_GOOD, TOKEN_ACCOUNT },
    { "typ that is no string", ES256("\"typ\":5"), TOKEN_GOOD, TOKEN_ACCOUNT },
    { "unknown kid", "{\"alg\":\"ES256\",\"kid\":\"rotated\"}", TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "kid in other case", "{\"alg\":\"ES256\",\"kid\":\"P256\"}", TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "kid empty", "{\"alg\":\"ES256\",\"kid\":\"\"}", TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "kid of a key for another algorithm", "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "kid a number", "{\"alg\":\"ES256\",\"kid\":5}", TOKEN_REFUSED, BAD_KID },
    { "kid null", "{\"alg\":\"ES256\",\"kid\":null}", TOKEN_REFUSED, BAD_KID },
    { "kid an array", "{\"alg\":\"ES256\",\"kid\":[\"p256\"]}", TOKEN_REFUSED, BAD_KID },
    { "crit", ES256("\"crit\":[\"exp\"]"), TOKEN_REFUSED, CRIT },
    { "crit with an extension", ES256("\"crit\":[\"http://x.example/y\"],\"http://x.example/y\":true"), TOKEN_REFUSED,
      CRIT },
    { "crit empty", ES256("\"crit\":[]"), TOKEN_REFUSED, CRIT },
    { "crit null", ES256("\"crit\":null"), TOKEN_REFUSED, CRIT },
    { "b64 false", ES256("\"b64\":false"), TOKEN_REFUSED, B64 },
    { "b64 true", ES256("\"b64\":true"), TOKEN_REFUSED, B64 },
    { "b64 false in crit", ES256("\"b64\":false,\"crit\":[\"b64\"]"), TOKEN_REFUSED, CRIT },
    { "alg missing", "{\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg none", "{\"alg\":\"none\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg None", "{\"alg\":\"None\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg nOnE", "{\"alg\":\"nOnE\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg empty", "{\"alg\":\"\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg in other case", "{\"alg\":\"es256\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg with more behind it", "{\"alg\":\"ES256K\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg HS256", "{\"alg\":\"HS256\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg HS512", "{\"alg\":\"HS512\",\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg RSA-OAEP", "{\"alg\":\"RSA-OAEP\",\"kid\":\"rsa\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg a number", "{\"alg\":256,\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg null", "{\"alg\":null,\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "alg an array", "{\"alg\":[\"ES256\"],\"kid\":\"p256\"}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "doubled member in the header", ES256("\"kid\":\"p256\""), TOKEN_REFUSED, DOUBLED },
    { "doubled alg", "{\"alg\":\"none\",\"kid\":\"p256\",\"alg\":\"ES256\"}", TOKEN_REFUSED, DOUBLED },
    { "doubled alg, one escaped", ES256("\"\\u0061lg\":\"ES256\""), TOKEN_REFUSED, DOUBLED },
    { "doubled member further down", ES256("\"jwk\":{\"kty\":\"EC\",\"kty\":\"RSA\"}"), TOKEN_REFUSED, DOUBLED },
    { "header an array", "[" TOKEN_HEADER "]", TOKEN_REFUSED, NO_OBJECT },
    { "header a string", "\"ES256\"", TOKEN_REFUSED, NO_OBJECT },
    { "header null", "null", TOKEN_REFUSED, NO_OBJECT },
    { "header an empty object", "{}", TOKEN_REFUSED, NOT_ACCEPTED },
    { "header not JSON", "{alg:ES256}", TOKEN_REFUSED, "JSON: a member name in quotes is expected" },
    { "header with more behind it", TOKEN_HEADER "{}", TOKEN_REFUSED, "JSON: more text after the value" },
    { "header not UTF-8", ES256("\"typ\":\"\xFF\""), TOKEN_REFUSED, "JSON: not valid UTF-8" },
};

START_TEST(token_verify_reads_the_header)
{
    struct buf token;

    token_write(&token, headers[_i].header, TOKEN_PAYLOAD);
    token_expect(headers[_i].name, buf_span(&token), headers[_i].result, headers[_i].text);
    buf_free(&token);
}
END_TEST

/* With require_typ. */
static const struct {
    const char *name;
    const char *header;
    enum token result;
} types[] = {
    { "at+jwt", ES256("\"typ\":\"at+jwt\""), TOKEN_GOOD },
    { "AT+JWT", ES256("\"typ\":\"AT+JWT\""), TOKEN_GOOD },
    { "application/at+jwt", ES256("\"typ\":\"application/at+jwt\""), TOKEN_GOOD },
    { "Application/AT+jwt", ES256("\"typ\":\"Application/AT+jwt\""), TOKEN_GOOD },
    { "no typ", TOKEN_HEADER, TOKEN_REFUSED },
    { "typ JWT", ES256("\"typ\":\"JWT\""), TOKEN_REFUSED },
    { "typ id+jwt", ES256("\"typ\":\"id+jwt\""), TOKEN_REFUSED },
    { "typ empty", ES256("\"typ\":\"\""), TOKEN_REFUSED },
    { "typ null", ES256("\"typ\":null"), TOKEN_REFUSED },
    { "typ an array", ES256("\"typ\":[\"at+jwt\"]"), TOKEN_REFUSED },
    { "typ shorter", ES256("\"typ\":\"at+jw\""), TOKEN_REFUSED },
    { "typ longer", ES256("\"typ\":\"at+jwts\""), TOKEN_REFUSED },
    { "typ with white space", ES256("\"typ\":\" at+jwt\""), TOKEN_REFUSED },
    { "typ of another kind of media", ES256("\"typ\":\"text/at+jwt\""), TOKEN_REFUSED },
};

START_TEST(token_verify_checks_typ_when_it_is_required)
{
    struct token_question question = token_ask(types[_i].name);
    struct buf token;

    question.settings = &typed;
    token_write(&token, types[_i].header, TOKEN_PAYLOAD);
    token_expect_to(&question, buf_span(&token), types[_i].result,
                    types[_i].result == TOKEN_GOOD ? TOKEN_ACCOUNT : NO_TYP);
    buf_free(&token);
}
END_TEST

/* A token cannot bring its own key along. */
START_TEST(token_verify_takes_no_key_out_of_the_header)
{
    static const char *const own[] = {
        "{\"alg\":\"ES256\",\"kid\":\"p256\",\"jwk\":" TOKEN_OTHER_JWK("\"kid\":\"p256\",") "}",
        "{\"alg\":\"ES256\",\"jwk\":" TOKEN_OTHER_JWK("") "}",
        "{\"alg\":\"ES256\",\"kid\":\"p256\",\"jku\":\"https://evil.example/keys\"}",
        "{\"alg\":\"ES256\",\"kid\":\"p256\",\"x5u\":\"https://evil.example/keys\"}",
        "{\"alg\":\"ES256\",\"kid\":\"p256\",\"x5c\":[\"AAAA\"]}",
    };

    for (int i = 0; i < UNIT_ROWS(own); i++) {
        struct buf token;
        token_write_input(&token, span_text(own[i]), SPAN(TOKEN_PAYLOAD));
        token_sign(&token, TOKEN_OTHER_PEM, CRYPTO_ES256);
        token_expect(own[i], buf_span(&token), TOKEN_REFUSED, TOKEN_WRONG);
        buf_free(&token);
        token_write(&token, own[i], TOKEN_PAYLOAD);
        token_expect(own[i], buf_span(&token), TOKEN_GOOD, TOKEN_ACCOUNT);
        buf_free(&token);
    }
}
END_TEST

/* What the provider publishes, for a token signed by p256. */
static const struct {
    const char *name;
    const char *header;
    const char *keys;
    enum token result;
    const char *text;
} sets[] = {
    { "no keys", TOKEN_HEADER, TOKEN_KEYS(""), TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "no keys, without kid", "{\"alg\":\"ES256\"}", TOKEN_KEYS(""), TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "P-384 key for ES256", TOKEN_HEADER, TOKEN_KEYS(TOKEN_P384_JWK("\"kid\":\"p256\",")), TOKEN_UNKNOWN_KEY,
      TOKEN_UNKNOWN },
    { "P-384 key for ES256, without kid", "{\"alg\":\"ES256\"}", TOKEN_KEYS(TOKEN_P384_JWK("")), TOKEN_UNKNOWN_KEY,
      TOKEN_UNKNOWN },
    { "P-384 key that says ES256", TOKEN_HEADER, TOKEN_KEYS(TOKEN_P384_JWK("\"kid\":\"p256\",\"alg\":\"ES256\",")),
      TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "key for encryption", TOKEN_HEADER, TOKEN_KEYS(TOKEN_P256_JWK("\"kid\":\"p256\",\"use\":\"enc\",")),
      TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "key that only signs", TOKEN_HEADER, TOKEN_KEYS(TOKEN_P256_JWK("\"kid\":\"p256\",\"key_ops\":[\"sign\"],")),
      TOKEN_UNKNOWN_KEY, TOKEN_UNKNOWN },
    { "all that a key may say", TOKEN_HEADER,
      TOKEN_KEYS(TOKEN_P256_JWK("\"kid\":\"p256\",\"alg\":\"ES256\",\"use\":\"sig\",\"key_ops\":[\"verify\"],")),
      TOKEN_GOOD, TOKEN_ACCOUNT },
    { "other key of that kid", TOKEN_HEADER, TOKEN_KEYS(TOKEN_OTHER_JWK("\"kid\":\"p256\",")), TOKEN_REFUSED,
      TOKEN_WRONG },
    { "two keys of that kid", TOKEN_HEADER,
      TOKEN_KEYS(TOKEN_OTHER_JWK("\"kid\":\"p256\",") "," TOKEN_P256_JWK("\"kid\":\"p256\",")), TOKEN_GOOD,
      TOKEN_ACCOUNT },
    { "the right key has another kid", TOKEN_HEADER,
      TOKEN_KEYS(TOKEN_OTHER_JWK("\"kid\":\"p256\",") "," TOKEN_P256_JWK("\"kid\":\"q\",")), TOKEN_REFUSED,
      TOKEN_WRONG },
    { "the fourth without kid", "{\"alg\":\"ES256\"}",
      TOKEN_KEYS(TOKEN_OTHER_JWK("\"kid\":\"1\",") "," TOKEN_OTHER_JWK("\"kid\":\"2\",") "," TOKEN_OTHER_JWK("") ","
                 TOKEN_P384_JWK("") "," TOKEN_P256_JWK("")), TOKEN_GOOD, TOKEN_ACCOUNT },
    { "too many without kid", "{\"alg\":\"ES256\"}",
      TOKEN_KEYS(TOKEN_P256_JWK("\"kid\":\"1\",") "," TOKEN_P256_JWK("\"kid\":\"2\",") "," TOKEN_P256_JWK("") ","
                 TOKEN_P256_JWK("") "," TOKEN_P256_JWK("")), TOKEN_REFUSED, WHICH_KEY },
    { "many, with kid", TOKEN_HEADER,
      TOKEN_KEYS(TOKEN_OTHER_JWK("\"kid\":\"1\",") "," TOKEN_OTHER_JWK("\"kid\":\"2\",") ","
                 TOKEN_OTHER_JWK("\"kid\":\"3\",") "," TOKEN_OTHER_JWK("\"kid\":\"4\",") ","
                 TOKEN_P256_JWK("\"kid\":\"p256\",")), TOKEN_GOOD, TOKEN_ACCOUNT },
};

START_TEST(token_verify_finds_the_key)
{
    struct token_question question = token_ask(sets[_i].name);
    struct buf token;

    question.keys = sets[_i].keys;
    token_write(&token, sets[_i].header, TOKEN_PAYLOAD);
    token_expect_to(&question, buf_span(&token), sets[_i].result, sets[_i].text);
    buf_free(&token);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token");

    unit_add_loop(suite, "algorithms", token_verify_knows_each_algorithm, UNIT_ROWS(algorithms));
    unit_add_loop(suite, "header", token_verify_reads_the_header, UNIT_ROWS(headers));
    unit_add_loop(suite, "typ", token_verify_checks_typ_when_it_is_required, UNIT_ROWS(types));
    unit_add_loop(suite, "keys", token_verify_finds_the_key, UNIT_ROWS(sets));
    unit_add(suite, "own keys", (const TTest *const[]){ token_verify_takes_no_key_out_of_the_header, NULL });
    return unit_run(suite);
}
