/*
 * Logins with tokens, which the provider of provider_fixture.h is asked about, or has signed.
 *
 * Wall time is CLAIMS_NOW_MS until the test moves it. Keys are named a (TOKEN_P256_PEM) and b (TOKEN_OTHER_PEM).
 */
#ifndef PFX_OIDC_LOGIN_FIXTURE_H
#define PFX_OIDC_LOGIN_FIXTURE_H

#include "provider_fixture.h"
#include "token_fixture.h"

#define LOGIN_ACCOUNT "u@example.com"
#define LOGIN_INTROSPECTION "client_secret = \"s\";"
#define LOGIN_JWKS LOGIN_INTROSPECTION "validation = \"jwks\"; audience = \"pfx\";"
#define LOGIN_AUTO LOGIN_INTROSPECTION "validation = \"auto\"; audience = \"pfx\";"
#define LOGIN_KEY_A TOKEN_P256_JWK("\"kid\":\"a\",")
#define LOGIN_KEY_B TOKEN_OTHER_JWK("\"kid\":\"b\",")
#define LOGIN_ACTIVE "{\"active\":true,\"username\":\"" LOGIN_ACCOUNT "\"}"
#define LOGIN_DOWN "the provider does not answer"

static int64_t login_wall_ms;
static char login_answers[2][PROVIDER_JSON_MAX_BYTES]; /* of introspection, and keys */

static int64_t login_wall(void)
{
    return login_wall_ms;
}

static inline const char *login_answer(char answer[PROVIDER_JSON_MAX_BYTES], const char *json)
{
    snprintf(answer, PROVIDER_JSON_MAX_BYTES, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
    return answer;
}

static inline void login_introspects(const char *json)
{
    provider.introspection = login_answer(login_answers[0], json);
}

static inline void login_publishes(const char *keys)
{
    provider.keys = login_answer(login_answers[1], keys);
}

/* An entry l, which knows tokens only. */
static inline void login_open(const char *settings)
{
    provider_begin();
    login_introspects(LOGIN_ACTIVE);
    login_publishes(TOKEN_KEYS(LOGIN_KEY_A));
    char *group = provider_group("sasl_oidc_auth", settings);
    char *text = mem_format("dovecot_sasl = { l = { %s }; };", group);
    fixture_config = fixture_load_good_login(text);
    backend_shared_load(&fixture_shared, fixture_config, CONFIG_DOVECOT_SASL);
    fixture_backend = backend_new(&fixture_loop, fixture_config, &fixture_shared, 0);
    ck_assert_ptr_nonnull(fixture_backend);
    mem_free(text);
    mem_free(group);
}

/* The question is gone before the answer comes. */
static inline struct backend_call *login_start(const char *token, const char *name)
{
    char *token_copy = mem_string(token), *name_copy = mem_string(name);
    struct subject_login login = { .user = span_text(name_copy), .password = span_text(token_copy),
                                   .mechanism = SPAN("OAUTHBEARER"), .service = SPAN("smtp"), .is_token = true };
    struct backend_question question = { .entry = fixture_login(fixture_config, "l"), .login = &login };
    int before = fixture_done;

    ck_assert_ptr_null(backend_error(fixture_backend, question.entry));
    struct backend_call *call = backend_ask(fixture_backend, &question, fixture_note, NULL);
    memset(token_copy, '#', strlen(token));
    memset(name_copy, '#', strlen(name));
    mem_free(token_copy);
    mem_free(name_copy);
    ck_assert_int_eq(fixture_done, before + (call == NULL));
    return call;
}

static inline void login_ask(const char *token, const char *name)
{
    int before = fixture_done;

    login_start(token, name);
    fixture_until(&fixture_done, before + 1);
}

static inline void login_expect(const char *token, enum verdict_kind kind, const char *text)
{
    login_ask(token, "");
    fixture_expect(kind, text);
}

/* A token until the next call; claims: more members, each with a comma before it. */
static inline const char *login_token_of(const char *issuer, const char *kid, const char *pem, const char *claims)
{
    static char text[PROVIDER_JSON_MAX_BYTES];
    char header[100], payload[1000];
    struct buf token;

    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    snprintf(payload, sizeof(payload), "{\"iss\":\"%s\"%s}", issuer, claims);
    token_write_input(&token, span_text(header), span_text(payload));
    token_sign(&token, pem, CRYPTO_ES256);
    snprintf(text, sizeof(text), "%s", buf_text(&token));
    buf_free(&token);
    return text;
}

/* Of the provider's issuer. */
static inline const char *login_token(const char *kid, const char *pem, const char *claims)
{
    char issuer[40];

    snprintf(issuer, sizeof(issuer), "http://127.0.0.1:%u", fixture_server.port);
    return login_token_of(issuer, kid, pem, claims);
}

#define LOGIN_CLAIMS "," CLAIMS_EXP "," CLAIMS_AUD "," CLAIMS_SUB

static inline const char *login_token_a(void)
{
    return login_token("a", TOKEN_P256_PEM, LOGIN_CLAIMS);
}

static inline const char *login_token_b(void)
{
    return login_token("b", TOKEN_OTHER_PEM, LOGIN_CLAIMS);
}

static inline const char *login_foreign_token(void)
{
    return login_token_of("https://elsewhere", "a", TOKEN_P256_PEM, LOGIN_CLAIMS);
}

/* Until that many requests have come, from when on nothing but the test moves the clock. */
static inline void login_freeze_at(const int *requests, int wanted)
{
    fixture_until(requests, wanted);
    fixture_tick_ms = 0;
    fixture_turns(2);
}

static void login_begin(void)
{
    login_wall_ms = CLAIMS_NOW_MS;
    clock_set_wall(login_wall);
    fixture_backend_begin();
}

static void login_end(void)
{
    fixture_backend_end();
    clock_set_wall(NULL);
}

static inline void login_add(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, login_begin, login_end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

#endif
