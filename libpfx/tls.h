/*
 * TLS as the configuration wants it: trusted CAs, client certificate and key, read once while the process still may
 * (before chroot(2), as root). The only module that knows OpenSSL.
 *
 * Shape:  one profile a distinct `tls` group; workers inherit it by fork(2) and put it into each connection, which
 *         costs no parsing. "system" in root_ca is the system's bundle, or SSL_CERT_FILE of the environment.
 * Errors: tls_profile_new() gives NULL and a text that names the file; it is never skipped and never "unverified
 *         instead".
 * Owner:  the caller frees the profile.
 * Source: SSL_CTX_set1_cert_store(3), RFC 5280, RFC 9325 (no version below 1.2 unless asked for).
 */
#ifndef PFX_TLS_H
#define PFX_TLS_H

#include "config.h"

#define TLS_REASON_MAX_BYTES 400

struct tls_profile;

struct tls_profile *tls_profile_new(const struct config_tls *tls, char why[TLS_REASON_MAX_BYTES]);
void tls_profile_free(struct tls_profile **profile);

/* Do both ask for the same? Connections may be shared only then. */
bool tls_is_same(const struct config_tls *a, const struct config_tls *b);

/* Puts the profile into a fresh SSL_CTX. False: libssl refused. */
bool tls_apply(const struct tls_profile *profile, void *ssl_ctx);

/*
 * What an administrator can do about a handshake that failed, a constant text, or "". verified: of
 * SSL_get_verify_result(3), 0 when that is not the reason. error: what OpenSSL or libcurl says.
 */
const char *tls_cure(long verified, const char *error);

#endif
