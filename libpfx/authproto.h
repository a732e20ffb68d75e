/*
 * The Dovecot auth client protocol, server side.
 *
 * Shape:  lines of fields joined by TAB, with a LF. From the client: VERSION MAJOR MINOR and CPID PID, then
 *           AUTH ID MECHANISM [PARAMETER[=VALUE]]... [resp=BASE64]    CONT ID BASE64    CANCEL ID
 *         From us: the whole handshake at once (VERSION, a MECH line each, SPID, CUID, COOKIE, DONE: Postfix takes SPID
 *         before MECH for another kind of socket), then OK, FAIL and CONT with the ID of the request.
 *         In a field, 0x01 and one of 0 1 t r n stand for NUL, 0x01, TAB, CR and LF. Postfix neither escapes nor
 *         unescapes; a client or a backend that could put a bare LF into a reply could forge the next one.
 * Units:  bytes; an ID is 1 to 2^32 - 1, a number is decimal without sign or leading zero.
 * Limits: AUTHPROTO_LINE_MAX_BYTES a line with its LF, from Postfix's smtpd_sasl_response_limit of 12288 and what
 *         stands around it, doubled and rounded; Dovecot's own limit is 16384. AUTHPROTO_REPLY_MAX_BYTES what we send
 *         in one line: Exim reads 8192.
 * Errors: BAD: a line too long, a field missing or malformed, an ID that is none, a field too many, anything behind
 *         resp=. The peer is to be disconnected. A command that is not known is AUTHPROTO_UNKNOWN, an empty line
 *         AUTHPROTO_EMPTY.
 * Owner:  spans lie in the input or in the memory that the caller gives for unescaped fields.
 * Source: Dovecot, auth client protocol 1.2; Postfix xsasl/xsasl_dovecot_server.c.
 */
#ifndef PFX_AUTHPROTO_H
#define PFX_AUTHPROTO_H

#include <stdint.h>

#include "codec.h"
#include "span.h"

#define AUTHPROTO_MAJOR 1
#define AUTHPROTO_MINOR 2
#define AUTHPROTO_LINE_MAX_BYTES 32768
#define AUTHPROTO_REPLY_MAX_BYTES 8192
#define AUTHPROTO_COOKIE_BYTES 16

enum authproto_command {
    AUTHPROTO_EMPTY,
    AUTHPROTO_VERSION,
    AUTHPROTO_CPID,
    AUTHPROTO_AUTH,
    AUTHPROTO_CONT,
    AUTHPROTO_CANCEL,
    AUTHPROTO_UNKNOWN,
};

struct authproto_request {
    enum authproto_command command;
    uint32_t major, minor;  /* of VERSION */
    uint32_t pid;           /* of CPID, not 0 */
    uint32_t id;            /* of AUTH, CONT, CANCEL, not 0 */
    struct span mechanism;  /* of AUTH, as it came: compare without case */
    struct span service;    /* service= or protocol=, required */
    struct span rip, lip;   /* may be empty */
    struct span rport, lport;
    struct span session;
    struct span local_name; /* the TLS server name */
    bool secured;           /* TLS is active: secured alone, as Postfix says it, or secured=tls */
    bool has_response;      /* resp= is there; with minor 0 and 1 an empty one means none, "=" is a really empty one */
    struct span response;   /* of AUTH and CONT (which always has one): base64, not decoded */
};

/*
 * One line. memory has room for as many bytes as the line. minor is what the client's VERSION said, 0 before.
 * In CONT a lone "=" is an empty response, too. Of a parameter that stands there twice, the last one counts.
 */
enum codec_result authproto_decode(struct span in, uint32_t minor, char *memory, struct authproto_request *request,
                                   size_t *used, const char **why);

struct authproto_mechanism {
    struct span name;
    struct span properties; /* joined by TAB, may be empty */
};

/* Encoders return the size needed and write nothing unless size is enough. Every text is escaped. */
size_t authproto_handshake(char *out, size_t size, const struct authproto_mechanism *mechanisms, size_t count,
                           uint32_t pid, uint32_t connection, const unsigned char cookie[AUTHPROTO_COOKIE_BYTES]);
size_t authproto_ok(char *out, size_t size, uint32_t id, struct span user);
size_t authproto_cont(char *out, size_t size, uint32_t id, struct span challenge_base64);

struct authproto_failure {
    struct span user;   /* empty: not told */
    struct span code;   /* "temp_fail", "authz_fail", "invalid_base64"; empty: wrong credentials */
    bool temporary;     /* also the older bare word */
    struct span reason; /* for the user */
};

size_t authproto_fail(char *out, size_t size, uint32_t id, const struct authproto_failure *failure);

#endif
