#include "oauth.h"

#include "json.h"
#include "unit.h"

#define CONFIGURATION "https://id.example.com/.well-known/openid-configuration"

static const struct {
    const char *name;
    struct oauth_challenge challenge;
    struct span expected;
} rows[] = {
    { "XOAUTH2, as Dovecot", { true, OAUTH_INVALID_TOKEN, UNIT_BYTES("mail"), UNIT_BYTES("") },
      UNIT_BYTES("{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail\"}") },
    { "XOAUTH2, scope", { true, OAUTH_INSUFFICIENT_SCOPE, UNIT_BYTES("mail send"), UNIT_BYTES("") },
      UNIT_BYTES("{\"status\":\"403\",\"schemes\":\"bearer\",\"scope\":\"mail send\"}") },
    { "XOAUTH2, malformed", { true, OAUTH_INVALID_REQUEST, UNIT_BYTES(""), UNIT_BYTES(CONFIGURATION) },
      UNIT_BYTES("{\"status\":\"400\",\"schemes\":\"bearer\",\"scope\":\"\"}") },
    { "OAUTHBEARER, as Dovecot", { false, OAUTH_INVALID_TOKEN, UNIT_BYTES(""), UNIT_BYTES("") },
      UNIT_BYTES("{\"status\":\"invalid_token\"}") },
    { "OAUTHBEARER, all", { false, OAUTH_INVALID_TOKEN, UNIT_BYTES("mail"), UNIT_BYTES(CONFIGURATION) },
      UNIT_BYTES("{\"status\":\"invalid_token\",\"scope\":\"mail\",\"openid-configuration\":\"" CONFIGURATION "\"}") },
    { "OAUTHBEARER, scope", { false, OAUTH_INSUFFICIENT_SCOPE, UNIT_BYTES("mail"), UNIT_BYTES("") },
      UNIT_BYTES("{\"status\":\"insufficient_scope\",\"scope\":\"mail\"}") },
    { "OAUTHBEARER, malformed", { false, OAUTH_INVALID_REQUEST, UNIT_BYTES(""), UNIT_BYTES(CONFIGURATION) },
      UNIT_BYTES("{\"status\":\"invalid_request\",\"openid-configuration\":\"" CONFIGURATION "\"}") },
    { "escapes", { false, OAUTH_INVALID_TOKEN, UNIT_BYTES("a\"b\\\n\x01\xC3\xBC"), UNIT_BYTES("") },
      UNIT_BYTES("{\"status\":\"invalid_token\",\"scope\":\"a\\\"b\\\\\\n\\u0001\xC3\xBC\"}") },
};

static size_t encode(char *out, size_t size, const void *challenge)
{
    return oauth_challenge(out, size, challenge);
}

START_TEST(oauth_challenge_says_why)
{
    const char *why;

    unit_expect(json_check(rows[_i].expected, &why), rows[_i].name);
    unit_encodes(rows[_i].expected, rows[_i].name, encode, &rows[_i].challenge);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oauth_challenge");

    unit_add_loop(suite, "challenges", oauth_challenge_says_why, UNIT_ROWS(rows));
    return unit_run(suite);
}
