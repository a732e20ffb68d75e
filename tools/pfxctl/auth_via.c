#include "auth_via.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authproto.h"
#include "base64.h"
#include "mask.h"
#include "mem.h"
#include "via.h"

#define REQUEST_MAX_BYTES (2 * LOGIN_MESSAGE_MAX_BYTES)
#define ID                "1"

/* The last line is whole. */
static bool is_line(struct span reply)
{
    return reply.n > 0 && reply.p[reply.n - 1] == '\n';
}

static bool is_handshake(struct span reply)
{
    return reply.n >= 6 && memcmp(reply.p + reply.n - 6, "\nDONE\n", 6) == 0;
}

/* A request whose end is a message, in base64, that nobody is to see. */
static int send_message(struct via *via, const struct buf *head, struct span message)
{
    struct buf request, shown;

    buf_init(&request, REQUEST_MAX_BYTES);
    buf_init(&shown, REQUEST_MAX_BYTES);
    request.secret = true;
    buf_add(&request, buf_span(head));
    buf_add(&shown, buf_span(head));
    size_t n = base64_encode(NULL, 0, message);
    base64_encode(buf_extend(&request, n), n, message);
    buf_add(&request, message.n == 0 ? SPAN("=\n") : SPAN("\n"));
    buf_add(&shown, message.n == 0 ? SPAN("=\n") : SPAN(MASK_TEXT "\n"));
    buf_clear(&via->reply);
    int status = via_ask(via, buf_span(&request), buf_span(&shown), is_line);
    buf_free(&request);
    buf_free(&shown);
    return status;
}

static int begin(struct via *via, const struct login *login, struct span message)
{
    struct buf head;

    buf_init(&head, REQUEST_MAX_BYTES);
    buf_format(&head, "VERSION\t%d\t%d\nCPID\t%d\n", AUTHPROTO_MAJOR, AUTHPROTO_MINOR, (int)getpid());
    buf_format(&head, "AUTH\t" ID "\t%s\tservice=smtp", sasl_name(login->mechanism));
    if (login->rip != NULL)
        buf_format(&head, "\trip=%s", login->rip);
    buf_add(&head, SPAN("\tresp="));
    int status = send_message(via, &head, message);
    buf_free(&head);
    return status;
}

/* The next message as long as the daemon asks; what it asks for when there is none, only says why it will refuse. */
static int converse(struct via *via, const struct login *login)
{
    struct buf head, message;

    buf_init(&head, sizeof("CONT\t" ID "\t"));
    buf_init(&message, LOGIN_MESSAGE_MAX_BYTES);
    message.secret = true;
    buf_add(&head, SPAN("CONT\t" ID "\t"));
    login_message(login, 0, &message);
    int status = begin(via, login, buf_span(&message));
    for (size_t i = 1; status == PFXCTL_GOOD && span_begins(buf_span(&via->reply), "CONT\t"); i++) {
        login_message(login, i, &message);
        status = send_message(via, &head, buf_span(&message));
    }
    buf_free(&head);
    buf_free(&message);
    return status;
}

/* As the protocol's escapes say. A block of mem.h. */
static char *unescape(struct span text)
{
    static const char escaped[][2] = { { '0', '\0' }, { '1', '\001' }, { 't', '\t' }, { 'r', '\r' }, { 'n', '\n' } };
    char *plain = mem_alloc(text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\001' && i + 1 < text.n) {
            i++;
            for (size_t j = 0; j < sizeof(escaped) / sizeof(escaped[0]); j++)
                c = text.p[i] == escaped[j][0] ? escaped[j][1] : c;
        }
        plain[n++] = c;
    }
    plain[n] = '\0';
    return plain;
}

/* What follows the prefix in the first field that has it; p NULL: none has. */
static struct span field(struct span line, const char *prefix)
{
    while (line.n > 0) {
        struct span one = span_first(line, span_find(line, '\t'));
        line = span_skip(line, one.n < line.n ? one.n + 1 : one.n);
        if (span_begins(one, prefix))
            return span_skip(one, strlen(prefix));
    }
    return span_make(NULL, 0);
}

static int read_reply(struct span reply)
{
    struct span line = span_first(reply, span_find(reply, '\n'));

    if (span_begins(line, "OK\t" ID "\t")) {
        char *account = unescape(field(line, "user="));
        pfxctl_print(span_text(account));
        putchar('\n');
        mem_free(account);
        return PFXCTL_GOOD;
    }
    if (!span_begins(line, "FAIL\t" ID)) {
        pfxctl_complain("no reply of an authentication server");
        return PFXCTL_DATA;
    }
    bool is_temporary = field(line, "code=temp_fail").p != NULL;
    char *reason = unescape(field(line, "reason="));
    pfxctl_complain("%s: %s", is_temporary ? "temporary error" : "refused", reason);
    mem_free(reason);
    return is_temporary ? PFXCTL_TEMPORARY : PFXCTL_NOT;
}

int auth_via(const struct pfxctl *ctl, const char *where, const struct login *login)
{
    struct via via;

    int status = via_open(&via, ctl, SERVICE_SASL, where);
    if (status == PFXCTL_GOOD)
        status = via_ask(&via, SPAN(""), SPAN(""), is_handshake);
    if (status == PFXCTL_GOOD)
        status = converse(&via, login);
    if (status == PFXCTL_GOOD)
        status = read_reply(buf_span(&via.reply));
    via_close(&via);
    return status;
}
