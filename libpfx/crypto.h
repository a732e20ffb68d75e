/*
 * Keys and signatures of JSON Web Tokens. The only module but tls.c that knows OpenSSL.
 *
 * Shape:  a key is a private one out of a PEM file, or a public one out of the numbers of a JSON Web Key (big-endian
 *         bytes). Signatures are as JWS has them: of ECDSA r and s side by side, each as long as the curve's order.
 * Units:  bytes.
 * Limits: RSA of CRYPTO_RSA_MIN_BITS to CRYPTO_RSA_MAX_BITS with an odd exponent of at least 3 and at most 64 bits; the
 *         curves P-256, P-384, P-521 and Ed25519.
 * Errors: NULL or false with a constant reason, which never quotes key or message.
 * Owner:  the caller frees a key.
 * Source: RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1, RFC 9864 (the name Ed25519); EVP_PKEY(7).
 */
#ifndef PFX_CRYPTO_H
#define PFX_CRYPTO_H

#include "span.h"

#define CRYPTO_RSA_MIN_BITS 2048
#define CRYPTO_RSA_MAX_BITS 8192
#define CRYPTO_SIGNATURE_MAX_BYTES (CRYPTO_RSA_MAX_BITS / 8)

enum crypto_algorithm {
    CRYPTO_RS256, CRYPTO_RS384, CRYPTO_RS512, CRYPTO_PS256, CRYPTO_PS384, CRYPTO_PS512,
    CRYPTO_ES256, CRYPTO_ES384, CRYPTO_ES512,
    CRYPTO_EDDSA, /* with Ed25519; two names: "EdDSA", "Ed25519" */
    CRYPTO_ALGORITHMS
};

struct crypto_key;

/* Never "none", never an HMAC. */
bool crypto_find(struct span name, enum crypto_algorithm *algorithm);
const char *crypto_name(enum crypto_algorithm algorithm);

struct crypto_key *crypto_key_of_pem(struct span pem, const char **why); /* private, without a password */
struct crypto_key *crypto_key_of_rsa(struct span n, struct span e, const char **why);
/* curve: "P-256", "P-384" or "P-521" */
struct crypto_key *crypto_key_of_ec(struct span curve, struct span x, struct span y, const char **why);
struct crypto_key *crypto_key_of_ed25519(struct span x, const char **why);
void crypto_key_free(struct crypto_key **key);

/* May the key be used so? An EC key fits one algorithm, an RSA key six. */
bool crypto_key_fits(const struct crypto_key *key, enum crypto_algorithm algorithm);

/* The length of the signature; 0: the library refused, or the key does not fit. */
size_t crypto_sign(const struct crypto_key *key, enum crypto_algorithm algorithm, struct span message,
                   char signature[CRYPTO_SIGNATURE_MAX_BYTES]);
bool crypto_verify(const struct crypto_key *key, enum crypto_algorithm algorithm, struct span message,
                   struct span signature);

#endif
