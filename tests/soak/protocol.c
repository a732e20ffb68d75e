#include "protocol.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "../client/now.h"
#include "base64.h"

#define LIMIT_US (30 * (int64_t)US_PER_S)       /* Postfix waits 100 s */
#define LOGIN_LIMIT_US (10 * (int64_t)US_PER_S) /* xsasl_dovecot_server.c */
#define MESSAGE_MAX_BYTES 1024
#define USERNAME_PROMPT "VXNlcm5hbWU6"
#define PASSWORD_PROMPT "UGFzc3dvcmQ6"

static void add(struct bytes *b, const char *how, ...) __attribute__((format(printf, 2, 3)));

static void add(struct bytes *b, const char *how, ...)
{
    va_list arguments;

    bytes_reserve(b, MESSAGE_MAX_BYTES);
    va_start(arguments, how);
    int n = vsnprintf(b->p + b->n, MESSAGE_MAX_BYTES, how, arguments);
    va_end(arguments);
    if (n < 0 || n >= MESSAGE_MAX_BYTES)
        errx(1, "a message is too long");
    b->n += (size_t)n;
}

static void drop(struct bytes *b, size_t n)
{
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

static bool is(const struct bytes *b, const char *text)
{
    return b->n == strlen(text) && memcmp(b->p, text, b->n) == 0;
}

static bool begins(struct span s, const char *text)
{
    return s.n >= strlen(text) && memcmp(s.p, text, strlen(text)) == 0;
}

/* An answer that was expected is the whole of what has come. */
static enum answer take_all(struct bytes *in, enum answer answer)
{
    in->n = 0;
    return answer;
}

static void map_ask(struct bytes *out, const struct question *q)
{
    char key[QUESTION_TEXT_MAX_BYTES];

    question_key(q, key);
    bytes_set_request(out, q->entry, key);
}

static enum answer map_hear(struct bytes *in, struct bytes *out, const struct question *q)
{
    char value[QUESTION_TEXT_MAX_BYTES], right[QUESTION_TEXT_MAX_BYTES + 3];
    struct span reply;
    size_t used = 0;
    enum bytes_result result = bytes_get_reply(in, &reply, &used);
    (void)out;

    if (result == BYTES_MORE)
        return ANSWER_MORE;
    if (result == BYTES_BAD || used != in->n)
        return ANSWER_WRONG;
    if (begins(reply, "TEMP ") || begins(reply, "TIMEOUT "))
        return take_all(in, ANSWER_TEMP);
    bool is_there = question_value(q, value);
    snprintf(right, sizeof(right), "OK %s", value);
    if (!span_equal(reply, is_there ? span_text(right) : SPAN("NOTFOUND ")))
        return ANSWER_WRONG;
    return take_all(in, is_there ? ANSWER_FOUND : ANSWER_NOTHING);
}

static void policy_ask(struct bytes *out, const struct question *q)
{
    char sender[QUESTION_TEXT_MAX_BYTES];

    question_sender(q, sender);
    add(out, "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=192.0.2.7\n"
             "client_name=client.example\nclient_port=%u\nreverse_client_name=client.example\n"
             "helo_name=client.example\nsender=%s\nrecipient=k%u@virt.example\nrecipient_count=0\n"
             "queue_id=\ninstance=%x.%u\nsize=0\netrn_domain=\nstress=\nsasl_method=\n"
             "sasl_username=\nsasl_sender=\npolicy_context=%s\n\n",
        1024 + q->number, sender, q->number, (unsigned)getpid(), q->number, q->entry);
}

static enum answer policy_hear(struct bytes *in, struct bytes *out, const struct question *q)
{
    char action[QUESTION_TEXT_MAX_BYTES], right[QUESTION_TEXT_MAX_BYTES + 9];
    (void)out;

    if (in->n < 2 || memcmp(in->p + in->n - 2, "\n\n", 2) != 0)
        return in->n < MESSAGE_MAX_BYTES ? ANSWER_MORE : ANSWER_WRONG;
    if (is(in, "action=" QUESTION_ON_ERROR "\n\n"))
        return take_all(in, ANSWER_TEMP);
    bool is_there = question_action(q, action);
    snprintf(right, sizeof(right), "action=%s\n\n", action);
    if (!is(in, right))
        return ANSWER_WRONG;
    return take_all(in, is_there ? ANSWER_FOUND : ANSWER_NOTHING);
}

static void add_base64(struct bytes *out, struct span secret)
{
    bytes_reserve(out, MESSAGE_MAX_BYTES);
    out->n += base64_encode(out->p + out->n, MESSAGE_MAX_BYTES, secret);
}

static void login_ask(struct bytes *out, const struct question *q)
{
    char user[QUESTION_TEXT_MAX_BYTES], password[QUESTION_TEXT_MAX_BYTES], plain[2 * QUESTION_TEXT_MAX_BYTES + 2];

    add(out, "AUTH\t%u\t%s\tservice=smtp\tnologin\tlip=127.0.0.1\trip=192.0.2.7", q->id,
        q->by_login ? "LOGIN" : "PLAIN");
    if (!q->by_login) {
        question_user(q, user);
        question_password(q, password);
        int n = snprintf(plain, sizeof(plain), "%c%s%c%s", '\0', user, '\0', password);
        add(out, "\tresp=");
        add_base64(out, span_make(plain, (size_t)n));
    }
    add(out, "\n");
}

static enum answer say(struct bytes *in, struct bytes *out, const struct question *q, struct span text)
{
    in->n = 0;
    add(out, "CONT\t%u\t", q->id);
    add_base64(out, text);
    add(out, "\n");
    return ANSWER_SAID;
}

static bool is_answer(const struct bytes *in, const char *word, unsigned id, const char *rest)
{
    char right[QUESTION_TEXT_MAX_BYTES * 2];

    snprintf(right, sizeof(right), "%s\t%u%s\n", word, id, rest);
    return is(in, right);
}

static enum answer login_hear(struct bytes *in, struct bytes *out, const struct question *q)
{
    char text[QUESTION_TEXT_MAX_BYTES], rest[QUESTION_TEXT_MAX_BYTES + 6], begin[32];

    if (in->n == 0 || in->p[in->n - 1] != '\n')
        return in->n < MESSAGE_MAX_BYTES ? ANSWER_MORE : ANSWER_WRONG;
    if (q->by_login && is_answer(in, "CONT", q->id, "\t" USERNAME_PROMPT)) {
        question_user(q, text);
        return say(in, out, q, span_text(text));
    }
    if (q->by_login && is_answer(in, "CONT", q->id, "\t" PASSWORD_PROMPT)) {
        question_password(q, text);
        return say(in, out, q, span_text(text));
    }
    if (q->wrong_password) {
        snprintf(begin, sizeof(begin), "FAIL\t%u\t", q->id);
        bool is_line = memchr(in->p, '\n', in->n) == in->p + in->n - 1;
        return is_line && begins(span_make(in->p, in->n), begin) ? take_all(in, ANSWER_DENIED) : ANSWER_WRONG;
    }
    question_account(q, text);
    snprintf(rest, sizeof(rest), "\tuser=%s", text);
    return is_answer(in, "OK", q->id, rest) ? take_all(in, ANSWER_FOUND) : ANSWER_WRONG;
}

void protocol_greet(struct bytes *out)
{
    add(out, "VERSION\t1\t0\nCPID\t%u\n", (unsigned)getpid());
}

bool protocol_has_greeting(struct bytes *in)
{
    struct span end = SPAN("\nDONE\n");
    const char *at = in->n == 0 ? NULL : memmem(in->p, in->n, end.p, end.n);

    if (at == NULL)
        return false;
    drop(in, (size_t)(at - in->p) + end.n);
    return true;
}

const struct protocol protocol_map = { .name = "maps", .entries = { "asked", "kept", "both" }, .limit_us = LIMIT_US,
                                       .ask = map_ask, .hear = map_hear, .describe = question_key };
const struct protocol protocol_policy = { .name = "policies", .entries = { "asked", "kept" }, .limit_us = LIMIT_US,
                                          .ask = policy_ask, .hear = policy_hear, .describe = question_sender };
const struct protocol protocol_login = { .name = "logins", .entries = { "soak" }, .limit_us = LOGIN_LIMIT_US,
                                         .greets = true, .end_is_temp = true, .ask = login_ask, .hear = login_hear,
                                         .describe = question_user };
