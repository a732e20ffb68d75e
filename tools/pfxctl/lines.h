/*
 * Lines of standard input.
 *
 * Shape:  without their LF; what stands behind the last LF is a line, too, unless it is empty.
 * Limits: LINES_MAX_BYTES a line; a longer one ends the input: is_too_long.
 * Owner:  lines_close() wipes what was read; a line is valid until the next call.
 */
#ifndef PFX_LINES_H
#define PFX_LINES_H

#include "buf.h"

#define LINES_MAX_BYTES (128 * 1024)

struct lines {
    int fd;
    struct buf in;
    size_t used; /* the line that was taken last */
    bool has_ended;
    bool is_too_long;
};

void lines_open(struct lines *lines, int fd);
bool lines_take(struct lines *lines, struct span *line); /* waits; false: there is none any more */
bool lines_is_ready(struct lines *lines);                /* lines_take() would not wait long */
void lines_close(struct lines *lines);

#endif
