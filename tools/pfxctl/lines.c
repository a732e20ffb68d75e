#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define READ_BYTES 16384

void lines_open(struct lines *lines, int fd)
{
    *lines = (struct lines){ .fd = fd };
    buf_init(&lines->in, LINES_MAX_BYTES + READ_BYTES);
    lines->in.secret = true;
}

void lines_close(struct lines *lines)
{
    buf_free(&lines->in);
}

static void read_more(struct lines *lines)
{
    char *to = buf_reserve(&lines->in, READ_BYTES);
    ssize_t n = to == NULL ? 0 : read(lines->fd, to, READ_BYTES);

    if (to == NULL) {
        lines->is_too_long = lines->has_ended = true;
        buf_clear(&lines->in);
    } else if (n > 0) {
        lines->in.n += (size_t)n;
    } else if (n == 0 || errno != EINTR) {
        lines->has_ended = true;
    }
}

bool lines_take(struct lines *lines, struct span *line)
{
    buf_drop(&lines->in, lines->used);
    lines->used = 0;
    while (span_find(buf_span(&lines->in), '\n') == lines->in.n && !lines->has_ended)
        read_more(lines);
    if (lines->in.n == 0)
        return false;
    *line = span_first(buf_span(&lines->in), span_find(buf_span(&lines->in), '\n'));
    lines->used = line->n < lines->in.n ? line->n + 1 : line->n;
    return true;
}

bool lines_is_ready(struct lines *lines)
{
    struct span rest = span_skip(buf_span(&lines->in), lines->used);
    struct pollfd one = { .fd = lines->fd, .events = POLLIN };

    return lines->has_ended || span_find(rest, '\n') < rest.n || poll(&one, 1, 0) != 0;
}
