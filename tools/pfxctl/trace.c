#include "trace.h"

#include <stdio.h>

#include "buf.h"
#include "http.h"
#include "http_watch.h"
#include "mask.h"
#include "template.h"
#include "utf8.h"

#define LINE_MAX_BYTES   8192
#define MASKED_MAX_BYTES ((size_t)256 * 1024 * 1024) /* a body of the largest max_response_size, and its masks */
#define US_PER_MS        1000.0

static struct span secret;

void trace_lines(const char *mark, struct span text)
{
    char printable[LINE_MAX_BYTES];

    while (text.n > 0) {
        struct span line = span_first(text, span_find(text, '\n'));
        text = span_skip(text, line.n < text.n ? line.n + 1 : line.n);
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        utf8_printable(printable, sizeof(printable), line);
        fprintf(stderr, "%s%s\n", mark, printable);
    }
}

/* The secret as that escape writes it. */
static void mask_escaped(struct buf *text, enum template_escape escape)
{
    const struct template_piece piece = { .what = TEMPLATE_KEY };
    const struct template_values values = { .key = secret };
    struct buf form, masked;
    size_t n = 0;

    template_expand(&piece, 1, escape, &values, NULL, 0, &n);
    buf_init(&form, n);
    buf_init(&masked, MASKED_MAX_BYTES);
    form.secret = masked.secret = true;
    template_expand(&piece, 1, escape, &values, buf_extend(&form, n), n, &n);
    size_t size = mask_value(NULL, 0, buf_span(text), buf_span(&form));
    mask_value(buf_extend(&masked, size), size, buf_span(text), buf_span(&form));
    buf_free(&form);
    buf_free(text);
    *text = masked;
}

/* What is left is as long as it is; the caller frees it. */
static struct buf hide(struct span text, size_t (*mask)(char *out, size_t size, struct span text))
{
    struct buf copy, masked;

    buf_init(&copy, MASKED_MAX_BYTES);
    buf_init(&masked, MASKED_MAX_BYTES);
    copy.secret = masked.secret = true;
    buf_add(&copy, text);
    if (secret.n > 0) {
        mask_escaped(&copy, TEMPLATE_ESCAPE_NONE);
        mask_escaped(&copy, TEMPLATE_ESCAPE_JSON);
        mask_escaped(&copy, TEMPLATE_ESCAPE_URL);
    }
    size_t size = mask(NULL, 0, buf_span(&copy));
    mask(buf_extend(&masked, size), size, buf_span(&copy));
    buf_free(&copy);
    return masked;
}

static void show(const char *mark, struct span text, size_t (*mask)(char *out, size_t size, struct span text))
{
    struct buf masked = hide(text, mask);
    size_t shown = masked.n < TRACE_BODY_MAX_BYTES ? masked.n : TRACE_BODY_MAX_BYTES;

    trace_lines(mark, span_first(buf_span(&masked), shown));
    if (shown < masked.n)
        fprintf(stderr, "%s... (%zu bytes in all)\n", mark, text.n);
    buf_free(&masked);
}

static void show_header(const char *mark, struct span header)
{
    while (header.n > 0) {
        struct span line = span_first(header, span_find(header, '\n'));
        header = span_skip(header, line.n < header.n ? line.n + 1 : line.n);
        if (line.n <= 1)
            trace_lines(mark, SPAN("\n"));
        else
            show(mark, line, mask_header);
    }
}

static void show_times(const struct http_exchange *exchange)
{
    fprintf(stderr, "pfxctl: name look-up %.1f ms, ", (double)exchange->look_up_us / US_PER_MS);
    if (exchange->was_connected)
        fputs("connection kept, ", stderr);
    else
        fprintf(stderr, "connect %.1f ms, TLS %.1f ms, ", (double)exchange->connect_us / US_PER_MS,
                (double)exchange->tls_us / US_PER_MS);
    fprintf(stderr, "first byte %.1f ms, total %.1f ms\n", (double)exchange->first_byte_us / US_PER_MS,
            (double)exchange->total_us / US_PER_MS);
}

static void show_exchange(void *arg, const struct http_exchange *exchange)
{
    const struct http_answer *answer = exchange->answer;
    (void)arg;

    fprintf(stderr, "pfxctl: request to %s\n", exchange->target->origin);
    show_header("> ", exchange->request_header);
    if (exchange->request_header.n > 0)
        show("> ", exchange->request_body, mask_body);
    show_header("< ", exchange->answer_header);
    if (answer->failure == HTTP_ANSWERED)
        show("< ", answer->body, mask_body);
    else
        fprintf(stderr, "pfxctl: no answer: %s (%s)\n", answer->reason, answer->detail);
    show_times(exchange);
}

void trace_requests(struct span hidden)
{
    secret = hidden;
    http_watch(show_exchange, NULL);
}
