#include "oidc_metadata.h"

#include "buf.h"
#include "unit.h"

#define ISSUER "\"issuer\":\"https://id.example\""

static const struct config_oidc group = {
    .configuration_uri = (char *)(size_t) "https://id.example/.well-known/openid-configuration",
};

static struct oidc_metadata *parse(struct span body)
{
    const char *why = NULL;
    struct oidc_metadata *metadata = oidc_metadata_parse(&group, body, &why);

    ck_assert_msg(metadata != NULL, "%s", why);
    return metadata;
}

START_TEST(oidc_metadata_gives_what_is_published)
{
    struct oidc_metadata *metadata = parse(SPAN("{" ISSUER ",\"token_endpoint\":\"https://id.example//t\","
                                                "\"jwks_uri\":1}"));

    unit_expect_span(oidc_metadata_issuer(metadata), SPAN("https://id.example"), "issuer");
    unit_expect_span(oidc_metadata_url(metadata, OIDC_TOKEN_ENDPOINT), SPAN("https://id.example//t"), "as it is");
    ck_assert_ptr_null(oidc_metadata_url(metadata, OIDC_INTROSPECTION_ENDPOINT).p);
    ck_assert_ptr_null(oidc_metadata_jwks_uri(metadata).p);
    oidc_metadata_free(&metadata);
}
END_TEST

/* A provider decides how long it is looked at, but not without bounds. */
START_TEST(oidc_metadata_of_any_length_is_read_at_once)
{
    struct buf body;

    buf_init(&body, 1024 * 1024);
    buf_add(&body, SPAN("{" ISSUER ",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\""));
    while (body.n < 1000 * 1000)
        buf_add(&body, SPAN(",0"));
    buf_add(&body, SPAN(",\"client_secret_basic\"]}"));
    struct oidc_metadata *metadata = parse(buf_span(&body));
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(oidc_metadata_has_method(metadata, OIDC_TOKEN_ENDPOINT, CONFIG_OIDC_SECRET_POST),
                         OIDC_SUPPORTED);
        ck_assert_int_eq(oidc_metadata_has_method(metadata, OIDC_TOKEN_ENDPOINT, CONFIG_OIDC_SECRET_BASIC),
                         OIDC_UNSUPPORTED);
    }
    oidc_metadata_free(&metadata);
    buf_free(&body);
}
END_TEST

static const struct {
    const char *name;
    struct span body;
} bad[] = {
    { "not JSON", UNIT_BYTES("<") },
    { "no issuer", UNIT_BYTES("{}") },
    { "an empty issuer", UNIT_BYTES("{\"issuer\":\"\"}") },
    { "another issuer", UNIT_BYTES("{\"issuer\":\"https://id.example.evil\"}") },
    { "issuer twice", UNIT_BYTES("{" ISSUER "," ISSUER "}") },
    { "an issuer that is no string", UNIT_BYTES("{\"issuer\":[\"https://id.example\"]}") },
};

START_TEST(oidc_metadata_of_somebody_else_is_refused)
{
    const char *why = NULL;

    unit_expect(oidc_metadata_parse(&group, unit_guarded_span(bad[_i].body), &why) == NULL, bad[_i].name);
    unit_expect(why != NULL, bad[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oidc_metadata");

    unit_add(suite, "good", (const TTest *const[]){ oidc_metadata_gives_what_is_published,
                                                    oidc_metadata_of_any_length_is_read_at_once, NULL });
    unit_add_loop(suite, "bad", oidc_metadata_of_somebody_else_is_refused, UNIT_ROWS(bad));
    return unit_run(suite);
}
