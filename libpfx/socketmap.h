/*
 * The socketmap protocol, server side.
 *
 * Shape:  request  netstring of NAME SP KEY; the name is up to the first space, the key is the rest, whole:
 *                  it may hold spaces and quotes and may be empty.
 *         reply    netstring of STATUS SP TEXT; STATUS is OK, NOTFOUND, TEMP, TIMEOUT or PERM, case counts.
 * Limits: SOCKETMAP_REQUEST_MAX_BYTES: the longest key that Postfix looks up is a whole logical header
 *         (header_checks; header_size_limit is 102400), and a name.
 *         Postfix 3.4 to 3.9 read no reply of more than 100000 bytes, status word included (dict_sockmap.c): an entry's
 *         max_reply_size.
 * Errors: BAD: not a netstring, no space, an empty name, a NUL. The peer is to be closed, because Postfix would read
 *         the rest of a bad reply as the next one.
 * Owner:  spans borrow the input.
 * Source: socketmap_table(5), Postfix util/dict_sockmap.c.
 */
#ifndef PFX_SOCKETMAP_H
#define PFX_SOCKETMAP_H

#include "codec.h"
#include "span.h"

#define SOCKETMAP_REQUEST_MAX_BYTES (102400 + 256)
#define SOCKETMAP_PING_NAME ".ping" /* of pfxctl; no entry can be named so, and nothing is logged */

enum socketmap_status { SOCKETMAP_OK, SOCKETMAP_NOTFOUND, SOCKETMAP_TEMP, SOCKETMAP_TIMEOUT, SOCKETMAP_PERM };

struct socketmap_request {
    struct span name;
    struct span key;
};

enum codec_result socketmap_decode(struct span in, struct socketmap_request *request, size_t *used, const char **why);

/* The whole netstring. Returns the size needed; writes nothing unless size is enough. */
size_t socketmap_encode(char *out, size_t size, enum socketmap_status status, struct span text);

/* Length of "STATUS SP TEXT", what the reply limits count. */
size_t socketmap_reply_bytes(enum socketmap_status status, struct span text);

#endif
