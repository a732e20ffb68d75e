/*
 * The SMTP access policy delegation protocol, server side.
 *
 * Shape:  request  lines NAME=VALUE, each with a LF, then an empty line. The name is up to the first '='; the value
 *                  is the rest, whole: it may hold '=', spaces, quotes and bytes that are no UTF-8, and may be empty.
 *         reply    "action=" ACTION LF LF.
 * Limits: POLICY_REQUEST_MAX_BYTES a request: some 35 attributes, most of them cut out of SMTP lines of at most 2048
 *         bytes (line_length_limit). POLICY_ATTRIBUTES_MAX of them.
 * Errors: BAD: a line without '=', without name or with one that is not UTF-8, a NUL, a name that stands
 *         twice, no attribute, too many, over the limit. The peer is to be closed. An incomplete request is MORE,
 *         however it ends: at the end of file it is dropped.
 * Owner:  spans borrow the input.
 * Source: SMTPD_POLICY_README, Postfix smtpd/smtpd_check.c, util/attr_scan_plain.c.
 */
#ifndef PFX_POLICY_H
#define PFX_POLICY_H

#include "attribute.h"
#include "codec.h"

#define POLICY_REQUEST_MAX_BYTES 65536
#define POLICY_ATTRIBUTES_MAX 128
#define POLICY_REPLY_OVERHEAD_BYTES 9 /* "action=" LF LF */
#define POLICY_PING_CONTEXT ".ping" /* of pfxctl, which no entry can be named: DUNNO, whatever is configured */

/* attributes has room for POLICY_ATTRIBUTES_MAX; *count of them are filled in, in the order in which they came. */
enum codec_result policy_decode(struct span in, struct attribute *attributes, size_t *count, size_t *used,
                                const char **why);

/* Returns the size needed; writes nothing unless size is enough. */
size_t policy_encode(char *out, size_t size, struct span action);

#endif
