#include "token_fixture.h"

#define ANY_TIME CLAIMS_ISS "," CLAIMS_AUD "," CLAIMS_SUB
#define DOUBLED "JSON: a member stands twice in one object"
#define NO_OBJECT "the payload is no JSON object"
#define BAD_EXP "exp is no number of seconds"
#define TOO_LONG "the token is longer than the limit"
#define NOT_THREE "the token does not have three parts"
#define LIMIT_STEPS 12
#define EMPTY_PART "the token has an empty part"

static const struct claims_settings scoped = { .audience = "pfx", .scopes = "mail" };
static const struct claims_settings neither = { .skew_ms = 60000 };

static const struct {
    const char *name;
    const struct claims_settings *settings;
    const char *payload;
    enum token result;
    const char *text;
} payloads[] = {
    { "good", &token_plain, TOKEN_PAYLOAD, TOKEN_GOOD, TOKEN_ACCOUNT },
    { "token without account", &token_plain, CLAIMS_OBJECT(CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_AUD), TOKEN_REFUSED,
      "the token names no account" },
    { "account with control characters", &token_plain,
      CLAIMS_OBJECT(CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_AUD ",\"sub\":\"u\\n\""), TOKEN_REFUSED,
      "the account holds control characters" },
    { "foreign aud", &token_plain, CLAIMS_OBJECT(CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_SUB ",\"aud\":\"shop\""),
      TOKEN_REFUSED, "the token is for another audience (aud)" },
    { "missing aud", &token_plain, CLAIMS_OBJECT(CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_SUB), TOKEN_REFUSED,
      "the token names no audience (aud)" },
    { "no audience configured", &neither, TOKEN_PAYLOAD, TOKEN_REFUSED, "no audience is configured" },
    { "ID token, nonce", &token_plain, CLAIMS_OBJECT(ANY_TIME "," CLAIMS_EXP ",\"nonce\":\"n\""), TOKEN_REFUSED,
      "the token looks like an ID token (nonce or at_hash): set require_typ or required_claims" },
    { "ID token, at_hash", &token_plain, CLAIMS_OBJECT(ANY_TIME "," CLAIMS_EXP ",\"at_hash\":\"h\""), TOKEN_REFUSED,
      "the token looks like an ID token (nonce or at_hash): set require_typ or required_claims" },
    { "missing exp", &token_plain, CLAIMS_OBJECT(ANY_TIME), TOKEN_REFUSED,
      "the token does not tell when it expires (exp)" },
    { "expired at the edge of leeway", &token_plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1699999940"), TOKEN_REFUSED,
      "the token has expired (exp)" },
    { "within leeway", &token_plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1699999941"), TOKEN_GOOD, TOKEN_ACCOUNT },
    { "exp as a string", &token_plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":\"1700000300\""), TOKEN_REFUSED, BAD_EXP },
    { "exp negative", &token_plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":-1"), TOKEN_REFUSED, BAD_EXP },
    { "exp huge", &token_plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1e300"), TOKEN_REFUSED, BAD_EXP },
    { "exp NaN", &token_plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":NaN"), TOKEN_REFUSED, "JSON: a value is expected" },
    { "nbf in the future", &token_plain, CLAIMS_OBJECT(ANY_TIME "," CLAIMS_EXP ",\"nbf\":1700000061"), TOKEN_REFUSED,
      "the token is not valid yet (nbf)" },
    { "iat in the future", &token_plain, CLAIMS_OBJECT(ANY_TIME "," CLAIMS_EXP ",\"iat\":1700000061"), TOKEN_REFUSED,
      "the token is of the future (iat)" },
    { "wrong iss", &token_plain,
      CLAIMS_OBJECT(CLAIMS_EXP "," CLAIMS_AUD "," CLAIMS_SUB ",\"iss\":\"https://evil.example\""), TOKEN_REFUSED,
      "the token is of another issuer (iss)" },
    { "missing iss", &token_plain, CLAIMS_OBJECT(CLAIMS_EXP "," CLAIMS_AUD "," CLAIMS_SUB), TOKEN_REFUSED,
      "the token names no issuer (iss)" },
    { "missing scope", &scoped, TOKEN_PAYLOAD, TOKEN_LACKS_SCOPE,
      "the token lacks one of required_scopes (scope, scp)" },
    { "doubled member in the payload", &token_plain, CLAIMS_OBJECT(ANY_TIME "," CLAIMS_EXP ",\"sub\":\"root\""),
      TOKEN_REFUSED, DOUBLED },
    { "doubled member, one escaped", &token_plain, CLAIMS_OBJECT(ANY_TIME "," CLAIMS_EXP ",\"s\\u0075b\":\"root\""),
      TOKEN_REFUSED, DOUBLED },
    { "payload an array", &token_plain, "[" TOKEN_PAYLOAD "]", TOKEN_REFUSED, NO_OBJECT },
    { "payload a string", &token_plain, "\"u@example.com\"", TOKEN_REFUSED, NO_OBJECT },
    { "payload a number", &token_plain, "1700000300", TOKEN_REFUSED, NO_OBJECT },
    { "payload not JSON", &token_plain, "iss=joe", TOKEN_REFUSED, "JSON: a value is expected" },
    { "payload with a zero byte in a string", &token_plain, CLAIMS_OBJECT(ANY_TIME "," CLAIMS_EXP ",\"a\":\"\\u0000\""),
      TOKEN_REFUSED, "JSON: \\u0000 is not accepted" },
    { "payload with more behind it", &token_plain, TOKEN_PAYLOAD TOKEN_PAYLOAD, TOKEN_REFUSED,
      "JSON: more text after the value" },
};

START_TEST(token_verify_reads_the_payload)
{
    struct token_question question = token_ask(payloads[_i].name);
    struct buf token;

    question.settings = payloads[_i].settings;
    token_write(&token, TOKEN_HEADER, payloads[_i].payload);
    token_expect_to(&question, buf_span(&token), payloads[_i].result, payloads[_i].text);
    buf_free(&token);
}
END_TEST

/* A good token of many bytes; parts are as long as what they hold. */
static void write_long(struct buf *token, int header_bytes, int payload_bytes)
{
    char *header = mem_format("{\"alg\":\"ES256\",\"kid\":\"p256\",\"x\":\"%0*d\"}", header_bytes, 0);
    char *payload = mem_format("{%s,%s,\"x\":\"%0*d\"}", ANY_TIME, CLAIMS_EXP, payload_bytes, 0);

    token_write(token, header, payload);
    mem_free(header);
    mem_free(payload);
}

static int bytes_that_nearly_fit(void)
{
    struct buf token;

    write_long(&token, 1, 1);
    int bytes = (int)(JWT_MAX_BYTES - token.n) / 4 * 3;
    buf_free(&token);
    return bytes;
}

/* No part has a length of 4 n + 1, so that headers of different lengths are needed to meet each sum. */
START_TEST(token_verify_has_a_limit)
{
    const int nearly = bytes_that_nearly_fit();
    unsigned met = 0;

    for (int i = 0; i < 3 * LIMIT_STEPS; i++) {
        struct buf token;
        write_long(&token, 1 + i % 3, nearly - LIMIT_STEPS / 2 + i / 3);
        bool fits = token.n <= JWT_MAX_BYTES;
        token_expect("long", buf_span(&token), fits ? TOKEN_GOOD : TOKEN_REFUSED, fits ? TOKEN_ACCOUNT : TOO_LONG);
        met |= token.n == JWT_MAX_BYTES ? 1 : 0;
        met |= token.n == JWT_MAX_BYTES + 1 ? 2 : 0;
        buf_free(&token);
    }
    ck_assert_uint_eq(met, 3);
}
END_TEST

START_TEST(token_verify_refuses_an_oversized_token)
{
    struct buf token;

    write_long(&token, 1, 2 * JWT_MAX_BYTES);
    token_expect("oversized token", buf_span(&token), TOKEN_REFUSED, TOO_LONG);
    buf_free(&token);
}
END_TEST

/* Signed as they are. H and P are the parts of a good token. */
static const struct {
    const char *name;
    const char *input;
    const char *text;
} inputs[] = {
    { "as it should be", "H.P", NULL },
    { "two parts", "H", NOT_THREE },
    { "four parts", "H.P.P", NOT_THREE },
    { "five parts, as an encrypted one has", "H.P.P.P", NOT_THREE },
    { "an empty header", ".P", EMPTY_PART },
    { "an empty payload", "H.", EMPTY_PART },
    { "base64 with padding in the header", "H=.P", "the header is not base64url" },
    { "base64 with padding in the payload", "H.P=", "the payload is not base64url" },
    { "base64 with two bytes of padding", "H.P==", "the payload is not base64url" },
    { "line break in the header", "H\n.P", "the header is not base64url" },
    { "line break in the payload", "H.\r\nP", "the payload is not base64url" },
    { "space before the header", " H.P", "the header is not base64url" },
    { "a letter of base64, not of base64url", "H.P+///", "the payload is not base64url" },
    { "a letter too many", "H.PAAAAA", "the payload is not base64url" },
    { "not ASCII", "H.P\xC3\xBC", "the payload is not base64url" },
};

/* In whole groups of three bytes: what stands behind them is not taken for their end. */
static void add_whole(struct buf *token, const char *text)
{
    char *blanked = mem_format("%s%.*s", text, (int)((3 - strlen(text) % 3) % 3), "  ");

    token_add_part(token, span_text(blanked));
    mem_free(blanked);
}

static void write_input(struct buf *token, const char *pattern)
{
    buf_init(token, TOKEN_BUFFER_MAX_BYTES);
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == 'H')
            add_whole(token, TOKEN_HEADER);
        else if (*pattern == 'P')
            add_whole(token, TOKEN_PAYLOAD);
        else
            ck_assert(buf_add(token, span_make(pattern, 1)));
    }
}

START_TEST(token_verify_wants_three_parts_of_base64url)
{
    const char *text = inputs[_i].text;
    struct buf token;

    write_input(&token, inputs[_i].input);
    token_sign(&token, TOKEN_P256_PEM, CRYPTO_ES256);
    token_expect(inputs[_i].name, buf_span(&token), text == NULL ? TOKEN_GOOD : TOKEN_REFUSED,
                 text == NULL ? TOKEN_ACCOUNT : text);
    buf_free(&token);
}
END_TEST

START_TEST(token_verify_of_what_is_no_token)
{
    static const struct span texts[] = {
        UNIT_BYTES(""), UNIT_BYTES("."), UNIT_BYTES("opaque"), UNIT_BYTES("e30.e30"), UNIT_BYTES("...."),
        UNIT_BYTES("\0"),
    };

    for (int i = 0; i < UNIT_ROWS(texts); i++)
        token_expect(texts[i].p, texts[i], TOKEN_REFUSED, NOT_THREE);
    token_expect("..", SPAN(".."), TOKEN_REFUSED, EMPTY_PART);
    token_expect("A.A.", SPAN("A.A."), TOKEN_REFUSED, "the header is not base64url");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token, payload");

    unit_add_loop(suite, "payload", token_verify_reads_the_payload, UNIT_ROWS(payloads));
    unit_add_loop(suite, "parts", token_verify_wants_three_parts_of_base64url, UNIT_ROWS(inputs));
    unit_add(suite, "others",
             (const TTest *const[]){ token_verify_has_a_limit, token_verify_refuses_an_oversized_token,
                                     token_verify_of_what_is_no_token, NULL });
    return unit_run(suite);
}
