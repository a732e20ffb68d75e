#include "oidc_client.h"

#include "jose_fixture.h"
#include "jsondoc.h"
#include "jwt.h"
#include "oidc_login_fixture.h"

#define OLD "response_cache = { enabled = false; };"
#define KEY "private_key_file = \"$DIR/key.pem\";"
#define ASSERTION \
    "client_id=c&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&" \
    "client_assertion="
#define JTI_MAX_BYTES 100

/* The assertion that the provider got last. */
static struct {
    struct span text;
    struct jwt jwt;
    struct jsondoc *header;
    struct jsondoc *payload;
} assertion;

static struct jsondoc *parse_part(struct span part)
{
    const char *why = NULL;
    struct jsondoc *doc = jsondoc_parse(fixture_decoded(part), &why);

    ck_assert_msg(doc != NULL, "%s", why);
    return doc;
}

static void drop_assertion(void)
{
    jsondoc_free(&assertion.header);
    jsondoc_free(&assertion.payload);
}

static void read_assertion(void)
{
    const char *why;

    ck_assert_msg(strncmp(provider.last_form, ASSERTION, strlen(ASSERTION)) == 0, "%s", provider.last_form);
    ck_assert_ptr_null(strstr(provider.last_head, "\r\nAuthorization:"));
    ck_assert_ptr_null(strstr(provider.last_form, "client_secret"));
    drop_assertion();
    assertion.text = span_text(provider.last_form + strlen(ASSERTION));
    assertion.text = span_first(assertion.text, span_find(assertion.text, '&'));
    ck_assert(jwt_split(assertion.text, &assertion.jwt, &why));
    assertion.header = parse_part(assertion.jwt.header);
    assertion.payload = parse_part(assertion.jwt.payload);
}

static void expect_text(const struct jsondoc *doc, const char *name, const char *text)
{
    unit_expect_span(jsondoc_string(doc, name), span_text(text), name);
}

static void begin_with_key(const char *pem)
{
    fixture_write("key.pem", pem);
    provider_begin();
    login_introspects(LOGIN_ACTIVE);
}

static void expect_value(void)
{
    fixture_ask(SPAN("k"));
    fixture_expect(VERDICT_FOUND, "value");
}

static struct crypto_key *p256(void)
{
    const char *why;
    return crypto_key_of_ec(SPAN("P-256"), fixture_decoded(SPAN(TOKEN_P256_X)), fixture_decoded(SPAN(TOKEN_P256_Y)),
                            &why);
}

static struct crypto_key *p384(void)
{
    const char *why;
    return crypto_key_of_ec(SPAN("P-384"), fixture_decoded(SPAN(TOKEN_P384_X)), fixture_decoded(SPAN(TOKEN_P384_Y)),
                            &why);
}

static struct crypto_key *p521(void)
{
    const char *why;
    return crypto_key_of_ec(SPAN("P-521"), fixture_decoded(SPAN(TOKEN_P521_X)), fixture_decoded(SPAN(TOKEN_P521_Y)),
                            &why);
}

static struct crypto_key *rsa(void)
{
    const char *why;
    return crypto_key_of_rsa(fixture_decoded(SPAN(TOKEN_RSA_N)), fixture_decoded(SPAN(JOSE_E)), &why);
}

static struct crypto_key *ed25519(void)
{
    const char *why;
    return crypto_key_of_ed25519(fixture_decoded(SPAN(TOKEN_ED25519_X)), &why);
}

#define KNOWS(list) "\"token_endpoint_auth_signing_alg_values_supported\":[" list "],"

static const struct {
    const char *name;
    const char *pem;
    struct crypto_key *(*public_key)(void);
    const char *extra;
    const char *alg;
    enum crypto_algorithm algorithm;
} keys[] = {
    { "P-256", TOKEN_P256_PEM, p256, "", "ES256", CRYPTO_ES256 },
    { "P-384", TOKEN_P384_PEM, p384, "", "ES384", CRYPTO_ES384 },
    { "P-521", TOKEN_P521_PEM, p521, "", "ES512", CRYPTO_ES512 },
    { "Ed25519", TOKEN_ED25519_PEM, ed25519, "", "EdDSA", CRYPTO_EDDSA },
    { "RSA", TOKEN_RSA_PEM, rsa, "", "RS256", CRYPTO_RS256 },
    { "RSA, PS256 known", TOKEN_RSA_PEM, rsa, KNOWS("\"ES256\",\"PS256\""), "PS256", CRYPTO_PS256 },
    { "RSA, RS512 and PS256 known", TOKEN_RSA_PEM, rsa, KNOWS("\"PS256\",\"RS512\""), "RS512", CRYPTO_RS512 },
    { "RSA, PS512 known", TOKEN_RSA_PEM, rsa, KNOWS("\"PS512\""), "PS512", CRYPTO_PS512 },
    { "RSA, nothing known", TOKEN_RSA_PEM, rsa, KNOWS(""), "RS256", CRYPTO_RS256 },
    { "RSA, known elsewhere", TOKEN_RSA_PEM, rsa,
      "\"introspection_endpoint_auth_signing_alg_values_supported\":[\"PS384\"],", "RS256", CRYPTO_RS256 },
    { "P-256, others known", TOKEN_P256_PEM, p256, KNOWS("\"RS256\""), "ES256", CRYPTO_ES256 },
};

START_TEST(oidc_client_assertion_is_signed_by_the_key)
{
    begin_with_key(keys[_i].pem);
    provider.extra = keys[_i].extra;
    provider_map(KEY, OLD);
    expect_value();
    read_assertion();
    unit_expect_span(jsondoc_string(assertion.header, "alg"), span_text(keys[_i].alg), keys[_i].name);
    expect_text(assertion.header, "typ", "JWT");
    struct crypto_key *key = keys[_i].public_key();
    unit_expect(key != NULL, keys[_i].name);
    struct span signature = fixture_decoded(assertion.jwt.signature);
    unit_expect(crypto_verify(key, keys[_i].algorithm, assertion.jwt.input, signature), keys[_i].name);
    crypto_key_free(&key);
}
END_TEST

START_TEST(oidc_client_assertion_says_who_asks)
{
    char *endpoint = mem_format("http://127.0.0.1:%u//token", fixture_server.port);

    begin_with_key(TOKEN_P256_PEM);
    provider_map(KEY, OLD);
    expect_value();
    read_assertion();
    struct span names[4];
    ck_assert_uint_eq(jsondoc_names(assertion.header, NULL, names, 4), 2); /* no kid */
    ck_assert_uint_eq(jsondoc_names(assertion.payload, NULL, names, 4), 6);
    expect_text(assertion.payload, "iss", "c");
    expect_text(assertion.payload, "sub", "c");
    expect_text(assertion.payload, "aud", endpoint);
    ck_assert(jsondoc_number(assertion.payload, "iat") == CLAIMS_NOW_MS / 1000);
    ck_assert(jsondoc_number(assertion.payload, "exp") == CLAIMS_NOW_MS / 1000 + OIDC_ASSERTION_S);
    ck_assert_uint_ge(jsondoc_string(assertion.payload, "jti").n, 32);
    ck_assert_str_eq(assertion.text.p + assertion.text.n, "&grant_type=client_credentials");
    mem_free(endpoint);
}
END_TEST

START_TEST(oidc_client_assertion_is_as_configured)
{
    begin_with_key(TOKEN_P256_PEM);
    provider_map(KEY "key_id = \"a \\\"key\\\"\"; assertion_audience = \"urn:x\";", OLD);
    expect_value();
    read_assertion();
    expect_text(assertion.header, "kid", "a \"key\"");
    expect_text(assertion.payload, "aud", "urn:x");
}
END_TEST

static const char *only_third(const char *token)
{
    return strcmp(token, "T3") == 0 ? RESPONDER_OK("7", "\"value\"") : PROVIDER_STATUS("401");
}

/* Each is used once, and its request is not one that libcurl might repeat. */
START_TEST(oidc_client_assertion_is_another_each_time)
{
    char first[JTI_MAX_BYTES];

    begin_with_key(TOKEN_P256_PEM);
    provider_map(KEY, OLD);
    expect_value();
    read_assertion();
    struct span jti = jsondoc_string(assertion.payload, "jti");
    snprintf(first, sizeof(first), "%.*s", (int)jti.n, jti.p);
    ck_assert_int_eq(fixture_server.accepted, 3); /* configuration, token, backend */
    provider.backend_to = only_third;
    provider.token = PROVIDER_TOKEN("43", "T3");
    expect_value();
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(fixture_server.accepted, 4);
    read_assertion();
    ck_assert(!span_equal(jsondoc_string(assertion.payload, "jti"), span_text(first)));
}
END_TEST

START_TEST(oidc_client_without_an_assertion_uses_connections_again)
{
    provider_begin();
    provider_map("client_secret = \"s\";", OLD);
    expect_value();
    ck_assert_int_eq(fixture_server.accepted, 2);
    provider.backend_to = only_third;
    provider.token = PROVIDER_TOKEN("43", "T3");
    expect_value();
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(fixture_server.accepted, 2);
}
END_TEST

START_TEST(oidc_client_method_that_is_configured_is_used)
{
    begin_with_key(TOKEN_P256_PEM);
    provider.extra = "\"token_endpoint_auth_methods_supported\":[\"client_secret_basic\"],";
    provider_map(KEY "auth_method = \"private_key_jwt\";", OLD);
    expect_value();
    read_assertion();
}
END_TEST

START_TEST(oidc_client_assertion_is_for_the_endpoint_that_is_called)
{
    char *endpoint = mem_format("http://127.0.0.1:%u/introspect", fixture_server.port);

    fixture_write("key.pem", TOKEN_RSA_PEM);
    login_open(KEY);
    provider.extra = KNOWS("\"RS512\"") "\"introspection_endpoint_auth_signing_alg_values_supported\":[\"PS384\"],";
    login_expect("t", VERDICT_FOUND, LOGIN_ACCOUNT);
    read_assertion();
    expect_text(assertion.header, "alg", "PS384");
    expect_text(assertion.payload, "aud", endpoint);
    ck_assert_str_eq(assertion.text.p + assertion.text.n, "&token=t&token_type_hint=access_token");
    ck_assert_int_eq(fixture_server.accepted, 2);
    login_expect("t", VERDICT_FOUND, LOGIN_ACCOUNT);
    ck_assert_int_eq(fixture_server.accepted, 3);
    mem_free(endpoint);
}
END_TEST

static const struct {
    const char *name;
    const char *id, *secret;
    const char *form; /* NULL: Basic */
    const char *header;
} credentials[] = {
    { "form in the form", "a&b=c", "s+ %\"", "client_id=a%26b%3Dc&client_secret=s%2B%20%25%22&", NULL },
    { "UTF-8", "\xC3\xBC", "\xE2\x82\xAC", "client_id=%C3%BC&client_secret=%E2%82%AC&", NULL },
    { "Basic, encoded", "a:b", "c&d", NULL, "YSUzQWI6YyUyNmQ=" },
};

START_TEST(oidc_client_credentials_are_encoded)
{
    char *group = mem_format("backend_oidc_auth = { configuration_uri = \"http://127.0.0.1:%u/.well-known/"
                             "openid-configuration\"; client_id = \"%s\"; client_secret = { file = \"$DIR/s\"; };"
                             " auth_method = \"%s\"; }; " OLD, fixture_server.port, credentials[_i].id,
                             credentials[_i].form != NULL ? "client_secret_post" : "client_secret_basic");

    fixture_write("s", credentials[_i].secret);
    provider_begin();
    fixture_entry("/m?%s", group);
    expect_value();
    if (credentials[_i].form != NULL)
        unit_expect(strncmp(provider.last_form, credentials[_i].form, strlen(credentials[_i].form)) == 0,
                    credentials[_i].name);
    else
        unit_expect(strstr(provider.last_head, credentials[_i].header) != NULL, credentials[_i].name);
    mem_free(group);
}
END_TEST

static void end(void)
{
    drop_assertion();
    login_end();
}

static void add(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, login_begin, end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("oidc_client");

    add(suite, "keys", (const TTest *const[]){ oidc_client_assertion_is_signed_by_the_key, NULL }, UNIT_ROWS(keys));
    add(suite, "assertion",
        (const TTest *const[]){ oidc_client_assertion_says_who_asks, oidc_client_assertion_is_as_configured,
                                oidc_client_assertion_is_another_each_time,
                                oidc_client_without_an_assertion_uses_connections_again,
                                oidc_client_method_that_is_configured_is_used,
                                oidc_client_assertion_is_for_the_endpoint_that_is_called, NULL }, 1);
    add(suite, "credentials", (const TTest *const[]){ oidc_client_credentials_are_encoded, NULL },
        UNIT_ROWS(credentials));
    return unit_run(suite);
}
