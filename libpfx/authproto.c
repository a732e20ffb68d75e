#include "authproto.h"

#include <stdio.h>

#define NUMBER_TEXT_BYTES 11 /* ten digits of a 32-bit number and a NUL */
#define ESCAPE '\x01'

static const char escaped[] = { '\0', ESCAPE, '\t', '\r', '\n' };
static const char escape_letters[sizeof(escaped)] = { '0', '1', 't', 'r', 'n' };
static const char hex_digits[] = "0123456789abcdef";

/* In the order of enum authproto_command; arrays, because pointers would need relocation. */
static const char command_words[][sizeof("VERSION")] = { "", "VERSION", "CPID", "AUTH", "CONT", "CANCEL" };

_Static_assert(sizeof(command_words) / sizeof(command_words[0]) == AUTHPROTO_UNKNOWN, "a word for each command");

/* The fields of a line, one after the other. */
struct reader {
    struct span rest;
    bool ended;
    char *memory;
};

/* An escape before any other byte stands for that byte. */
static char unescaped_byte(char c)
{
    const char *at = memchr(escape_letters, c, sizeof(escape_letters));
    return at == NULL ? c : escaped[at - escape_letters];
}

static struct span unescape(struct reader *r, struct span field)
{
    char *first = r->memory;

    if (span_find(field, ESCAPE) == field.n)
        return field;
    for (size_t i = 0; i < field.n; i++) {
        bool is_escape = field.p[i] == ESCAPE;
        if (is_escape && ++i == field.n)
            break;
        *r->memory++ = is_escape ? unescaped_byte(field.p[i]) : field.p[i];
    }
    return span_make(first, (size_t)(r->memory - first));
}

static bool next_field(struct reader *r, struct span *field)
{
    size_t n = span_find(r->rest, '\t');

    if (r->ended)
        return false;
    r->ended = n == r->rest.n;
    *field = unescape(r, span_first(r->rest, n));
    r->rest = span_skip(r->rest, r->ended ? n : n + 1);
    return true;
}

static bool next_number(struct reader *r, uint32_t *number)
{
    struct span field;
    uint64_t value = 0;

    if (!next_field(r, &field) || field.n == 0 || (field.n > 1 && field.p[0] == '0'))
        return false;
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] < '0' || field.p[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(field.p[i] - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *number = (uint32_t)value;
    return true;
}

static bool next_id(struct reader *r, uint32_t *id)
{
    return next_number(r, id) && *id != 0;
}

static const char *read_version(struct reader *r, struct authproto_request *request)
{
    bool good = next_number(r, &request->major) && next_number(r, &request->minor) && r->ended;
    return good ? NULL : "VERSION needs two numbers";
}

static const char *read_cpid(struct reader *r, struct authproto_request *request)
{
    return next_id(r, &request->pid) && r->ended ? NULL : "CPID needs a process ID";
}

static struct span *find_parameter(struct authproto_request *request, struct span name)
{
    const struct {
        struct span name;
        struct span *value;
    } known[] = {
        { SPAN("service"), &request->service }, { SPAN("protocol"), &request->service },
        { SPAN("rip"), &request->rip },         { SPAN("lip"), &request->lip },
        { SPAN("rport"), &request->rport },     { SPAN("lport"), &request->lport },
        { SPAN("session"), &request->session }, { SPAN("local_name"), &request->local_name },
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (span_equal(known[i].name, name))
            return known[i].value;
    }
    return NULL;
}

static void set_response(struct authproto_request *request, struct span value)
{
    request->has_response = true;
    request->response = span_equal(value, SPAN("=")) ? span_first(value, 0) : value;
}

static const char *read_parameters(struct reader *r, uint32_t minor, struct authproto_request *request)
{
    struct span field;

    while (next_field(r, &field)) {
        struct span name = span_first(field, span_find(field, '='));
        struct span value = span_skip(field, name.n < field.n ? name.n + 1 : name.n);
        struct span *known = find_parameter(request, name);
        bool is_response = span_equal(name, SPAN("resp"));
        if (is_response && !r->ended)
            return "AUTH has a field behind resp=";
        if (is_response && (value.n > 0 || minor >= 2))
            set_response(request, value);
        if (span_equal(name, SPAN("secured")))
            request->secured = value.n == 0 || span_equal(value, SPAN("tls"));
        if (known != NULL)
            *known = value;
    }
    return request->service.n > 0 ? NULL : "AUTH has no service";
}

static const char *read_auth(struct reader *r, uint32_t minor, struct authproto_request *request)
{
    if (!next_id(r, &request->id))
        return "AUTH needs an ID from 1 to 4294967295";
    if (!next_field(r, &request->mechanism) || request->mechanism.n == 0)
        return "AUTH has no mechanism";
    return read_parameters(r, minor, request);
}

static const char *read_cont(struct reader *r, struct authproto_request *request)
{
    struct span data;

    if (!next_id(r, &request->id))
        return "CONT needs an ID from 1 to 4294967295";
    if (!next_field(r, &data))
        return "CONT has no data";
    set_response(request, data);
    return r->ended ? NULL : "CONT has a field behind its data";
}

static const char *read_cancel(struct reader *r, struct authproto_request *request)
{
    return next_id(r, &request->id) && r->ended ? NULL : "CANCEL needs an ID from 1 to 4294967295";
}

static enum authproto_command find_command(struct span line, struct span word)
{
    size_t i = AUTHPROTO_VERSION;

    if (line.n == 0)
        return AUTHPROTO_EMPTY;
    while (i < AUTHPROTO_UNKNOWN && !span_equal(word, span_text(command_words[i])))
        i++;
    return (enum authproto_command)i;
}

/* Why this is no request; NULL: it is one. */
static const char *read_line(struct span line, uint32_t minor, char *memory, struct authproto_request *request)
{
    struct reader r = { .rest = line, .memory = memory };
    struct span word = { NULL, 0 };

    *request = (struct authproto_request){ 0 };
    next_field(&r, &word);
    request->command = find_command(line, word);
    switch (request->command) {
    case AUTHPROTO_VERSION:
        return read_version(&r, request);
    case AUTHPROTO_CPID:
        return read_cpid(&r, request);
    case AUTHPROTO_AUTH:
        return read_auth(&r, minor, request);
    case AUTHPROTO_CONT:
        return read_cont(&r, request);
    case AUTHPROTO_CANCEL:
        return read_cancel(&r, request);
    case AUTHPROTO_EMPTY:
    case AUTHPROTO_UNKNOWN:
        break;
    }
    return NULL;
}

static enum codec_result bad(const char **why, const char *reason)
{
    *why = reason;
    return CODEC_BAD;
}

enum codec_result authproto_decode(struct span in, uint32_t minor, char *memory, struct authproto_request *request,
                                   size_t *used, const char **why)
{
    size_t limit = in.n < AUTHPROTO_LINE_MAX_BYTES ? in.n : AUTHPROTO_LINE_MAX_BYTES;
    struct span line = span_first(in, span_find(span_first(in, limit), '\n'));

    *used = 0;
    if (line.n == limit)
        return limit < AUTHPROTO_LINE_MAX_BYTES ? CODEC_MORE : bad(why, "line is longer than the limit");
    const char *fault = read_line(line, minor, memory, request);
    if (fault != NULL)
        return bad(why, fault);
    *used = line.n + 1;
    return CODEC_OK;
}

/* While p is NULL, bytes are counted only. */
struct output {
    char *p;
    size_t n;
};

/* A message is put twice: first to be counted, then, when there is room for the whole of it, to be written. */
static bool put_again(struct output *o, char *out, size_t size)
{
    if (o->p != NULL || o->n > size)
        return false;
    *o = (struct output){ .p = out };
    return true;
}

static void put_byte(struct output *o, char c)
{
    if (o->p != NULL)
        o->p[o->n] = c;
    o->n++;
}

static void put(struct output *o, const char *text)
{
    while (*text != '\0')
        put_byte(o, *text++);
}

static void put_escaped(struct output *o, struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char *at = memchr(escaped, text.p[i], sizeof(escaped));
        if (at != NULL)
            put_byte(o, ESCAPE);
        put_byte(o, at == NULL ? text.p[i] : escape_letters[at - escaped]);
    }
}

static void put_field(struct output *o, const char *name, struct span value)
{
    put(o, "\t");
    put(o, name);
    put_escaped(o, value);
}

static void put_number(struct output *o, const char *word, uint32_t number)
{
    char digits[NUMBER_TEXT_BYTES];

    snprintf(digits, sizeof(digits), "%lu", (unsigned long)number);
    put(o, word);
    put(o, "\t");
    put(o, digits);
}

static void put_mechanism(struct output *o, const struct authproto_mechanism *mechanism)
{
    struct span rest = mechanism->properties;

    put(o, "MECH");
    put_field(o, "", mechanism->name);
    while (rest.n > 0) {
        size_t n = span_find(rest, '\t');
        put_field(o, "", span_first(rest, n));
        rest = span_skip(rest, n < rest.n ? n + 1 : n);
    }
    put(o, "\n");
}

static void put_cookie(struct output *o, const unsigned char cookie[AUTHPROTO_COOKIE_BYTES])
{
    put(o, "COOKIE\t");
    for (size_t i = 0; i < AUTHPROTO_COOKIE_BYTES; i++) {
        put_byte(o, hex_digits[cookie[i] >> 4]);
        put_byte(o, hex_digits[cookie[i] & 15]);
    }
    put(o, "\n");
}

size_t authproto_handshake(char *out, size_t size, const struct authproto_mechanism *mechanisms, size_t count,
                           uint32_t pid, uint32_t connection, const unsigned char cookie[AUTHPROTO_COOKIE_BYTES])
{
    struct output o = { NULL, 0 };

    do {
        put_number(&o, "VERSION", AUTHPROTO_MAJOR);
        put_number(&o, "", AUTHPROTO_MINOR);
        put(&o, "\n");
        for (size_t i = 0; i < count; i++)
            put_mechanism(&o, &mechanisms[i]);
        put_number(&o, "SPID", pid);
        put_number(&o, "\nCUID", connection);
        put(&o, "\n");
        put_cookie(&o, cookie);
        put(&o, "DONE\n");
    } while (put_again(&o, out, size));
    return o.n;
}

size_t authproto_ok(char *out, size_t size, uint32_t id, struct span user)
{
    struct output o = { NULL, 0 };

    do {
        put_number(&o, "OK", id);
        put_field(&o, "user=", user);
        put(&o, "\n");
    } while (put_again(&o, out, size));
    return o.n;
}

size_t authproto_cont(char *out, size_t size, uint32_t id, struct span challenge_base64)
{
    struct output o = { NULL, 0 };

    do {
        put_number(&o, "CONT", id);
        put_field(&o, "", challenge_base64);
        put(&o, "\n");
    } while (put_again(&o, out, size));
    return o.n;
}

static void put_failure(struct output *o, const struct authproto_failure *failure)
{
    if (failure->user.n > 0)
        put_field(o, "user=", failure->user);
    if (failure->code.n > 0)
        put_field(o, "code=", failure->code);
    if (failure->temporary)
        put(o, "\ttemp");
    if (failure->reason.n > 0)
        put_field(o, "reason=", failure->reason);
}

size_t authproto_fail(char *out, size_t size, uint32_t id, const struct authproto_failure *failure)
{
    struct output o = { NULL, 0 };

    do {
        put_number(&o, "FAIL", id);
        put_failure(&o, failure);
        put(&o, "\n");
    } while (put_again(&o, out, size));
    return o.n;
}
