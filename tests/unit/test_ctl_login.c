#include "../../tools/pfxctl/login.h"

#include "unit.h"

static const struct {
    const char *name;
    enum sasl_mechanism mechanism;
    const char *user;
    struct span messages[2];
    size_t count;
} rows[] = {
    { "PLAIN", SASL_PLAIN, "user", { UNIT_BYTES("\0user\0s=,\"") }, 1 },
    { "LOGIN", SASL_LOGIN, "user", { UNIT_BYTES("user"), UNIT_BYTES("s=,\"") }, 2 },
    { "XOAUTH2", SASL_XOAUTH2, "user", { UNIT_BYTES("user=user\001auth=Bearer s=,\"\001\001") }, 1 },
    { "OAUTHBEARER", SASL_OAUTHBEARER, "a,=b", { UNIT_BYTES("n,a=a=2C=3Db,\001auth=Bearer s=,\"\001\001") }, 1 },
    { "OAUTHBEARER without a name", SASL_OAUTHBEARER, "", { UNIT_BYTES("n,,\001auth=Bearer s=,\"\001\001") }, 1 },
};

static void begin(struct login *login, enum sasl_mechanism mechanism, const char *user, const char *secret)
{
    *login = (struct login){ .mechanism = mechanism, .user = user };
    buf_init(&login->secret, 100);
    buf_add(&login->secret, span_text(secret));
}

START_TEST(login_message_is_what_a_mail_program_sends)
{
    struct buf message;
    struct login login;
    size_t i = 0;

    buf_init(&message, LOGIN_MESSAGE_MAX_BYTES);
    begin(&login, rows[_i].mechanism, rows[_i].user, "s=,\"");
    for (; login_message(&login, i, &message); i++)
        unit_expect_span(buf_span(&message), rows[_i].messages[i], rows[_i].name);
    ck_assert_uint_eq(i, rows[_i].count);
    ck_assert_uint_eq(message.n, 0);
    buf_free(&message);
    buf_free(&login.secret);
}
END_TEST

/* What the daemon reads out of it. */
START_TEST(login_message_is_understood)
{
    enum sasl_mechanism mechanism = (enum sasl_mechanism)_i;
    char memory[LOGIN_MESSAGE_MAX_BYTES];
    struct sasl_step step = { .why = "" };
    enum sasl_next next = SASL_GO_ON;
    struct buf message;
    struct login login;
    const char *name = mechanism == SASL_OAUTHBEARER ? "a,=b" : "user";

    buf_init(&message, LOGIN_MESSAGE_MAX_BYTES);
    begin(&login, mechanism, name, "secret");
    for (size_t i = 0; login_message(&login, i, &message); i++)
        next = sasl_step(mechanism, i == 0 ? SPAN("") : span_text(name), buf_span(&message), memory, &step);
    ck_assert_int_eq(next, SASL_CHECK);
    unit_expect_span(step.credentials.name, span_text(name), sasl_name(mechanism));
    unit_expect_span(step.credentials.password, SPAN("secret"), sasl_name(mechanism));
    buf_free(&message);
    buf_free(&login.secret);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_login");

    unit_add_loop(suite, "messages", login_message_is_what_a_mail_program_sends, UNIT_ROWS(rows));
    unit_add_loop(suite, "steps", login_message_is_understood, SASL_MECHANISMS);
    return unit_run(suite);
}
