#include "subject.h"

#include "authproto.h"
#include "mem.h"
#include "sasl.h"
#include "unit.h"

#define SHOWN_MAX_BYTES 2048
#define REPLACEMENT "\xEF\xBF\xBD"

static const struct subject_login known = {
    .user = UNIT_BYTES("u@example.com"),
    .password = UNIT_BYTES("secret"),
    .mechanism = UNIT_BYTES("PLAIN"),
    .service = UNIT_BYTES("smtp"),
    .rip = UNIT_BYTES("192.0.2.1"),
    .rport = UNIT_BYTES("40000"),
    .lip = UNIT_BYTES("192.0.2.2"),
    .lport = UNIT_BYTES("587"),
    .session = UNIT_BYTES("abc"),
    .secured = true,
};

static const struct subject_login least = {
    .user = UNIT_BYTES("u"),
    .password = UNIT_BYTES("p"),
    .mechanism = UNIT_BYTES("LOGIN"),
    .service = UNIT_BYTES("smtp"),
};

static char no_protocol[] = "", submission[] = "submission", entry_name[] = "auth";

static struct config_entry entry_of(char *protocol, int64_t default_local_port)
{
    return (struct config_entry){ .section = CONFIG_DOVECOT_SASL, .name = entry_name, .protocol = protocol,
                                  .default_local_port = default_local_port };
}

/* The members of the body as NAME=VALUE, with '|' between them. */
static void expect_members(const struct subject *subject, const char *expected)
{
    struct template_values values = subject_values(subject);
    struct buf text;

    buf_init(&text, SHOWN_MAX_BYTES);
    for (size_t i = 0; i < values.object_count; i++) {
        const struct attribute *member = &values.object[i];
        buf_format(&text, "%s%.*s=%.*s", i == 0 ? "" : "|", (int)member->name.n, member->name.p, (int)member->value.n,
                   member->value.p);
    }
    ck_assert_str_eq(buf_text(&text), expected);
    buf_free(&text);
}

static void expect_login(const struct subject_login *login, struct config_entry entry, const char *expected)
{
    struct subject subject = { .attributes = NULL };

    subject_of_login(&subject, &entry, login);
    expect_members(&subject, expected);
    subject_free(&subject);
}

START_TEST(subject_of_login_has_its_members_in_order)
{
    expect_login(&known, entry_of(no_protocol, 0),
                 "username=u@example.com|password=secret|protocol=smtp|method=plain|client_ip=192.0.2.1|"
                 "client_port=40000|local_ip=192.0.2.2|local_port=587|ssl=on|external_session_id=abc");
}
END_TEST

START_TEST(subject_of_login_leaves_out_what_is_not_known)
{
    expect_login(&least, entry_of(no_protocol, 0), "username=u|password=p|protocol=smtp|method=login");
}
END_TEST

START_TEST(subject_of_login_takes_the_protocol_of_the_entry)
{
    expect_login(&least, entry_of(submission, 0), "username=u|password=p|protocol=submission|method=login");
}
END_TEST

START_TEST(subject_of_login_takes_the_port_of_the_entry_when_the_request_has_none)
{
    expect_login(&least, entry_of(no_protocol, 25), "username=u|password=p|protocol=smtp|method=login|local_port=25");
    expect_login(&least, entry_of(no_protocol, 65535),
                 "username=u|password=p|protocol=smtp|method=login|local_port=65535");
    struct subject_login login = least;
    login.lport = SPAN("465");
    expect_login(&login, entry_of(no_protocol, 25), "username=u|password=p|protocol=smtp|method=login|local_port=465");
}
END_TEST

static struct span field(const struct subject *subject, const char *name)
{
    struct template_values values = subject_values(subject);
    return attribute_value(values.attributes, values.attribute_count, name);
}

START_TEST(subject_of_login_has_the_fields_that_templates_name)
{
    static const char *const fields[][2] = {
        { "user", "u@example.com" }, { "password", "secret" }, { "service", "smtp" }, { "mechanism", "PLAIN" },
        { "rip", "192.0.2.1" },      { "rport", "40000" },     { "lip", "192.0.2.2" }, { "lport", "587" },
        { "session", "abc" },
    };
    struct config_entry entry = entry_of(submission, 25);
    struct subject subject = { .attributes = NULL };

    subject_of_login(&subject, &entry, &known);
    for (int i = 0; i < UNIT_ROWS(fields); i++)
        unit_expect_span(field(&subject, fields[i][0]), span_text(fields[i][1]), fields[i][0]);
    ck_assert(subject_is_askable(&subject));
    subject_free(&subject);
}
END_TEST

/* The request is gone when the backend is asked. */
START_TEST(subject_of_login_borrows_nothing)
{
    struct config_entry entry = entry_of(no_protocol, 0);
    char user[] = "user", password[] = "word", mechanism[] = "LoGin";
    struct subject_login login = { .user = span_text(user), .password = span_text(password),
                                   .mechanism = span_text(mechanism), .service = SPAN("smtp") };
    struct subject subject = { .attributes = NULL };

    subject_of_login(&subject, &entry, &login);
    memset(user, '#', sizeof(user));
    memset(password, '#', sizeof(password));
    memset(mechanism, '#', sizeof(mechanism));
    expect_members(&subject, "username=user|password=word|protocol=smtp|method=login");
    unit_expect_span(field(&subject, "mechanism"), SPAN("LoGin"), "mechanism");
    subject_free(&subject);
}
END_TEST

START_TEST(subject_of_login_replaces_control_bytes_of_what_it_came_by)
{
    struct subject_login login = least;

    login.service = SPAN("sm\ttp");
    login.rip = SPAN("192.0.2.1\r\nX-Evil: 1");
    login.lip = SPAN("\x7F");
    login.rport = SPAN("\x01" "2");
    login.lport = SPAN("2\x1F");
    login.session = SPAN("a\0b\n");
    expect_login(&login, entry_of(no_protocol, 0),
                 "username=u|password=p|protocol=sm?tp|method=login|client_ip=192.0.2.1??X-Evil: 1|client_port=?2|"
                 "local_ip=?|local_port=2?|external_session_id=a?b?");
}
END_TEST

START_TEST(subject_of_login_makes_it_valid_utf8)
{
    struct subject_login login = least;

    login.session = SPAN("a\xFF\xC3\xBC\xC0\xAF" "b");
    login.rip = SPAN("\xE2\x82");
    expect_login(&login, entry_of(no_protocol, 0),
                 "username=u|password=p|protocol=smtp|method=login|client_ip=" REPLACEMENT REPLACEMENT
                 "|external_session_id=a" REPLACEMENT "\xC3\xBC" REPLACEMENT REPLACEMENT "b");
}
END_TEST

START_TEST(subject_of_login_keeps_each_byte_of_the_password)
{
    static const struct span password = UNIT_BYTES(" \x01\t\r\n\x7F\"\\\xC3\xBC\xF0\x9F\x98\x80 ");
    struct config_entry entry = entry_of(no_protocol, 0);
    struct subject_login login = least;
    struct subject subject = { .attributes = NULL };

    login.password = password;
    subject_of_login(&subject, &entry, &login);
    unit_expect_span(field(&subject, "password"), password, "field");
    unit_expect_span(subject_values(&subject).object[1].value, password, "member");
    subject_free(&subject);
}
END_TEST

static struct span bad_bytes(char *bytes, size_t n)
{
    memset(bytes, 0xFF, n);
    return span_make(bytes, n);
}

/* Each byte becomes three. */
START_TEST(subject_of_login_has_room_for_the_longest)
{
    static char name[SASL_NAME_MAX_BYTES], password[SASL_PASSWORD_MAX_BYTES];
    static char session[AUTHPROTO_LINE_MAX_BYTES - (sizeof("AUTH\t1\tPLAIN\tservice=s\tsession=\n") - 1)];
    struct config_entry entry = entry_of(no_protocol, 65535);
    struct subject_login login = { .user = bad_bytes(name, sizeof(name)),
                                   .password = bad_bytes(password, sizeof(password)), .mechanism = SPAN("PLAIN"),
                                   .service = SPAN("s"), .session = bad_bytes(session, sizeof(session)) };
    struct subject subject = { .attributes = NULL };

    subject_of_login(&subject, &entry, &login);
    ck_assert_uint_eq(field(&subject, "user").n, 3 * sizeof(name));
    ck_assert_uint_eq(field(&subject, "password").n, 3 * sizeof(password));
    ck_assert_uint_eq(field(&subject, "session").n, 3 * sizeof(session));
    unit_expect_span(field(&subject, "method"), SPAN("plain"), "method");
    unit_expect_span(field(&subject, "default_port"), SPAN("65535"), "port");
    subject_free(&subject);
}
END_TEST

START_TEST(subject_of_login_is_secret)
{
    struct config_entry entry = entry_of(no_protocol, 0);
    struct subject subject = { .attributes = NULL };

    subject_of_login(&subject, &entry, &known);
    ck_assert(subject.bytes.secret);
    subject_free(&subject);
    ck_assert_ptr_null(subject.attributes);
    ck_assert_uint_eq(subject.bytes.n + subject.chosen_count, 0);
}
END_TEST

static void expect_described(const struct subject_login *login, const char *expected)
{
    struct config_entry entry = entry_of(no_protocol, 0);
    char text[SHOWN_MAX_BYTES];
    struct subject subject = { .attributes = NULL };

    subject_of_login(&subject, &entry, login);
    subject_describe(&subject, &entry, text, sizeof(text));
    ck_assert_str_eq(text, expected);
    subject_free(&subject);
}

START_TEST(subject_describe_names_entry_user_mechanism_and_client)
{
    expect_described(&known, "sasl=auth, user=<u@example.com>, mechanism=PLAIN, client=[192.0.2.1]");
    expect_described(&least, "sasl=auth, user=<u>, mechanism=LOGIN");
}
END_TEST

START_TEST(subject_describe_of_a_policy_names_the_client_where_it_is_known)
{
    const struct attribute attributes[] = { { SPAN("client_name"), SPAN("host") },
                                            { SPAN("client_address"), SPAN("192.0.2.1") } };
    static const char *const expected[] = { "NOQUEUE: sender=<>, recipient=<>",
                                            "NOQUEUE: client=host[], sender=<>, recipient=<>",
                                            "NOQUEUE: client=host[192.0.2.1], sender=<>, recipient=<>" };
    char text[SHOWN_MAX_BYTES];

    for (size_t count = 0; count <= 2; count++) {
        struct subject subject = { .attributes = NULL };
        subject_of_policy(&subject, NULL, attributes, count);
        subject_describe(&subject, NULL, text, sizeof(text));
        ck_assert_str_eq(text, expected[count]);
        subject_free(&subject);
    }
}
END_TEST

START_TEST(subject_describe_of_a_login_is_printable)
{
    struct subject_login login = least;

    login.user = SPAN("\xC3\xBC\xC2\x85");
    login.mechanism = SPAN("PL\nAIN");
    login.rip = SPAN("::1\r");
    expect_described(&login, "sasl=auth, user=<\xC3\xBC?>, mechanism=PL?AIN, client=[::1?]");
    login.user = SPAN("u>, mechanism=PLAIN, client=[192.0.2.9], <");
    expect_described(&login, "sasl=auth, user=<u?, mechanism=PLAIN, client=[192.0.2.9], <>, mechanism=PL?AIN, "
                             "client=[::1?]");
}
END_TEST

START_TEST(subject_describe_never_tells_the_password)
{
    struct config_entry entry = entry_of(no_protocol, 0);
    char text[SHOWN_MAX_BYTES];
    struct subject subject = { .attributes = NULL };

    subject_of_login(&subject, &entry, &known);
    for (size_t size = 1; size <= sizeof(text); size++) {
        subject_describe(&subject, &entry, text, size);
        ck_assert_ptr_null(strstr(text, "secret"));
    }
    subject_free(&subject);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("subject");

    unit_add(suite, "members",
             (const TTest *const[]){ subject_of_login_has_its_members_in_order,
                                     subject_of_login_leaves_out_what_is_not_known,
                                     subject_of_login_takes_the_protocol_of_the_entry,
                                     subject_of_login_takes_the_port_of_the_entry_when_the_request_has_none,
                                     subject_of_login_has_the_fields_that_templates_name,
                                     subject_of_login_borrows_nothing, NULL });
    unit_add(suite, "bytes",
             (const TTest *const[]){ subject_of_login_replaces_control_bytes_of_what_it_came_by,
                                     subject_of_login_makes_it_valid_utf8,
                                     subject_of_login_keeps_each_byte_of_the_password,
                                     subject_of_login_has_room_for_the_longest, subject_of_login_is_secret, NULL });
    unit_add(suite, "describe",
             (const TTest *const[]){ subject_describe_names_entry_user_mechanism_and_client,
                                        subject_describe_of_a_policy_names_the_client_where_it_is_known,
                                     subject_describe_of_a_login_is_printable,
                                     subject_describe_never_tells_the_password, NULL });
    return unit_run(suite);
}
