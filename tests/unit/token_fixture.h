/*
 * Tokens that a test signs, and what is to come of them.
 *
 * Unless a row says otherwise a token is signed by the key p256 and looked at CLAIMS_NOW_MS.
 */
#ifndef PFX_TOKEN_FIXTURE_H
#define PFX_TOKEN_FIXTURE_H

#include "base64.h"
#include "claims_fixture.h"
#include "jwt.h"
#include "token.h"
#include "token_keys_fixture.h"

#define TOKEN_BUFFER_MAX_BYTES (4 * JWT_MAX_BYTES)
#define TOKEN_HEADER "{\"alg\":\"ES256\",\"kid\":\"p256\"}"
#define TOKEN_PAYLOAD CLAIMS_OBJECT(CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_AUD "," CLAIMS_SUB)
#define TOKEN_ACCOUNT "u@example.com"
#define TOKEN_UNKNOWN "the provider has no key of this kid for the algorithm"
#define TOKEN_WRONG "the signature is wrong"

static const struct claims_settings token_plain = { .audience = "pfx", .skew_ms = 60000 };

static inline void token_add_part(struct buf *token, struct span bytes)
{
    size_t n = base64_url_encode(NULL, 0, bytes);
    char *to = buf_extend(token, n);

    base64_url_encode(to, n, bytes);
}

/* What is signed. */
static inline void token_write_input(struct buf *token, struct span header, struct span payload)
{
    buf_init(token, TOKEN_BUFFER_MAX_BYTES);
    token_add_part(token, header);
    ck_assert(buf_add(token, SPAN(".")));
    token_add_part(token, payload);
}

static inline size_t token_make_signature(const char *pem, enum crypto_algorithm algorithm, struct span input,
                                          char signature[CRYPTO_SIGNATURE_MAX_BYTES])
{
    const char *why = NULL;
    struct crypto_key *key = crypto_key_of_pem(span_text(pem), &why);

    ck_assert_msg(key != NULL, "%s", why);
    size_t n = crypto_sign(key, algorithm, input, signature);
    ck_assert_uint_gt(n, 0);
    crypto_key_free(&key);
    return n;
}

static inline void token_add_signature(struct buf *token, struct span signature)
{
    ck_assert(buf_add(token, SPAN(".")));
    token_add_part(token, signature);
}

/* Whatever bytes the token has so far are signed. */
static inline void token_sign(struct buf *token, const char *pem, enum crypto_algorithm algorithm)
{
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];
    size_t n = token_make_signature(pem, algorithm, buf_span(token), signature);

    token_add_signature(token, span_make(signature, n));
}

static inline void token_write(struct buf *token, const char *header, const char *payload)
{
    token_write_input(token, span_text(header), span_text(payload));
    token_sign(token, TOKEN_P256_PEM, CRYPTO_ES256);
}

struct token_question {
    const char *name;
    const struct claims_settings *settings;
    const char *keys;
    struct span issuer;
    int64_t now_ms;
};

static inline struct token_question token_ask(const char *name)
{
    return (struct token_question){ .name = name, .settings = &token_plain, .keys = TOKEN_ALL_KEYS,
                                    .issuer = SPAN(CLAIMS_ISSUER), .now_ms = CLAIMS_NOW_MS };
}

/* text: the account, or the reason. A token that is not good leaves the account as it was. */
static inline void token_expect_to(const struct token_question *question, struct span token, enum token result,
                                   const char *text)
{
    struct config_oidc oidc = claims_configure(question->settings);
    struct claims_context context = { .oidc = &oidc, .issuer = question->issuer, .now_ms = question->now_ms };
    const char *why = NULL;
    struct jwks *keys = jwks_parse(span_text(question->keys), &why);
    struct buf account;

    ck_assert_msg(keys != NULL, "%s: %s", question->name, why);
    buf_init(&account, CLAIMS_ACCOUNT_MAX_BYTES);
    ck_assert(buf_add(&account, SPAN(CLAIMS_BEFORE)));
    enum token got = token_verify(&context, keys, unit_guarded_span(token), &account, &why);
    ck_assert_msg(got == result, "%s: result %d, %s", question->name, (int)got, why == NULL ? "good" : why);
    const struct span added = span_skip(buf_span(&account), sizeof(CLAIMS_BEFORE) - 1);
    unit_expect_span(added, span_text(got == TOKEN_GOOD ? text : ""), question->name);
    unit_expect_span(span_text(why), span_text(got == TOKEN_GOOD ? NULL : text), question->name);
    buf_free(&account);
    jwks_free(&keys);
    claims_unconfigure(&oidc);
}

static inline void token_expect(const char *name, struct span token, enum token result, const char *text)
{
    struct token_question question = token_ask(name);

    token_expect_to(&question, token, result, text);
}

/* It is good as it is, so that what is then changed is what is refused. */
static inline void token_write_good(struct buf *token)
{
    token_write(token, TOKEN_HEADER, TOKEN_PAYLOAD);
    token_expect("unchanged", buf_span(token), TOKEN_GOOD, TOKEN_ACCOUNT);
}

#endif
