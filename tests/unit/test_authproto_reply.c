#include "authproto.h"

#include "unit.h"

#define BYTE_VALUES 256
#define ROOM_BYTES 4096
#define FORGED_OK "OK\t2\tuser=admin"

static const unsigned char cookie[AUTHPROTO_COOKIE_BYTES] = { 0x06, 0xDA, 0x96, 0xFA, 0xF9, 0x3A, 0x8F, 0xBC,
                                                              0x10, 0xEE, 0xF5, 0x6C, 0x35, 0xB6, 0x88, 0x00 };

struct handshake {
    const char *name;
    struct authproto_mechanism mechanisms[3];
    size_t count;
    uint32_t pid;
    uint32_t connection;
    struct span expected;
};

#define TAIL "COOKIE\t06da96faf93a8fbc10eef56c35b68800\nDONE\n"

static const struct handshake handshakes[] = {
    { "one mechanism", { { UNIT_BYTES("PLAIN"), UNIT_BYTES("plaintext") } }, 1, 17182, 1,
      UNIT_BYTES("VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t17182\nCUID\t1\n" TAIL) },
    { "several, with and without properties",
      { { UNIT_BYTES("LOGIN"), UNIT_BYTES("plaintext") }, { UNIT_BYTES("XOAUTH2"), UNIT_BYTES("") },
        { UNIT_BYTES("X"), UNIT_BYTES("plaintext\tdictionary\tactive") } }, 3, UINT32_MAX, UINT32_MAX,
      UNIT_BYTES("VERSION\t1\t2\nMECH\tLOGIN\tplaintext\nMECH\tXOAUTH2\nMECH\tX\tplaintext\tdictionary\tactive\n"
                 "SPID\t4294967295\nCUID\t4294967295\n" TAIL) },
    { "no mechanism", { { UNIT_BYTES(""), UNIT_BYTES("") } }, 0, 1, 2,
      UNIT_BYTES("VERSION\t1\t2\nSPID\t1\nCUID\t2\n" TAIL) },
    { "a mechanism that needs escapes", { { UNIT_BYTES("A\nB"), UNIT_BYTES("c\nDONE\td") } }, 1, 1, 2,
      UNIT_BYTES("VERSION\t1\t2\nMECH\tA\x01nB\tc\x01nDONE\td\nSPID\t1\nCUID\t2\n" TAIL) },
};

static size_t encode_handshake(char *out, size_t size, const void *value)
{
    const struct handshake *h = value;
    return authproto_handshake(out, size, h->mechanisms, h->count, h->pid, h->connection, cookie);
}

START_TEST(authproto_handshake_writes_all_or_nothing)
{
    unit_encodes(handshakes[_i].expected, handshakes[_i].name, encode_handshake, &handshakes[_i]);
}
END_TEST

struct row {
    const char *name;
    uint32_t id;
    struct span text;
    struct span expected;
};

static const struct row oks[] = {
    { "an address", 1, UNIT_BYTES("user@example.com"), UNIT_BYTES("OK\t1\tuser=user@example.com\n") },
    { "the largest ID", UINT32_MAX, UNIT_BYTES("u"), UNIT_BYTES("OK\t4294967295\tuser=u\n") },
    { "UTF-8", 1, UNIT_BYTES("j\xC3\xBCrgen"), UNIT_BYTES("OK\t1\tuser=j\xC3\xBCrgen\n") },
    { "no name", 1, UNIT_BYTES(""), UNIT_BYTES("OK\t1\tuser=\n") },
    { "every escape", 1, UNIT_BYTES("\0\x01\t\r\n"), UNIT_BYTES("OK\t1\tuser=\x01" "0\x01" "1\x01t\x01r\x01n\n") },
    { "what Dovecot makes of it", 1, UNIT_BYTES("a\tb\nc\x01" "d"),
      UNIT_BYTES("OK\t1\tuser=a\x01tb\x01nc\x01" "1d\n") },
    { "a forged field", 1, UNIT_BYTES("u\tnologin"), UNIT_BYTES("OK\t1\tuser=u\x01tnologin\n") },
};

static const struct row conts[] = {
    { "a challenge", 1, UNIT_BYTES("VXNlcm5hbWU6"), UNIT_BYTES("CONT\t1\tVXNlcm5hbWU6\n") },
    { "an empty challenge keeps its TAB", 7, UNIT_BYTES(""), UNIT_BYTES("CONT\t7\t\n") },
    { "a forged line", 1, UNIT_BYTES("\n" FORGED_OK), UNIT_BYTES("CONT\t1\t\x01nOK\x01t2\x01tuser=admin\n") },
};

static size_t encode_ok(char *out, size_t size, const void *value)
{
    const struct row *row = value;
    return authproto_ok(out, size, row->id, unit_guarded_span(row->text));
}

static size_t encode_cont(char *out, size_t size, const void *value)
{
    const struct row *row = value;
    return authproto_cont(out, size, row->id, unit_guarded_span(row->text));
}

START_TEST(authproto_ok_writes_all_or_nothing)
{
    unit_encodes(oks[_i].expected, oks[_i].name, encode_ok, &oks[_i]);
}
END_TEST

START_TEST(authproto_cont_writes_all_or_nothing)
{
    unit_encodes(conts[_i].expected, conts[_i].name, encode_cont, &conts[_i]);
}
END_TEST

static const struct {
    const char *name;
    struct authproto_failure failure;
    struct span expected;
} failures[] = {
    { "nothing told", { .temporary = false }, UNIT_BYTES("FAIL\t1\n") },
    { "a name", { .user = UNIT_BYTES("tim") }, UNIT_BYTES("FAIL\t1\tuser=tim\n") },
    { "a code", { .code = UNIT_BYTES("authz_fail") }, UNIT_BYTES("FAIL\t1\tcode=authz_fail\n") },
    { "temporary", { .temporary = true }, UNIT_BYTES("FAIL\t1\ttemp\n") },
    { "a reason", { .reason = UNIT_BYTES("no, thank you") }, UNIT_BYTES("FAIL\t1\treason=no, thank you\n") },
    { "everything",
      { .user = UNIT_BYTES("tim"), .code = UNIT_BYTES("temp_fail"), .temporary = true, .reason = UNIT_BYTES("later") },
      UNIT_BYTES("FAIL\t1\tuser=tim\tcode=temp_fail\ttemp\treason=later\n") },
    { "escapes everywhere",
      { .user = UNIT_BYTES("a\n" FORGED_OK "\n"), .code = UNIT_BYTES("b\tc"), .reason = UNIT_BYTES("\0\x01\r") },
      UNIT_BYTES("FAIL\t1\tuser=a\x01nOK\x01t2\x01tuser=admin\x01n\tcode=b\x01tc\treason=\x01" "0\x01" "1\x01r\n") },
};

static size_t encode_fail(char *out, size_t size, const void *failure)
{
    return authproto_fail(out, size, 1, failure);
}

START_TEST(authproto_fail_writes_all_or_nothing)
{
    unit_encodes(failures[_i].expected, failures[_i].name, encode_fail, &failures[_i].failure);
}
END_TEST

/* What a client or a backend could send in place of a name or of a reason. */
static const struct {
    const char *name;
    struct span text;
} hostile[] = {
    { "a line", UNIT_BYTES("u\n" FORGED_OK "\n") },
    { "a line with CR", UNIT_BYTES("u\r\n" FORGED_OK "\r\n") },
    { "line ends only", UNIT_BYTES("\n\n\r\r\n") },
    { "a field", UNIT_BYTES("u\tuser=admin") },
    { "an escape before a LF", UNIT_BYTES("u\x01\n" FORGED_OK "\n") },
    { "escapes that stand for a line", UNIT_BYTES("u\x01nOK\x01t2\x01tuser=admin\x01n") },
    { "an escape at the end", UNIT_BYTES("u\x01") },
    { "two escapes at the end", UNIT_BYTES("u\x01\x01") },
    { "a NUL before a line", UNIT_BYTES("u\0\n" FORGED_OK "\n") },
};

static size_t count_bytes(struct span text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == c;
    return count;
}

static void expect_one_line(struct span reply, size_t fields, const char *name)
{
    unit_expect(reply.p[reply.n - 1] == '\n', name);
    unit_expect(count_bytes(reply, '\n') == 1, name);
    unit_expect(count_bytes(reply, '\t') == fields - 1, name);
    unit_expect(count_bytes(reply, '\r') == 0 && count_bytes(reply, '\0') == 0, name);
}

START_TEST(authproto_replies_of_hostile_text_are_one_line_of_the_same_fields)
{
    const char *name = hostile[_i].name;
    struct span text = hostile[_i].text;
    struct authproto_failure failure = { .user = text, .code = text, .temporary = true, .reason = text };
    char out[ROOM_BYTES];

    expect_one_line(span_make(out, authproto_ok(out, sizeof(out), 1, text)), 3, name);
    expect_one_line(span_make(out, authproto_cont(out, sizeof(out), 1, text)), 3, name);
    expect_one_line(span_make(out, authproto_fail(out, sizeof(out), 1, &failure)), 6, name);
}
END_TEST

/* An escaped text, as the client would send it, is decoded to what it was. */
static void expect_round_trip(struct span text, const char *name)
{
    char out[ROOM_BYTES] = "AUTH\t1\tPLAIN\tservice=smtp\tsession=";
    char memory[ROOM_BYTES];
    char reply[ROOM_BYTES];
    struct authproto_request request;
    size_t used;
    const char *why;

    size_t head = strlen(out);
    size_t skipped = strlen("OK\t1\tuser=");
    size_t n = authproto_ok(reply, sizeof(reply), 1, text);
    memcpy(out + head, reply + skipped, n - skipped);
    struct span in = span_make(out, head + n - skipped);
    unit_expect(authproto_decode(in, 0, memory, &request, &used, &why) == CODEC_OK, name);
    unit_expect(used == in.n, name);
    unit_expect_span(request.session, text, name);
}

START_TEST(authproto_decode_undoes_the_escapes_of_hostile_text)
{
    expect_round_trip(hostile[_i].text, hostile[_i].name);
}
END_TEST

START_TEST(authproto_decode_undoes_the_escapes_of_every_pair_of_bytes)
{
    for (int pair = 0; pair < BYTE_VALUES * BYTE_VALUES; pair++) {
        const char bytes[] = { (char)(pair / BYTE_VALUES), (char)(pair % BYTE_VALUES) };
        char name[sizeof("bytes 255 255")];
        snprintf(name, sizeof(name), "bytes %d %d", pair / BYTE_VALUES & 255, pair % BYTE_VALUES & 255);
        expect_round_trip(span_make(bytes, sizeof(bytes)), name);
    }
}
END_TEST

/* Only five bytes change; the others must arrive at clients that know no escapes as they are. */
START_TEST(authproto_ok_escapes_five_bytes_and_no_other)
{
    for (int c = 0; c < BYTE_VALUES; c++) {
        const char byte = (char)c;
        char out[ROOM_BYTES];
        bool is_escaped = memchr("\0\x01\t\r\n", c, 5) != NULL;
        size_t n = authproto_ok(out, sizeof(out), 1, span_make(&byte, 1));
        ck_assert_msg(n == strlen("OK\t1\tuser=\n") + (is_escaped ? 2 : 1), "byte %d", c);
        ck_assert_msg(out[n - 3] == (is_escaped ? '\x01' : '='), "byte %d", c);
        ck_assert_msg(is_escaped || out[n - 2] == byte, "byte %d", c);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("authproto, replies");

    unit_add_loop(suite, "handshake", authproto_handshake_writes_all_or_nothing, UNIT_ROWS(handshakes));
    unit_add_loop(suite, "ok", authproto_ok_writes_all_or_nothing, UNIT_ROWS(oks));
    unit_add_loop(suite, "cont", authproto_cont_writes_all_or_nothing, UNIT_ROWS(conts));
    unit_add_loop(suite, "fail", authproto_fail_writes_all_or_nothing, UNIT_ROWS(failures));
    unit_add_loop(suite, "hostile text", authproto_replies_of_hostile_text_are_one_line_of_the_same_fields,
                  UNIT_ROWS(hostile));
    unit_add_loop(suite, "round trip, hostile", authproto_decode_undoes_the_escapes_of_hostile_text,
                  UNIT_ROWS(hostile));
    unit_add(suite, "round trip", (const TTest *const[]){ authproto_decode_undoes_the_escapes_of_every_pair_of_bytes,
                                                          authproto_ok_escapes_five_bytes_and_no_other, NULL });
    return unit_run(suite);
}
