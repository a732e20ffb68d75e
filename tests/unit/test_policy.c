#include "policy.h"

#include "unit.h"

#define REQUEST_ROOM_BYTES (POLICY_REQUEST_MAX_BYTES + 16)

static struct attribute attributes[POLICY_ATTRIBUTES_MAX];
static char request[REQUEST_ROOM_BYTES];

/* As smtpd of Postfix 3.12 sends it, every attribute. */
#define WHOLE_REQUEST                                                                                                  \
    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=192.0.2.7\n"                \
    "client_name=mail.example.net\nclient_port=40022\nreverse_client_name=mail.example.net\n"                          \
    "server_address=192.0.2.1\nserver_port=25\nhelo_name=cl?i?ent\nsender=\nrecipient=a b=c@Other.Example\n"           \
    "recipient_count=0\nqueue_id=\ninstance=1f2e.5c0a.1\nsize=0\netrn_domain=\nstress=\nsasl_method=\n"                \
    "sasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n"     \
    "encryption_protocol=\nencryption_cipher=\nencryption_keysize=0\ntls_sni=\npolicy_context=submission\n"            \
    "compatibility_level=3.6\nmail_version=3.12.0\n\n"

#define WHOLE_REQUEST_ATTRIBUTES 32

static const struct {
    const char *name;
    struct span in;
    size_t count;
    struct span last_name;
    struct span last_value;
} good[] = {
    { "one attribute", UNIT_BYTES("a=b\n\n"), 1, UNIT_BYTES("a"), UNIT_BYTES("b") },
    { "two attributes", UNIT_BYTES("a=b\ncc=dd\n\n"), 2, UNIT_BYTES("cc"), UNIT_BYTES("dd") },
    { "no value", UNIT_BYTES("sender=\n\n"), 1, UNIT_BYTES("sender"), UNIT_BYTES("") },
    { "equals signs in the value", UNIT_BYTES("sender=a=b==@c\n\n"), 1, UNIT_BYTES("sender"), UNIT_BYTES("a=b==@c") },
    { "only an equals sign in the value", UNIT_BYTES("a==\n\n"), 1, UNIT_BYTES("a"), UNIT_BYTES("=") },
    { "spaces and quotes", UNIT_BYTES("sender= x\"y z@d \n\n"), 1, UNIT_BYTES("sender"), UNIT_BYTES(" x\"y z@d ") },
    { "UTF-8", UNIT_BYTES("sender=j\xC3\xBCrgen@d\n\n"), 1, UNIT_BYTES("sender"), UNIT_BYTES("j\xC3\xBCrgen@d") },
    { "not UTF-8", UNIT_BYTES("sender=\xFF\xFE@d\n\n"), 1, UNIT_BYTES("sender"), UNIT_BYTES("\xFF\xFE@d") },
    { "CR and other control bytes", UNIT_BYTES("a=\r\t\x01\x7F\n\n"), 1, UNIT_BYTES("a"), UNIT_BYTES("\r\t\x01\x7F") },
    { "a name that begins another", UNIT_BYTES("sender_x=1\nsender=2\n\n"), 2, UNIT_BYTES("sender"), UNIT_BYTES("2") },
    { "a name in another case", UNIT_BYTES("a=1\nA=2\n\n"), 2, UNIT_BYTES("A"), UNIT_BYTES("2") },
    { "a name that nobody knows", UNIT_BYTES("x-y z=1\n\n"), 1, UNIT_BYTES("x-y z"), UNIT_BYTES("1") },
    { "all that Postfix sends", UNIT_BYTES(WHOLE_REQUEST), WHOLE_REQUEST_ATTRIBUTES, UNIT_BYTES("mail_version"),
      UNIT_BYTES("3.12.0") },
};

static const struct {
    const char *name;
    struct span in;
} bad[] = {
    { "no attribute", UNIT_BYTES("\n") },
    { "no attribute, one follows", UNIT_BYTES("\na=b\n\n") },
    { "a line without equals sign", UNIT_BYTES("a=b\nhello\n\n") },
    { "a line without equals sign, not yet the end", UNIT_BYTES("hello\n") },
    { "a line of one space", UNIT_BYTES("a=b\n \n") },
    { "an empty line with CR", UNIT_BYTES("a=b\r\n\r\n") },
    { "no name", UNIT_BYTES("=b\n\n") },
    { "no name, not yet the end of the line", UNIT_BYTES("a=b\n=") },
    { "NUL in a value", UNIT_BYTES("a=b\0c\n\n") },
    { "NUL in a name", UNIT_BYTES("a\0b=c\n\n") },
    { "NUL before the end of the line", UNIT_BYTES("a=b\nsend\0") },
    { "NUL alone", UNIT_BYTES("\0") },
    { "a name twice", UNIT_BYTES("a=b\nc=d\na=e\n\n") },
    { "a name twice, not the first", UNIT_BYTES("x=y\na=b\na=c\n\n") },
    { "a name twice, the same value", UNIT_BYTES("a=b\na=b\n\n") },
    { "a name twice, not yet the end of the line", UNIT_BYTES("a=b\na=") },
    { "another protocol", UNIT_BYTES("5:m key,\n") },
};

static enum codec_result decode(struct span in, size_t *used)
{
    size_t count;
    const char *why;
    return policy_decode(in, attributes, &count, used, &why);
}

START_TEST(policy_decode_good_is_ok_and_borrows_the_input)
{
    struct span in = unit_guarded_span(good[_i].in);
    size_t count = 0;
    size_t used;
    const char *why;

    unit_expect(policy_decode(in, attributes, &count, &used, &why) == CODEC_OK, good[_i].name);
    unit_expect(used == in.n, good[_i].name);
    unit_expect(count == good[_i].count, good[_i].name);
    const struct attribute *last = &attributes[count - 1];
    unit_expect_span(last->name, good[_i].last_name, good[_i].name);
    unit_expect_span(last->value, good[_i].last_value, good[_i].name);
    unit_expect(last->name.p >= in.p && last->value.p + last->value.n < in.p + in.n, good[_i].name);
}
END_TEST

/* Written out again in the order in which they came, the attributes are the request. */
START_TEST(policy_decode_keeps_every_byte_in_order)
{
    size_t count = 0;
    size_t used;
    size_t n = 0;
    const char *why;

    unit_expect(policy_decode(good[_i].in, attributes, &count, &used, &why) == CODEC_OK, good[_i].name);
    for (size_t i = 0; i < count; i++)
        n += (size_t)sprintf(request + n, "%.*s=%.*s\n", (int)attributes[i].name.n, attributes[i].name.p,
                             (int)attributes[i].value.n, attributes[i].value.p);
    request[n++] = '\n';
    unit_expect_span(span_make(request, n), good[_i].in, good[_i].name);
}
END_TEST

START_TEST(policy_decode_every_prefix_is_more)
{
    unit_every_prefix_is_more(good[_i].in, good[_i].name, decode);
}
END_TEST

START_TEST(policy_decode_wrong_is_bad_with_a_reason)
{
    size_t count;
    size_t used = SIZE_MAX;
    const char *why = NULL;

    enum codec_result result = policy_decode(unit_guarded_span(bad[_i].in), attributes, &count, &used, &why);
    unit_expect(result == CODEC_BAD, bad[_i].name);
    unit_expect(used == 0, bad[_i].name);
    unit_expect(why != NULL && *why != '\0', bad[_i].name);
}
END_TEST

START_TEST(policy_decode_of_nothing_is_more)
{
    size_t used = SIZE_MAX;
    ck_assert_int_eq(decode(span_make(NULL, 0), &used), CODEC_MORE);
    ck_assert_uint_eq(used, 0);
}
END_TEST

START_TEST(policy_decode_takes_requests_one_by_one)
{
    struct span in = unit_guarded_span(SPAN("a=1\n\nb=2\n\nb=\0"));
    size_t count;
    size_t used;
    const char *why;

    ck_assert_int_eq(policy_decode(in, attributes, &count, &used, &why), CODEC_OK);
    unit_expect_span(attributes[0].value, SPAN("1"), "first");
    in = span_skip(in, used);
    ck_assert_int_eq(policy_decode(in, attributes, &count, &used, &why), CODEC_OK);
    unit_expect_span(attributes[0].name, SPAN("b"), "second");
    ck_assert_int_eq(policy_decode(span_skip(in, used), attributes, &count, &used, &why), CODEC_BAD);
}
END_TEST

static struct span request_of_attributes(int count)
{
    size_t n = 0;
    for (int i = 0; i < count; i++)
        n += (size_t)sprintf(request + n, "name%d=%d\n", i, i);
    request[n++] = '\n';
    return span_make(request, n);
}

START_TEST(policy_decode_of_as_many_attributes_as_allowed_is_ok)
{
    size_t count;
    size_t used;
    const char *why;

    struct span in = request_of_attributes(POLICY_ATTRIBUTES_MAX);
    unit_every_prefix_is_more(in, "the most attributes", decode);
    ck_assert_int_eq(policy_decode(in, attributes, &count, &used, &why), CODEC_OK);
    ck_assert_uint_eq(count, POLICY_ATTRIBUTES_MAX);
    unit_expect_span(attribute_value(attributes, count, "name127"), SPAN("127"), "the last");
}
END_TEST

START_TEST(policy_decode_of_one_attribute_too_many_is_bad)
{
    size_t count;
    size_t used;
    const char *why;

    struct span in = request_of_attributes(POLICY_ATTRIBUTES_MAX + 1);
    ck_assert_int_eq(policy_decode(unit_guarded_span(in), attributes, &count, &used, &why), CODEC_BAD);
}
END_TEST

/* A request of so many bytes, one attribute and the two line ends included. */
static struct span request_of_bytes(size_t bytes)
{
    memset(request, 'x', bytes);
    request[1] = '=';
    request[bytes - 2] = request[bytes - 1] = '\n';
    return unit_guarded(request, bytes);
}

START_TEST(policy_decode_at_the_limit_is_ok_and_beyond_is_bad)
{
    size_t used;

    ck_assert_int_eq(decode(request_of_bytes(POLICY_REQUEST_MAX_BYTES), &used), CODEC_OK);
    ck_assert_uint_eq(used, POLICY_REQUEST_MAX_BYTES);
    ck_assert_int_eq(decode(request_of_bytes(POLICY_REQUEST_MAX_BYTES + 1), &used), CODEC_BAD);
    ck_assert_uint_eq(used, 0);
}
END_TEST

START_TEST(policy_decode_of_a_full_buffer_without_end_is_bad)
{
    struct span in = request_of_bytes(POLICY_REQUEST_MAX_BYTES + 1);
    size_t used;

    ck_assert_int_eq(decode(span_first(in, POLICY_REQUEST_MAX_BYTES - 1), &used), CODEC_MORE);
    ck_assert_int_eq(decode(span_first(in, POLICY_REQUEST_MAX_BYTES), &used), CODEC_BAD);
}
END_TEST

static const struct {
    const char *name;
    struct span action;
    struct span reply;
} replies[] = {
    { "a word", UNIT_BYTES("DUNNO"), UNIT_BYTES("action=DUNNO\n\n") },
    { "a word and text", UNIT_BYTES("REJECT 5.7.1 a=b"), UNIT_BYTES("action=REJECT 5.7.1 a=b\n\n") },
    { "UTF-8", UNIT_BYTES("450 \xC3\xBC"), UNIT_BYTES("action=450 \xC3\xBC\n\n") },
    { "nothing", UNIT_BYTES(""), UNIT_BYTES("action=\n\n") },
};

static size_t encode(char *out, size_t size, const void *value)
{
    return policy_encode(out, size, unit_guarded_span(*(const struct span *)value));
}

START_TEST(policy_encode_writes_all_or_nothing)
{
    unit_encodes(replies[_i].reply, replies[_i].name, encode, &replies[_i].action);
    unit_expect(replies[_i].reply.n == replies[_i].action.n + POLICY_REPLY_OVERHEAD_BYTES, replies[_i].name);
}
END_TEST

START_TEST(finding_takes_the_whole_name_only)
{
    size_t count;
    size_t used;
    const char *why;

    ck_assert_int_eq(policy_decode(SPAN(WHOLE_REQUEST), attributes, &count, &used, &why), CODEC_OK);
    unit_expect_span(attribute_value(attributes, count, "client_name"), SPAN("mail.example.net"), "there");
    unit_expect_span(attribute_value(attributes, count, "recipient"), SPAN("a b=c@Other.Example"), "begins another");
    unit_expect_span(attribute_value(attributes, count, "sender"), SPAN(""), "empty");
    unit_expect_span(attribute_value(attributes, count, "client"), SPAN(""), "not there");
    unit_expect_span(attribute_value(attributes, count, "Client_name"), SPAN(""), "another case");
    unit_expect_span(attribute_value(attributes, 0, "client_name"), SPAN(""), "of none");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy");

    unit_add_loop(suite, "decode, good", policy_decode_good_is_ok_and_borrows_the_input, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, order", policy_decode_keeps_every_byte_in_order, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, prefixes", policy_decode_every_prefix_is_more, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, bad", policy_decode_wrong_is_bad_with_a_reason, UNIT_ROWS(bad));
    unit_add(suite, "decode",
             (const TTest *const[]){ policy_decode_of_nothing_is_more, policy_decode_takes_requests_one_by_one,
                                     policy_decode_of_as_many_attributes_as_allowed_is_ok,
                                     policy_decode_of_one_attribute_too_many_is_bad,
                                     policy_decode_at_the_limit_is_ok_and_beyond_is_bad,
                                     policy_decode_of_a_full_buffer_without_end_is_bad, NULL });
    unit_add_loop(suite, "encode", policy_encode_writes_all_or_nothing, UNIT_ROWS(replies));
    unit_add(suite, "find", (const TTest *const[]){ finding_takes_the_whole_name_only, NULL });
    return unit_run(suite);
}
