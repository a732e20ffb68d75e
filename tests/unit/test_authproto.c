#include "authproto.h"

#include "unit.h"

#define AUTH "AUTH\t1\tPLAIN\tservice=smtp"
#define EXPECT_AUTH .command = AUTHPROTO_AUTH, .id = 1, .mechanism = UNIT_BYTES("PLAIN"), .service = UNIT_BYTES("smtp")
#define EXPECT_CONT .command = AUTHPROTO_CONT, .id = 1, .has_response = true
#define BYTE_VALUES 256

static const struct {
    const char *name;
    struct span in;
    uint32_t minor;
    struct authproto_request expected;
} good[] = {
    { "an empty line", UNIT_BYTES("\n"), 0, { .command = AUTHPROTO_EMPTY } },
    { "VERSION", UNIT_BYTES("VERSION\t1\t2\n"), 0, { .command = AUTHPROTO_VERSION, .major = 1, .minor = 2 } },
    { "VERSION of Postfix", UNIT_BYTES("VERSION\t1\t0\n"), 0, { .command = AUTHPROTO_VERSION, .major = 1 } },
    { "another VERSION", UNIT_BYTES("VERSION\t0\t4294967295\n"), 0,
      { .command = AUTHPROTO_VERSION, .minor = UINT32_MAX } },
    { "CPID", UNIT_BYTES("CPID\t12345\n"), 0, { .command = AUTHPROTO_CPID, .pid = 12345 } },
    { "CANCEL", UNIT_BYTES("CANCEL\t7\n"), 0, { .command = AUTHPROTO_CANCEL, .id = 7 } },
    { "AUTH with what it must have", UNIT_BYTES(AUTH "\n"), 0, { EXPECT_AUTH } },
    { "AUTH of Postfix", UNIT_BYTES("AUTH\t12\tplain\tservice=smtp\tnologin\tlip=192.0.2.1\trip=2001:db8::7\tsecured"
                                    "\tresp=AHRpbQB0YW5zdGFhZnRhbnN0YWFm\n"), 0,
      { .command = AUTHPROTO_AUTH, .id = 12, .mechanism = UNIT_BYTES("plain"), .service = UNIT_BYTES("smtp"),
        .lip = UNIT_BYTES("192.0.2.1"), .rip = UNIT_BYTES("2001:db8::7"), .secured = true, .has_response = true,
        .response = UNIT_BYTES("AHRpbQB0YW5zdGFhZnRhbnN0YWFm") } },
    { "AUTH without addresses", UNIT_BYTES(AUTH "\tnologin\tlip=\trip=\n"), 0, { EXPECT_AUTH } },
    { "AUTH with every parameter", UNIT_BYTES("AUTH\t1\tPLAIN\tprotocol=smtp\trip=192.0.2.7\tlip=192.0.2.1\trport=40022"
                                              "\tlport=587\tsession=s/1=\tlocal_name=mail.example\tsecured=tls\n"), 2,
      { EXPECT_AUTH, .rip = UNIT_BYTES("192.0.2.7"), .lip = UNIT_BYTES("192.0.2.1"), .rport = UNIT_BYTES("40022"),
        .lport = UNIT_BYTES("587"), .session = UNIT_BYTES("s/1="), .local_name = UNIT_BYTES("mail.example"),
        .secured = true } },
    { "secured, but not by TLS", UNIT_BYTES(AUTH "\tsecured=trusted\n"), 2, { EXPECT_AUTH } },
    { "parameters that nobody knows", UNIT_BYTES(AUTH "\tmethod=LOGIN\tresponse=a\tRip=b\t\tips=c\t=d\trip\n"), 2,
      { EXPECT_AUTH } },
    { "a parameter twice: the last", UNIT_BYTES(AUTH "\trip=192.0.2.7\trip=192.0.2.8\n"), 2,
      { EXPECT_AUTH, .rip = UNIT_BYTES("192.0.2.8") } },
    { "a CR belongs to the field", UNIT_BYTES(AUTH "\tsession=a\r\n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES("a\r") } },
    { "a CR belongs to the response", UNIT_BYTES(AUTH "\tresp=YQ==\r\n"), 2,
      { EXPECT_AUTH, .has_response = true, .response = UNIT_BYTES("YQ==\r") } },
    { "spaces belong to the field", UNIT_BYTES(AUTH "\tsession= a \n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES(" a ") } },
    { "bytes that are no UTF-8, NUL", UNIT_BYTES(AUTH "\tsession=\xFF\0\n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES("\xFF\0") } },

    { "an empty resp=, minor 0", UNIT_BYTES(AUTH "\tresp=\n"), 0, { EXPECT_AUTH } },
    { "an empty resp=, minor 1", UNIT_BYTES(AUTH "\tresp=\n"), 1, { EXPECT_AUTH } },
    { "an empty resp=, minor 2", UNIT_BYTES(AUTH "\tresp=\n"), 2, { EXPECT_AUTH, .has_response = true } },
    { "an empty resp=, minor 4", UNIT_BYTES(AUTH "\tresp=\n"), 4, { EXPECT_AUTH, .has_response = true } },
    { "resp alone, minor 0", UNIT_BYTES(AUTH "\tresp\n"), 0, { EXPECT_AUTH } },
    { "resp==, minor 0", UNIT_BYTES(AUTH "\tresp==\n"), 0, { EXPECT_AUTH, .has_response = true } },
    { "resp==, minor 2", UNIT_BYTES(AUTH "\tresp==\n"), 2, { EXPECT_AUTH, .has_response = true } },
    { "two equals signs are not an empty response", UNIT_BYTES(AUTH "\tresp===\n"), 2,
      { EXPECT_AUTH, .has_response = true, .response = UNIT_BYTES("==") } },
    { "a response that is no base64", UNIT_BYTES(AUTH "\tresp=!\n"), 0,
      { EXPECT_AUTH, .has_response = true, .response = UNIT_BYTES("!") } },

    { "CONT", UNIT_BYTES("CONT\t1\tdGlt\n"), 0, { EXPECT_CONT, .response = UNIT_BYTES("dGlt") } },
    { "CONT with empty data", UNIT_BYTES("CONT\t1\t\n"), 0, { EXPECT_CONT } },
    { "CONT with an equals sign", UNIT_BYTES("CONT\t1\t=\n"), 0, { EXPECT_CONT } },
    { "CONT with an equals sign, minor 2", UNIT_BYTES("CONT\t1\t=\n"), 2, { EXPECT_CONT } },
    { "CONT with a response that is no base64", UNIT_BYTES("CONT\t1\t *\n"), 0,
      { EXPECT_CONT, .response = UNIT_BYTES(" *") } },
    { "the largest ID", UNIT_BYTES("CANCEL\t4294967295\n"), 0, { .command = AUTHPROTO_CANCEL, .id = UINT32_MAX } },

    { "another command", UNIT_BYTES("MASTER\t1\t2\n"), 0, { .command = AUTHPROTO_UNKNOWN } },
    { "a command in small letters", UNIT_BYTES("auth\t1\tPLAIN\tservice=smtp\n"), 0, { .command = AUTHPROTO_UNKNOWN } },
    { "a command that begins another", UNIT_BYTES("AUT\n"), 0, { .command = AUTHPROTO_UNKNOWN } },
    { "a command that goes on", UNIT_BYTES("CONTX\t1\t\n"), 0, { .command = AUTHPROTO_UNKNOWN } },
    { "a command and a space", UNIT_BYTES("CPID 1\n"), 0, { .command = AUTHPROTO_UNKNOWN } },
    { "an empty command", UNIT_BYTES("\tCPID\t1\n"), 0, { .command = AUTHPROTO_UNKNOWN } },
    { "a CR alone", UNIT_BYTES("\r\n"), 0, { .command = AUTHPROTO_UNKNOWN } },
    { "an escape alone", UNIT_BYTES("\x01\n"), 0, { .command = AUTHPROTO_UNKNOWN } },

    { "every escape", UNIT_BYTES(AUTH "\tsession=\x01" "0\x01" "1\x01t\x01r\x01n\n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES("\0\x01\t\r\n") } },
    { "an escape before another byte", UNIT_BYTES(AUTH "\tsession=\x01x\x01" "2\x01T\x01\x01y\n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES("x2T\x01y") } },
    { "an escape at the end of a field", UNIT_BYTES(AUTH "\tsession=a\x01\trip=b\n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES("a"), .rip = UNIT_BYTES("b") } },
    { "an escape at the end of the line", UNIT_BYTES(AUTH "\tsession=\x01\n"), 2, { EXPECT_AUTH } },
    { "escapes in several fields", UNIT_BYTES(AUTH "\tsession=\x01n\tlocal_name=a\x01tb\trip=\x01" "1\n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES("\n"), .local_name = UNIT_BYTES("a\tb"), .rip = UNIT_BYTES("\x01") } },
    { "an escaped TAB ends no field", UNIT_BYTES(AUTH "\tsession=a\x01tresp=b\n"), 2,
      { EXPECT_AUTH, .session = UNIT_BYTES("a\tresp=b") } },
    { "escapes in the response", UNIT_BYTES("CONT\t1\t\x01na\n"), 0, { EXPECT_CONT, .response = UNIT_BYTES("\na") } },
};

static const struct {
    const char *name;
    struct span in;
} bad[] = {
    { "VERSION alone", UNIT_BYTES("VERSION\n") },
    { "VERSION without minor", UNIT_BYTES("VERSION\t1\n") },
    { "VERSION with an empty minor", UNIT_BYTES("VERSION\t1\t\n") },
    { "VERSION with a word", UNIT_BYTES("VERSION\tone\t2\n") },
    { "VERSION with a field too many", UNIT_BYTES("VERSION\t1\t2\t3\n") },
    { "VERSION with CR", UNIT_BYTES("VERSION\t1\t2\r\n") },
    { "VERSION beyond 32 bits", UNIT_BYTES("VERSION\t1\t4294967296\n") },
    { "CPID alone", UNIT_BYTES("CPID\n") },
    { "CPID 0", UNIT_BYTES("CPID\t0\n") },
    { "CPID with a word", UNIT_BYTES("CPID\tx\n") },
    { "CPID with a field too many", UNIT_BYTES("CPID\t1\t\n") },
    { "AUTH alone", UNIT_BYTES("AUTH\n") },
    { "AUTH without mechanism", UNIT_BYTES("AUTH\t1\n") },
    { "AUTH with an empty mechanism", UNIT_BYTES("AUTH\t1\t\tservice=smtp\n") },
    { "AUTH without service", UNIT_BYTES("AUTH\t1\tPLAIN\n") },
    { "AUTH with other parameters only", UNIT_BYTES("AUTH\t1\tPLAIN\tnologin\trip=192.0.2.7\tresp=YQ==\n") },
    { "AUTH with an empty service", UNIT_BYTES("AUTH\t1\tPLAIN\tservice=\n") },
    { "AUTH with its service as mechanism", UNIT_BYTES("AUTH\t1\tservice=smtp\n") },
    { "a parameter behind resp=", UNIT_BYTES(AUTH "\tresp=YQ==\tsecured\n") },
    { "an empty field behind resp=", UNIT_BYTES(AUTH "\tresp=YQ==\t\n") },
    { "a parameter behind an empty resp=", UNIT_BYTES(AUTH "\tresp=\trip=192.0.2.7\n") },
    { "a second resp=", UNIT_BYTES(AUTH "\tresp=YQ==\tresp=Yg==\n") },
    { "the service behind resp=", UNIT_BYTES("AUTH\t1\tPLAIN\tresp=YQ==\tservice=smtp\n") },
    { "CONT alone", UNIT_BYTES("CONT\n") },
    { "CONT without the data field", UNIT_BYTES("CONT\t1\n") },
    { "CONT with a field behind its data", UNIT_BYTES("CONT\t1\tYQ==\tYg==\n") },
    { "CONT with an empty field behind its data", UNIT_BYTES("CONT\t1\tYQ==\t\n") },
    { "CANCEL alone", UNIT_BYTES("CANCEL\n") },
    { "CANCEL with a field too many", UNIT_BYTES("CANCEL\t1\t2\n") },
};

/* Each stands where AUTH, CONT and CANCEL have their ID. */
static const struct {
    const char *name;
    const char *id;
} bad_ids[] = {
    { "empty", "" },
    { "0", "0" },
    { "beyond 32 bits", "4294967296" },
    { "beyond 64 bits: 1", "18446744073709551617" },
    { "many digits", "99999999999999999999999999999999" },
    { "a leading zero", "01" },
    { "only zeros", "00" },
    { "negative", "-1" },
    { "a plus sign", "+1" },
    { "hexadecimal", "0x1" },
    { "a word", "x" },
    { "a letter at the end", "1a" },
    { "a space before", " 1" },
    { "a space behind", "1 " },
    { "an escaped LF behind", "1\x01n" },
};

static char memory[AUTHPROTO_LINE_MAX_BYTES];
static char line[AUTHPROTO_LINE_MAX_BYTES + 1];

static enum codec_result decode(struct span in, size_t *used)
{
    struct authproto_request request;
    const char *why;
    return authproto_decode(in, 2, memory, &request, used, &why);
}

static void expect_request(const struct authproto_request *actual, const struct authproto_request *expected,
                           const char *name)
{
    unit_expect(actual->command == expected->command, name);
    unit_expect(actual->major == expected->major && actual->minor == expected->minor, name);
    unit_expect(actual->pid == expected->pid, name);
    unit_expect(actual->id == expected->id, name);
    unit_expect_span(actual->mechanism, expected->mechanism, name);
    unit_expect_span(actual->service, expected->service, name);
    unit_expect_span(actual->rip, expected->rip, name);
    unit_expect_span(actual->lip, expected->lip, name);
    unit_expect_span(actual->rport, expected->rport, name);
    unit_expect_span(actual->lport, expected->lport, name);
    unit_expect_span(actual->session, expected->session, name);
    unit_expect_span(actual->local_name, expected->local_name, name);
    unit_expect(actual->secured == expected->secured, name);
    unit_expect(actual->has_response == expected->has_response, name);
    unit_expect_span(actual->response, expected->response, name);
}

/* The memory is as long as the line and not a byte longer. */
START_TEST(authproto_decode_good_is_ok)
{
    struct span in = unit_guarded_span(good[_i].in);
    struct authproto_request request;
    size_t used;
    const char *why;

    memset(&request, 0xFF, sizeof(request));
    unit_expect(authproto_decode(in, good[_i].minor, unit_guard(in.n), &request, &used, &why) == CODEC_OK,
                good[_i].name);
    unit_expect(used == in.n, good[_i].name);
    expect_request(&request, &good[_i].expected, good[_i].name);
}
END_TEST

START_TEST(authproto_decode_every_prefix_is_more)
{
    unit_every_prefix_is_more(good[_i].in, good[_i].name, decode);
}
END_TEST

/* However one byte is changed, the line is read to its end or refused. */
START_TEST(authproto_decode_of_any_changed_byte_is_ok_or_bad)
{
    size_t last = good[_i].in.n - 1;
    char *copy = unit_guard(good[_i].in.n);

    for (size_t at = 0; at < last; at++) {
        for (int c = 0; c < BYTE_VALUES; c++) {
            size_t used = SIZE_MAX;
            memcpy(copy, good[_i].in.p, good[_i].in.n);
            copy[at] = (char)c;
            enum codec_result result = decode(span_make(copy, last + 1), &used);
            unit_expect(result != CODEC_MORE, good[_i].name);
            unit_expect(used == (result == CODEC_BAD ? 0 : c == '\n' ? at + 1 : last + 1), good[_i].name);
        }
    }
}
END_TEST

static void expect_bad(struct span in, const char *name)
{
    struct authproto_request request;
    size_t used = SIZE_MAX;
    const char *why = NULL;

    in = unit_guarded_span(in);
    unit_expect(authproto_decode(in, 2, unit_guard(in.n), &request, &used, &why) == CODEC_BAD, name);
    unit_expect(used == 0, name);
    unit_expect(why != NULL && *why != '\0', name);
}

START_TEST(authproto_decode_wrong_is_bad_with_a_reason)
{
    expect_bad(bad[_i].in, bad[_i].name);
}
END_TEST

START_TEST(authproto_decode_of_an_id_that_is_none_is_bad)
{
    static const char *const lines[] = { "AUTH\t%s\tPLAIN\tservice=smtp\n", "CONT\t%s\tYQ==\n", "CANCEL\t%s\n" };

    for (int i = 0; i < UNIT_ROWS(lines); i++) {
        size_t head = strcspn(lines[i], "%");
        int n = snprintf(line, sizeof(line), "%.*s%s%s", (int)head, lines[i], bad_ids[_i].id, lines[i] + head + 2);
        expect_bad(span_make(line, (size_t)n), bad_ids[_i].name);
    }
}
END_TEST

START_TEST(authproto_decode_takes_lines_one_by_one)
{
    struct span in = unit_guarded_span(SPAN("CPID\t7\n\nCANCEL\t1\nCONT\t2"));
    struct authproto_request request;
    size_t used;
    const char *why;

    ck_assert_int_eq(authproto_decode(in, 0, memory, &request, &used, &why), CODEC_OK);
    ck_assert_int_eq(request.command, AUTHPROTO_CPID);
    in = span_skip(in, used);
    ck_assert_int_eq(authproto_decode(in, 0, memory, &request, &used, &why), CODEC_OK);
    ck_assert_int_eq(request.command, AUTHPROTO_EMPTY);
    in = span_skip(in, used);
    ck_assert_int_eq(authproto_decode(in, 0, memory, &request, &used, &why), CODEC_OK);
    ck_assert_int_eq(request.command, AUTHPROTO_CANCEL);
    ck_assert_int_eq(authproto_decode(span_skip(in, used), 0, memory, &request, &used, &why), CODEC_MORE);
    ck_assert_uint_eq(used, 0);
}
END_TEST

/* A line of so many bytes, its LF among them. */
static struct span line_of_bytes(size_t bytes)
{
    struct span head = SPAN(AUTH "\tresp=");

    memset(line, 'A', sizeof(line));
    memcpy(line, head.p, head.n);
    line[bytes - 1] = '\n';
    return unit_guarded(line, bytes);
}

START_TEST(authproto_decode_at_the_limit_is_ok_and_beyond_is_bad)
{
    size_t used;

    ck_assert_int_eq(decode(line_of_bytes(AUTHPROTO_LINE_MAX_BYTES), &used), CODEC_OK);
    ck_assert_uint_eq(used, AUTHPROTO_LINE_MAX_BYTES);
    ck_assert_int_eq(decode(line_of_bytes(AUTHPROTO_LINE_MAX_BYTES + 1), &used), CODEC_BAD);
    ck_assert_uint_eq(used, 0);
}
END_TEST

START_TEST(authproto_decode_of_a_full_buffer_without_end_is_bad)
{
    struct span in = line_of_bytes(AUTHPROTO_LINE_MAX_BYTES + 1);
    size_t used;

    ck_assert_int_eq(decode(span_first(in, AUTHPROTO_LINE_MAX_BYTES - 1), &used), CODEC_MORE);
    ck_assert_int_eq(decode(span_first(in, AUTHPROTO_LINE_MAX_BYTES), &used), CODEC_BAD);
}
END_TEST

/* A line before it does not count. */
START_TEST(authproto_decode_of_a_short_line_in_a_full_buffer_is_ok)
{
    size_t used;

    struct span in = line_of_bytes(sizeof(line));
    memcpy(line, "CPID\t7\n", 7);
    in = unit_guarded(line, in.n);
    ck_assert_int_eq(decode(in, &used), CODEC_OK);
    ck_assert_uint_eq(used, 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("authproto");

    unit_add_loop(suite, "decode, good", authproto_decode_good_is_ok, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, prefixes", authproto_decode_every_prefix_is_more, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, changed", authproto_decode_of_any_changed_byte_is_ok_or_bad, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, bad", authproto_decode_wrong_is_bad_with_a_reason, UNIT_ROWS(bad));
    unit_add_loop(suite, "decode, bad IDs", authproto_decode_of_an_id_that_is_none_is_bad, UNIT_ROWS(bad_ids));
    unit_add(suite, "decode",
             (const TTest *const[]){ authproto_decode_takes_lines_one_by_one,
                                     authproto_decode_at_the_limit_is_ok_and_beyond_is_bad,
                                     authproto_decode_of_a_full_buffer_without_end_is_bad,
                                     authproto_decode_of_a_short_line_in_a_full_buffer_is_ok, NULL });
    return unit_run(suite);
}
