#include "sasl.h"

#include "unit.h"

#define LONG_BYTES (SASL_PASSWORD_MAX_BYTES + 1)

static const struct {
    const char *name;
    struct span message;
    enum sasl_outcome outcome;
    struct span user;
    struct span password;
} good[] = {
    { "RFC 4616, first example", UNIT_BYTES("\0tim\0tanstaaftanstaaf"), SASL_GOOD, UNIT_BYTES("tim"),
      UNIT_BYTES("tanstaaftanstaaf") },
    { "RFC 4616, second example", UNIT_BYTES("Ursel\0Kurt\0xipj3plmq"), SASL_OTHER_NAME, UNIT_BYTES("Kurt"),
      UNIT_BYTES("xipj3plmq") },
    { "one byte each", UNIT_BYTES("\0u\0p"), SASL_GOOD, UNIT_BYTES("u"), UNIT_BYTES("p") },
    { "the same name twice", UNIT_BYTES("tim\0tim\0p"), SASL_GOOD, UNIT_BYTES("tim"), UNIT_BYTES("p") },
    { "the same name in another case", UNIT_BYTES("Tim\0tim\0p"), SASL_OTHER_NAME, UNIT_BYTES("tim"), UNIT_BYTES("p") },
    { "a name that begins the other", UNIT_BYTES("ti\0tim\0p"), SASL_OTHER_NAME, UNIT_BYTES("tim"), UNIT_BYTES("p") },
    { "a name that the other begins", UNIT_BYTES("timm\0tim\0p"), SASL_OTHER_NAME, UNIT_BYTES("tim"), UNIT_BYTES("p") },
    { "another name that is not UTF-8", UNIT_BYTES("\xFF\0tim\0p"), SASL_OTHER_NAME, UNIT_BYTES("tim"),
      UNIT_BYTES("p") },
    { "an address", UNIT_BYTES("\0tim@example.com\0p"), SASL_GOOD, UNIT_BYTES("tim@example.com"), UNIT_BYTES("p") },
    { "UTF-8", UNIT_BYTES("\0j\xC3\xBCrgen\0p\xC3\xA4ss"), SASL_GOOD, UNIT_BYTES("j\xC3\xBCrgen"),
      UNIT_BYTES("p\xC3\xA4ss") },
    { "colons and spaces", UNIT_BYTES("\0a:b c\0 p:q "), SASL_GOOD, UNIT_BYTES("a:b c"), UNIT_BYTES(" p:q ") },
    { "control bytes in the password", UNIT_BYTES("\0u\0\x01\t\r\n\x7F"), SASL_GOOD, UNIT_BYTES("u"),
      UNIT_BYTES("\x01\t\r\n\x7F") },
};

static const struct {
    const char *name;
    struct span message;
} malformed[] = {
    { "nothing", UNIT_BYTES("") },
    { "no NUL", UNIT_BYTES("tim") },
    { "one NUL alone", UNIT_BYTES("\0") },
    { "one NUL", UNIT_BYTES("tim\0password") },
    { "one NUL at the end", UNIT_BYTES("tim\0") },
    { "two NULs alone", UNIT_BYTES("\0\0") },
    { "three NULs", UNIT_BYTES("\0tim\0pass\0word") },
    { "three NULs, one at the end", UNIT_BYTES("\0tim\0password\0") },
    { "three NULs, one at the start", UNIT_BYTES("\0\0tim\0password") },
    { "no name", UNIT_BYTES("\0\0password") },
    { "no name, another one to act for", UNIT_BYTES("tim\0\0password") },
    { "no password", UNIT_BYTES("\0tim\0") },
    { "no password, another name", UNIT_BYTES("Ursel\0Kurt\0") },
    { "LF in the name", UNIT_BYTES("\0tim\nOK\0p") },
    { "LF in both names", UNIT_BYTES("tim\n\0tim\n\0p") },
    { "a name that is not UTF-8", UNIT_BYTES("\0t\xFFm\0p") },
    { "a password that is not UTF-8", UNIT_BYTES("\0tim\0p\xC3") },
    { "a name that is not UTF-8, for another", UNIT_BYTES("Ursel\0\xC3\0p") },
};

START_TEST(sasl_plain_good_borrows_the_message)
{
    struct span message = unit_guarded_span(good[_i].message);
    struct sasl_credentials credentials;
    const char *why = NULL;

    unit_expect(sasl_plain(message, &credentials, &why) == good[_i].outcome, good[_i].name);
    unit_expect_span(credentials.name, good[_i].user, good[_i].name);
    unit_expect_span(credentials.password, good[_i].password, good[_i].name);
    unit_expect(credentials.password.p + credentials.password.n == message.p + message.n, good[_i].name);
    unit_expect((why != NULL && *why != '\0') == (good[_i].outcome == SASL_OTHER_NAME), good[_i].name);
}
END_TEST

START_TEST(sasl_plain_wrong_is_malformed_with_a_reason)
{
    struct sasl_credentials credentials;
    const char *why = NULL;

    unit_expect(sasl_plain(unit_guarded_span(malformed[_i].message), &credentials, &why) == SASL_MALFORMED,
                malformed[_i].name);
    unit_expect(why != NULL && *why != '\0', malformed[_i].name);
}
END_TEST

/* A name with that byte in its middle. */
static enum sasl_outcome check_name_with(int c)
{
    const char bytes[] = { 'a', (char)c, 'b' };
    const char *why;
    return sasl_check_name(span_make(bytes, sizeof(bytes)), &why);
}

START_TEST(sasl_check_name_refuses_control_bytes)
{
    for (int c = 0; c < 0x80; c++) {
        bool is_control = c < 0x20 || c == 0x7F;
        ck_assert_msg(check_name_with(c) == (is_control ? SASL_MALFORMED : SASL_GOOD), "byte %d", c);
    }
}
END_TEST

START_TEST(sasl_check_name_refuses_what_is_not_utf8)
{
    for (int c = 0x80; c < 0x100; c++)
        ck_assert_msg(check_name_with(c) == SASL_MALFORMED, "byte %d", c);
}
END_TEST

START_TEST(sasl_check_password_refuses_a_nul_only)
{
    for (int c = 0; c < 0x80; c++) {
        const char bytes[] = { 'a', (char)c, 'b' };
        const char *why;
        enum sasl_outcome outcome = sasl_check_password(span_make(bytes, sizeof(bytes)), &why);
        ck_assert_msg(outcome == (c == 0 ? SASL_MALFORMED : SASL_GOOD), "byte %d", c);
    }
}
END_TEST

static enum sasl_outcome check_long(enum sasl_outcome (*check)(struct span, const char **), size_t bytes)
{
    static char text[LONG_BYTES];
    const char *why;

    memset(text, 'x', sizeof(text));
    return check(unit_guarded(text, bytes), &why);
}

START_TEST(sasl_check_at_the_limit_is_good_and_beyond_is_malformed)
{
    ck_assert_int_eq(check_long(sasl_check_name, SASL_NAME_MAX_BYTES), SASL_GOOD);
    ck_assert_int_eq(check_long(sasl_check_name, SASL_NAME_MAX_BYTES + 1), SASL_MALFORMED);
    ck_assert_int_eq(check_long(sasl_check_password, SASL_PASSWORD_MAX_BYTES), SASL_GOOD);
    ck_assert_int_eq(check_long(sasl_check_password, SASL_PASSWORD_MAX_BYTES + 1), SASL_MALFORMED);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
} refused[] = {
    { "empty", UNIT_BYTES("") },
    { "a NUL", UNIT_BYTES("a\0b") },
    { "not UTF-8", UNIT_BYTES("a\xFF") },
};

/* The client learns the same, whichever of the two it was. */
START_TEST(sasl_checks_refuse_name_and_password_in_the_same_words)
{
    struct span text = unit_guarded_span(refused[_i].text);
    const char *of_name = NULL;
    const char *of_password = NULL;

    unit_expect(sasl_check_name(text, &of_name) == SASL_MALFORMED, refused[_i].name);
    unit_expect(sasl_check_password(text, &of_password) == SASL_MALFORMED, refused[_i].name);
    unit_expect_span(span_text(of_name), span_text(of_password), refused[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sasl");

    unit_add_loop(suite, "plain, good", sasl_plain_good_borrows_the_message, UNIT_ROWS(good));
    unit_add_loop(suite, "plain, malformed", sasl_plain_wrong_is_malformed_with_a_reason, UNIT_ROWS(malformed));
    unit_add(suite, "check",
             (const TTest *const[]){ sasl_check_name_refuses_control_bytes, sasl_check_name_refuses_what_is_not_utf8,
                                     sasl_check_password_refuses_a_nul_only,
                                     sasl_check_at_the_limit_is_good_and_beyond_is_malformed, NULL });
    unit_add_loop(suite, "check, reasons", sasl_checks_refuse_name_and_password_in_the_same_words, UNIT_ROWS(refused));
    return unit_run(suite);
}
