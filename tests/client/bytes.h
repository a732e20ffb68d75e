/*
 * A growing buffer of bytes, and the netstrings of the socketmap protocol in it.
 *
 * Shape:  request  netstring of NAME SP KEY, reply  netstring of STATUS SP TEXT.
 * Limits: BYTES_REPLY_MAX: Postfix before 3.10 reads no longer reply.
 * Errors: without memory the program ends. BYTES_BAD: what came is not a netstring (a leading zero included).
 * Owner:  the buffer owns p; a reply borrows it.
 * Source: socketmap_table(5).
 */
#ifndef CLIENT_BYTES_H
#define CLIENT_BYTES_H

#include "span.h"

#define BYTES_REPLY_MAX 100000

enum bytes_result { BYTES_OK, BYTES_MORE, BYTES_BAD };

struct bytes {
    char  *p;
    size_t n;
    size_t room;
};

void bytes_reserve(struct bytes *b, size_t more);
void bytes_free(struct bytes *b);

void              bytes_set_request(struct bytes *b, const char *name, const char *key);
enum bytes_result bytes_get_reply(const struct bytes *b, struct span *reply, size_t *used);

#endif
