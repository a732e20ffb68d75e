#include "oauth.h"

#include "base64.h"
#include "sasl.h"
#include "unit.h"

#define AUTH "\x01" "auth=Bearer "
#define END "\x01\x01"
#define ALL "azAZ09-._~+/=="

#define NAME_WRONG "user name or password"
#define TOKEN_MISSING "bearer token is missing"
#define TOKEN_WRONG "bearer token is empty or has"
#define MALFORMED "malformed"

struct row {
    const char *name;
    struct span message;
    struct span user;
    struct span token;
};

struct wrong {
    const char *name;
    struct span message;
    const char *why; /* its beginning */
};

static const struct row good_xoauth2[] = {
    { "one byte each", UNIT_BYTES("user=u" AUTH "t" END), UNIT_BYTES("u"), UNIT_BYTES("t") },
    { "the other order", UNIT_BYTES("auth=Bearer t\x01user=u" END), UNIT_BYTES("u"), UNIT_BYTES("t") },
    { "unknown fields", UNIT_BYTES("a=b\x01user=u\x01nothing" AUTH "t\x01=\xFF" END), UNIT_BYTES("u"),
      UNIT_BYTES("t") },
    { "names that begin like them", UNIT_BYTES("users=x\x01user=u\x01" "auth2=y" AUTH "t" END),
      UNIT_BYTES("u"), UNIT_BYTES("t") },
    { "scheme in small letters", UNIT_BYTES("user=u\x01" "auth=bearer t" END), UNIT_BYTES("u"), UNIT_BYTES("t") },
    { "scheme in capitals", UNIT_BYTES("user=u\x01" "auth=BEARER t" END), UNIT_BYTES("u"), UNIT_BYTES("t") },
    { "blanks before the token", UNIT_BYTES("user=u" AUTH "  t" END), UNIT_BYTES("u"), UNIT_BYTES("t") },
    { "all kinds of bytes in the token", UNIT_BYTES("user=u" AUTH ALL END), UNIT_BYTES("u"), UNIT_BYTES(ALL) },
    { "no escapes in the name", UNIT_BYTES("user=a=2Cb,c=" AUTH "t" END), UNIT_BYTES("a=2Cb,c="), UNIT_BYTES("t") },
    { "UTF-8", UNIT_BYTES("user=j\xC3\xBCrgen" AUTH "t" END), UNIT_BYTES("j\xC3\xBCrgen"), UNIT_BYTES("t") },
};

static const struct wrong wrong_xoauth2[] = {
    { "nothing", UNIT_BYTES(""), MALFORMED },
    { "a separator alone", UNIT_BYTES("\x01"), "user name is missing" },
    { "no user", UNIT_BYTES("auth=Bearer t" END), "user name is missing" },
    { "an empty user", UNIT_BYTES("user=" AUTH "t" END), "user name is missing" },
    { "USER", UNIT_BYTES("USER=u" AUTH "t" END), "user name is missing" },
    { "two users", UNIT_BYTES("user=u\x01user=u" AUTH "t" END), MALFORMED },
    { "two users, one of them empty", UNIT_BYTES("user=\x01user=u" AUTH "t" END), MALFORMED },
    { "two tokens", UNIT_BYTES("user=u" AUTH "t" AUTH "t" END), MALFORMED },
    { "a NUL in the name", UNIT_BYTES("user=a\0b" AUTH "t" END), NAME_WRONG },
    { "LF in the name", UNIT_BYTES("user=a\nOK" AUTH "t" END), NAME_WRONG },
    { "DEL in the name", UNIT_BYTES("user=a\x7F" AUTH "t" END), NAME_WRONG },
    { "a name that is not UTF-8", UNIT_BYTES("user=\xC3" AUTH "t" END), NAME_WRONG },
    { "no token", UNIT_BYTES("user=u" END), TOKEN_MISSING },
    { "nothing behind auth", UNIT_BYTES("user=u\x01" "auth=" END), TOKEN_MISSING },
    { "another scheme", UNIT_BYTES("user=u\x01" "auth=Basic dTpw" END), TOKEN_MISSING },
    { "half a scheme", UNIT_BYTES("user=u\x01" "auth=Bear" END), TOKEN_MISSING },
    { "no blank behind the scheme", UNIT_BYTES("user=u\x01" "auth=Bearert" END), TOKEN_MISSING },
    { "a scheme alone", UNIT_BYTES("user=u" AUTH END), TOKEN_WRONG },
    { "a token of '='", UNIT_BYTES("user=u" AUTH "==" END), TOKEN_WRONG },
    { "'=' within the token", UNIT_BYTES("user=u" AUTH "a=b" END), TOKEN_WRONG },
    { "a blank behind the token", UNIT_BYTES("user=u" AUTH "t " END), TOKEN_WRONG },
    { "no end", UNIT_BYTES("user=u" AUTH "t\x01"), MALFORMED },
    { "cut off in the token", UNIT_BYTES("user=u" AUTH "t"), MALFORMED },
    { "an end too early", UNIT_BYTES("user=u\x01" AUTH "t" END), MALFORMED },
    { "a byte behind the end", UNIT_BYTES("user=u" AUTH "t\x01\x01x"), MALFORMED },
    { "a separator behind the end", UNIT_BYTES("user=u" AUTH "t\x01" END), MALFORMED },
    { "OAUTHBEARER", UNIT_BYTES("n,a=u," AUTH "t" END), "user name is missing" },
    { "PLAIN", UNIT_BYTES("\0u\0p"), MALFORMED },
};

static const struct row good_bearer[] = {
    { "a name", UNIT_BYTES("n,a=u," AUTH "t" END), UNIT_BYTES("u"), UNIT_BYTES("t") },
    { "no name", UNIT_BYTES("n,," AUTH "t" END), UNIT_BYTES(""), UNIT_BYTES("t") },
    { "channel binding is known", UNIT_BYTES("y,," AUTH "t" END), UNIT_BYTES(""), UNIT_BYTES("t") },
    { "escapes", UNIT_BYTES("n,a==2C=3D2C=2Cb=3D," AUTH "t" END), UNIT_BYTES(",=2C,b="), UNIT_BYTES("t") },
    { "UTF-8", UNIT_BYTES("n,a=j\xC3\xBCrgen," AUTH "t" END), UNIT_BYTES("j\xC3\xBCrgen"), UNIT_BYTES("t") },
    { "every key", UNIT_BYTES("n,,\x01mthd=POST\x01path=/\x01post=a=b\x01qs=\x01xYz=\t\r\n ~" AUTH "t" END),
      UNIT_BYTES(""), UNIT_BYTES("t") },
    { "unknown keys twice", UNIT_BYTES("n,,\x01user=a\x01user=b\x01" "auth=bearer  t" END), UNIT_BYTES(""),
      UNIT_BYTES("t") },
};

static const struct wrong wrong_bearer[] = {
    { "nothing", UNIT_BYTES(""), MALFORMED },
    { "a separator alone", UNIT_BYTES("\x01"), MALFORMED },
    { "a flag alone", UNIT_BYTES("n"), MALFORMED },
    { "channel binding", UNIT_BYTES("p=tls-unique,," AUTH "t" END), "channel binding" },
    { "F before the flag", UNIT_BYTES("F,n,," AUTH "t" END), MALFORMED },
    { "another flag", UNIT_BYTES("x,," AUTH "t" END), MALFORMED },
    { "a flag in capitals", UNIT_BYTES("N,," AUTH "t" END), MALFORMED },
    { "two flags", UNIT_BYTES("ny,," AUTH "t" END), MALFORMED },
    { "no flag", UNIT_BYTES(",," AUTH "t" END), MALFORMED },
    { "one comma", UNIT_BYTES("n," AUTH "t" END), MALFORMED },
    { "three commas", UNIT_BYTES("n,,," AUTH "t" END), MALFORMED },
    { "a comma in the name", UNIT_BYTES("n,a=b,c," AUTH "t" END), MALFORMED },
    { "no comma behind the name", UNIT_BYTES("n,a=b" AUTH "t" END), MALFORMED },
    { "an empty name", UNIT_BYTES("n,a=," AUTH "t" END), MALFORMED },
    { "a alone", UNIT_BYTES("n,a," AUTH "t" END), MALFORMED },
    { "another attribute", UNIT_BYTES("n,b=u," AUTH "t" END), MALFORMED },
    { "another escape", UNIT_BYTES("n,a==00," AUTH "t" END), MALFORMED },
    { "an escape in small letters", UNIT_BYTES("n,a==2c," AUTH "t" END), MALFORMED },
    { "half an escape", UNIT_BYTES("n,a=u=2," AUTH "t" END), MALFORMED },
    { "a bare '='", UNIT_BYTES("n,a=u=," AUTH "t" END), MALFORMED },
    { "a NUL in the name", UNIT_BYTES("n,a=u\0," AUTH "t" END), MALFORMED },
    { "LF in the name", UNIT_BYTES("n,a=u\n," AUTH "t" END), NAME_WRONG },
    { "a name that is not UTF-8", UNIT_BYTES("n,a=\xFF," AUTH "t" END), NAME_WRONG },
    { "no separator behind the header", UNIT_BYTES("n,,auth=Bearer t" END), MALFORMED },
    { "no keys", UNIT_BYTES("n,," END), TOKEN_MISSING },
    { "nothing behind the header", UNIT_BYTES("n,,\x01"), MALFORMED },
    { "no auth", UNIT_BYTES("n,,\x01host=h" END), TOKEN_MISSING },
    { "AUTH", UNIT_BYTES("n,,\x01" "AUTH=Bearer t" END), TOKEN_MISSING },
    { "two tokens", UNIT_BYTES("n,," AUTH "t" AUTH "t" END), MALFORMED },
    { "another scheme", UNIT_BYTES("n,,\x01" "auth=Basic dTpw" END), TOKEN_MISSING },
    { "a token with '!'", UNIT_BYTES("n,," AUTH "t!" END), TOKEN_WRONG },
    { "a key with a digit", UNIT_BYTES("n,,\x01h1=x" AUTH "t" END), MALFORMED },
    { "a key with a blank", UNIT_BYTES("n,,\x01h =x" AUTH "t" END), MALFORMED },
    { "an empty key", UNIT_BYTES("n,,\x01=x" AUTH "t" END), MALFORMED },
    { "no '='", UNIT_BYTES("n,,\x01host" AUTH "t" END), MALFORMED },
    { "a NUL in a value", UNIT_BYTES("n,,\x01host=\0" AUTH "t" END), MALFORMED },
    { "DEL in a value", UNIT_BYTES("n,,\x01host=\x7F" AUTH "t" END), MALFORMED },
    { "a value that is not ASCII", UNIT_BYTES("n,,\x01host=\xC3\xBC" AUTH "t" END), MALFORMED },
    { "no end", UNIT_BYTES("n,," AUTH "t\x01"), MALFORMED },
    { "a byte behind the end", UNIT_BYTES("n,," AUTH "t\x01\x01x"), MALFORMED },
    { "a separator behind the end", UNIT_BYTES("n,," AUTH "t\x01" END), MALFORMED },
    { "XOAUTH2", UNIT_BYTES("user=u" AUTH "t" END), MALFORMED },
};

static bool is_within(struct span part, struct span whole)
{
    return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static void expect_good(const struct row *row, bool good, struct span message, const struct oauth_message *parsed)
{
    unit_expect(good, row->name);
    unit_expect_span(parsed->name, row->user, row->name);
    unit_expect_span(parsed->token, row->token, row->name);
    unit_expect(is_within(parsed->token, message), row->name);
}

static void expect_refused(const struct wrong *row, bool good, const struct oauth_message *parsed, const char *why)
{
    unit_expect(!good, row->name);
    unit_expect(why != NULL, row->name);
    ck_assert_msg(strncmp(why, row->why, strlen(row->why)) == 0, "%s: %s", row->name, why);
    unit_expect(parsed->token.n == 0, row->name);
}

START_TEST(oauth_xoauth2_borrows_name_and_token)
{
    struct span message = unit_guarded_span(good_xoauth2[_i].message);
    struct oauth_message parsed;
    const char *why = NULL;

    expect_good(&good_xoauth2[_i], oauth_xoauth2(message, &parsed, &why), message, &parsed);
    unit_expect(is_within(parsed.name, message), good_xoauth2[_i].name);
}
END_TEST

START_TEST(oauth_xoauth2_refuses)
{
    struct oauth_message parsed;
    const char *why = NULL;
    bool good = oauth_xoauth2(unit_guarded_span(wrong_xoauth2[_i].message), &parsed, &why);

    expect_refused(&wrong_xoauth2[_i], good, &parsed, why);
}
END_TEST

START_TEST(oauth_bearer_finds_name_and_token)
{
    struct span message = unit_guarded_span(good_bearer[_i].message);
    struct oauth_message parsed;
    const char *why = NULL;

    expect_good(&good_bearer[_i], oauth_bearer(message, unit_guard(message.n), &parsed, &why), message, &parsed);
}
END_TEST

START_TEST(oauth_bearer_refuses)
{
    struct span message = unit_guarded_span(wrong_bearer[_i].message);
    struct oauth_message parsed;
    const char *why = NULL;
    bool good = oauth_bearer(message, unit_guard(message.n), &parsed, &why);

    expect_refused(&wrong_bearer[_i], good, &parsed, why);
}
END_TEST

/* Whom to name in the answer is known by then. */
START_TEST(oauth_the_name_is_told_when_only_the_token_is_wrong)
{
    struct oauth_message parsed;
    char memory[64];
    const char *why;

    ck_assert(!oauth_xoauth2(SPAN("user=u\x01" "auth=Bearer !\x01\x01"), &parsed, &why));
    unit_expect_span(parsed.name, SPAN("u"), "XOAUTH2");
    ck_assert(!oauth_bearer(SPAN("n,a=u,\x01\x01"), memory, &parsed, &why));
    unit_expect_span(parsed.name, SPAN("u"), "OAUTHBEARER");
}
END_TEST

/* As they go over the wire. */
START_TEST(oauth_examples_arrive_in_base64)
{
    static const char google[] = "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQ"
                                 "mhkSFJoZG1semRHRXVZMjl0Q2cBAQ==";
    static const char rfc[] = "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVy"
                              "IHZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2c9PQEB";
    char message[256], memory[256];
    struct oauth_message parsed;
    const char *why;
    size_t n;

    ck_assert(base64_decode(message, sizeof(message), span_text(google), &n));
    ck_assert(oauth_xoauth2(span_make(message, n), &parsed, &why));
    unit_expect_span(parsed.name, SPAN("someuser@example.com"), "Google");
    unit_expect_span(parsed.token, SPAN("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"), "Google");
    ck_assert(base64_decode(message, sizeof(message), span_text(rfc), &n));
    ck_assert(oauth_bearer(span_make(message, n), memory, &parsed, &why));
    unit_expect_span(parsed.name, SPAN("user@example.com"), "RFC 7628");
    unit_expect_span(parsed.token, SPAN("vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg=="), "RFC 7628");
}
END_TEST

static bool bearer(struct span message, char *memory, struct oauth_message *parsed)
{
    const char *why;
    return oauth_bearer(message, memory, parsed, &why);
}

static bool xoauth2(struct span message, char *memory, struct oauth_message *parsed)
{
    const char *why;
    (void)memory;
    return oauth_xoauth2(message, parsed, &why);
}

static const struct {
    const char *name;
    bool (*parse)(struct span message, char *memory, struct oauth_message *parsed);
    struct span begin, middle;
} kinds[] = {
    { "XOAUTH2", xoauth2, UNIT_BYTES("user="), UNIT_BYTES("\x01" "auth=Bearer ") },
    { "OAUTHBEARER", bearer, UNIT_BYTES("n,a="), UNIT_BYTES(",\x01" "auth=Bearer ") },
};

static size_t append(char *to, size_t n, struct span bytes)
{
    memcpy(to + n, bytes.p, bytes.n);
    return n + bytes.n;
}

/* Is a message with a name and a token of such sizes a good one? */
static bool takes(int kind, size_t name_bytes, size_t token_bytes)
{
    static char text[SASL_NAME_MAX_BYTES + OAUTH_TOKEN_MAX_BYTES + 64];
    struct oauth_message parsed;
    size_t n = append(text, 0, kinds[kind].begin);

    memset(text + n, 'x', name_bytes);
    n = append(text, n + name_bytes, kinds[kind].middle);
    memset(text + n, 'x', token_bytes);
    n = append(text, n + token_bytes, SPAN("\x01\x01"));
    bool good = kinds[kind].parse(unit_guarded(text, n), unit_guard(n), &parsed);
    if (good) {
        unit_expect(parsed.name.n == name_bytes, kinds[kind].name);
        unit_expect(parsed.token.n == token_bytes, kinds[kind].name);
    }
    return good;
}

START_TEST(oauth_at_the_limit_is_good_and_beyond_is_refused)
{
    unit_expect(takes(_i, SASL_NAME_MAX_BYTES, OAUTH_TOKEN_MAX_BYTES), kinds[_i].name);
    unit_expect(!takes(_i, SASL_NAME_MAX_BYTES + 1, OAUTH_TOKEN_MAX_BYTES), kinds[_i].name);
    unit_expect(!takes(_i, SASL_NAME_MAX_BYTES, OAUTH_TOKEN_MAX_BYTES + 1), kinds[_i].name);
}
END_TEST

START_TEST(oauth_a_token_has_the_bytes_of_rfc_6750)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";

    for (int c = 2; c < 256; c++) {
        char message[] = "user=u\x01" "auth=Bearer aXb\x01\x01";
        struct oauth_message parsed;
        *strchr(message, 'X') = (char)c;
        bool good = xoauth2(span_text(message), NULL, &parsed);
        ck_assert_msg(good == (strchr(allowed, c) != NULL), "byte %d", c);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oauth");

    unit_add_loop(suite, "xoauth2, good", oauth_xoauth2_borrows_name_and_token, UNIT_ROWS(good_xoauth2));
    unit_add_loop(suite, "xoauth2, refused", oauth_xoauth2_refuses, UNIT_ROWS(wrong_xoauth2));
    unit_add_loop(suite, "bearer, good", oauth_bearer_finds_name_and_token, UNIT_ROWS(good_bearer));
    unit_add_loop(suite, "bearer, refused", oauth_bearer_refuses, UNIT_ROWS(wrong_bearer));
    unit_add_loop(suite, "limits", oauth_at_the_limit_is_good_and_beyond_is_refused, UNIT_ROWS(kinds));
    unit_add(suite, "both",
             (const TTest *const[]){ oauth_examples_arrive_in_base64,
                                     oauth_the_name_is_told_when_only_the_token_is_wrong,
                                     oauth_a_token_has_the_bytes_of_rfc_6750, NULL });
    return unit_run(suite);
}
