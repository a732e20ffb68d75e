#include "sasl.h"

#include "unit.h"

#define BEARER "auth=Bearer "

static struct sasl_step step;

static enum sasl_next begin(enum sasl_mechanism mechanism, struct span message)
{
    return sasl_step(mechanism, SPAN(""), unit_guarded_span(message), unit_guard(message.n), &step);
}

static const struct {
    const char *name;
    struct span text;
    int mechanism; /* -1: not known */
} names[] = {
    { "PLAIN", UNIT_BYTES("PLAIN"), SASL_PLAIN },
    { "in small letters", UNIT_BYTES("plain"), SASL_PLAIN },
    { "LOGIN", UNIT_BYTES("LOGIN"), SASL_LOGIN },
    { "in both", UNIT_BYTES("LoGiN"), SASL_LOGIN },
    { "empty", UNIT_BYTES(""), -1 },
    { "beginning", UNIT_BYTES("PLAI"), -1 },
    { "more", UNIT_BYTES("PLAIN2"), -1 },
    { "NUL behind it", UNIT_BYTES("PLAIN\0"), -1 },
    { "XOAUTH2", UNIT_BYTES("xoauth2"), SASL_XOAUTH2 },
    { "OAUTHBEARER", UNIT_BYTES("OAuthBearer"), SASL_OAUTHBEARER },
    { "another", UNIT_BYTES("XOAUTH"), -1 },
    { "not ASCII", UNIT_BYTES("LOG\xC4\xB1N"), -1 },
};

START_TEST(sasl_find_knows_names_in_any_case)
{
    enum sasl_mechanism mechanism = SASL_MECHANISMS;
    bool is_known = sasl_find(unit_guarded_span(names[_i].text), &mechanism);

    unit_expect(is_known == (names[_i].mechanism >= 0), names[_i].name);
    if (is_known)
        unit_expect((int)mechanism == names[_i].mechanism, names[_i].name);
}
END_TEST

START_TEST(sasl_name_is_found_again)
{
    for (enum sasl_mechanism i = SASL_PLAIN; i < SASL_MECHANISMS; i++) {
        enum sasl_mechanism found = SASL_MECHANISMS;
        ck_assert(sasl_find(span_text(sasl_name(i)), &found));
        ck_assert_int_eq(found, i);
        ck_assert_uint_le(strlen(sasl_name(i)), SASL_MECHANISM_MAX_BYTES);
    }
}
END_TEST

START_TEST(sasl_challenge_begins_without_a_message)
{
    unit_expect_span(sasl_challenge(SASL_PLAIN), SPAN(""), "PLAIN");
    unit_expect_span(sasl_challenge(SASL_LOGIN), SPAN("Username:"), "LOGIN");
    unit_expect_span(sasl_challenge(SASL_XOAUTH2), SPAN(""), "XOAUTH2");
    unit_expect_span(sasl_challenge(SASL_OAUTHBEARER), SPAN(""), "OAUTHBEARER");
}
END_TEST

START_TEST(sasl_step_checks_a_message_of_plain)
{
    ck_assert_int_eq(begin(SASL_PLAIN, SPAN("\0user\0word")), SASL_CHECK);
    unit_expect_span(step.credentials.name, SPAN("user"), "name");
    unit_expect_span(step.credentials.password, SPAN("word"), "password");
}
END_TEST

/* As LOGIN does: who it was is known by then. */
START_TEST(sasl_step_names_whom_it_refuses_for_the_password)
{
    ck_assert_int_eq(begin(SASL_PLAIN, SPAN("\0user\0")), SASL_REFUSED);
    unit_expect_span(step.credentials.name, SPAN("user"), "name");
}
END_TEST

START_TEST(sasl_an_empty_message_begins_plain_only)
{
    for (enum sasl_mechanism i = SASL_PLAIN; i < SASL_MECHANISMS; i++) {
        ck_assert_msg(sasl_begins_with(i, SPAN("")) == (i == SASL_PLAIN), "%s", sasl_name(i));
        ck_assert_msg(sasl_begins_with(i, SPAN("user")), "%s", sasl_name(i));
    }
}
END_TEST

START_TEST(sasl_two_mechanisms_carry_a_token)
{
    for (enum sasl_mechanism i = SASL_PLAIN; i < SASL_MECHANISMS; i++)
        ck_assert_msg(sasl_is_oauth(i) == (i == SASL_XOAUTH2 || i == SASL_OAUTHBEARER), "%s", sasl_name(i));
}
END_TEST

static const struct {
    const char *name;
    enum sasl_mechanism mechanism;
    struct span message;
    struct span claimed;
} tokens[] = {
    { "XOAUTH2", SASL_XOAUTH2, UNIT_BYTES("user=user\x01" BEARER "token\x01\x01"), UNIT_BYTES("user") },
    { "OAUTHBEARER", SASL_OAUTHBEARER, UNIT_BYTES("n,a=us=2Cer,\x01" BEARER "token\x01\x01"), UNIT_BYTES("us,er") },
    { "OAUTHBEARER, no name", SASL_OAUTHBEARER, UNIT_BYTES("n,,\x01" BEARER "token\x01\x01"), UNIT_BYTES("") },
};

START_TEST(sasl_step_checks_a_token)
{
    unit_expect(begin(tokens[_i].mechanism, tokens[_i].message) == SASL_CHECK, tokens[_i].name);
    unit_expect_span(step.credentials.name, tokens[_i].claimed, tokens[_i].name);
    unit_expect_span(step.credentials.password, SPAN("token"), tokens[_i].name);
}
END_TEST

START_TEST(sasl_step_refuses_to_act_as_another)
{
    ck_assert_int_eq(begin(SASL_PLAIN, SPAN("root\0user\0word")), SASL_REFUSED);
    ck_assert_str_eq(step.code, "authz_fail");
    unit_expect_span(step.credentials.name, SPAN("user"), "name");
    ck_assert_ptr_nonnull(step.why);
}
END_TEST

static const struct {
    const char *name;
    enum sasl_mechanism mechanism;
    struct span kept, message;
} refused[] = {
    { "PLAIN, nothing", SASL_PLAIN, UNIT_BYTES(""), UNIT_BYTES("") },
    { "PLAIN, no name", SASL_PLAIN, UNIT_BYTES(""), UNIT_BYTES("\0\0word") },
    { "PLAIN, one NUL", SASL_PLAIN, UNIT_BYTES(""), UNIT_BYTES("user\0word") },
    { "PLAIN, three", SASL_PLAIN, UNIT_BYTES(""), UNIT_BYTES("\0user\0wo\0rd") },
    { "PLAIN, line feed in the name", SASL_PLAIN, UNIT_BYTES(""), UNIT_BYTES("\0us\ner\0word") },
    { "LOGIN, no name", SASL_LOGIN, UNIT_BYTES(""), UNIT_BYTES("") },
    { "LOGIN, NUL in the name", SASL_LOGIN, UNIT_BYTES(""), UNIT_BYTES("us\0er") },
    { "LOGIN, name that is not UTF-8", SASL_LOGIN, UNIT_BYTES(""), UNIT_BYTES("\xFF") },
    { "LOGIN, no password", SASL_LOGIN, UNIT_BYTES("user"), UNIT_BYTES("") },
    { "LOGIN, NUL in the password", SASL_LOGIN, UNIT_BYTES("user"), UNIT_BYTES("wo\0rd") },
    { "XOAUTH2, nothing", SASL_XOAUTH2, UNIT_BYTES(""), UNIT_BYTES("") },
    { "XOAUTH2, no name", SASL_XOAUTH2, UNIT_BYTES(""), UNIT_BYTES(BEARER "token\x01\x01") },
    { "XOAUTH2, cut off", SASL_XOAUTH2, UNIT_BYTES(""), UNIT_BYTES("user=user\x01" BEARER "tok") },
    { "OAUTHBEARER, nothing", SASL_OAUTHBEARER, UNIT_BYTES(""), UNIT_BYTES("") },
    { "OAUTHBEARER, what answers a denial", SASL_OAUTHBEARER, UNIT_BYTES(""), UNIT_BYTES("\x01") },
    { "OAUTHBEARER, channel binding", SASL_OAUTHBEARER, UNIT_BYTES(""),
      UNIT_BYTES("p=tls-unique,a=user,\x01" BEARER "token\x01\x01") },
};

START_TEST(sasl_step_refuses)
{
    enum sasl_next next = sasl_step(refused[_i].mechanism, refused[_i].kept, unit_guarded_span(refused[_i].message),
                                    unit_guard(refused[_i].message.n), &step);

    unit_expect(next == SASL_REFUSED, refused[_i].name);
    unit_expect(step.why != NULL && step.why[0] != '\0', refused[_i].name);
    unit_expect(step.code[0] == '\0', refused[_i].name);
    unit_expect_span(step.credentials.name, refused[_i].kept, refused[_i].name);
}
END_TEST

START_TEST(sasl_step_asks_for_the_password_of_login)
{
    ck_assert_int_eq(begin(SASL_LOGIN, SPAN("user")), SASL_GO_ON);
    unit_expect_span(step.credentials.name, SPAN("user"), "name");
    unit_expect_span(step.challenge, SPAN("Password:"), "challenge");
    ck_assert_int_eq(sasl_step(SASL_LOGIN, SPAN("user"), SPAN("word"), NULL, &step), SASL_CHECK);
    unit_expect_span(step.credentials.name, SPAN("user"), "name");
    unit_expect_span(step.credentials.password, SPAN("word"), "password");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sasl_step");

    unit_add_loop(suite, "sasl_find", sasl_find_knows_names_in_any_case, UNIT_ROWS(names));
    unit_add_loop(suite, "tokens", sasl_step_checks_a_token, UNIT_ROWS(tokens));
    unit_add_loop(suite, "refused", sasl_step_refuses, UNIT_ROWS(refused));
    unit_add(suite, "steps",
             (const TTest *const[]){ sasl_name_is_found_again, sasl_challenge_begins_without_a_message,
                                     sasl_step_checks_a_message_of_plain, sasl_step_refuses_to_act_as_another,
                                     sasl_step_names_whom_it_refuses_for_the_password,
                                     sasl_an_empty_message_begins_plain_only, sasl_two_mechanisms_carry_a_token,
                                     sasl_step_asks_for_the_password_of_login, NULL });
    return unit_run(suite);
}
