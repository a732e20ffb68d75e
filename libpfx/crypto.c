#include "crypto.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "mem.h"

#define PEM_MAX_BYTES (64 * 1024)
#define RSA_EXPONENT_MAX_BITS 64
#define EC_NUMBER_MAX_BYTES 66 /* of P-521 */
#define EC_POINT_UNCOMPRESSED 4
#define EC_DER_MAX_BYTES (3 + 2 * (3 + EC_NUMBER_MAX_BYTES))
#define ED25519_KEY_BYTES 32
#define GROUP_NAME_BYTES 80


static const char library_refused[] = "the crypto library refuses the key";

enum kind { RSA_KEY, P256_KEY, P384_KEY, P521_KEY, ED25519_KEY, KINDS };

static const struct {
    const char *type;    /* as OpenSSL says it */
    const char *group;   /* the same; NULL: not of a curve that has several */
    const char *curve;   /* as JSON Web Keys say it */
    size_t number_bytes; /* of a coordinate, and of half of a signature */
} kinds[KINDS] = {
    [RSA_KEY] = { "RSA", NULL, NULL, 0 },
    [P256_KEY] = { "EC", "prime256v1", "P-256", 32 },
    [P384_KEY] = { "EC", "secp384r1", "P-384", 48 },
    [P521_KEY] = { "EC", "secp521r1", "P-521", EC_NUMBER_MAX_BYTES },
    [ED25519_KEY] = { "ED25519", NULL, NULL, 0 },
};

static const struct {
    const char *name;
    const char *digest; /* NULL: the algorithm has its own */
    enum kind kind;
    bool is_pss;
} algorithms[CRYPTO_ALGORITHMS] = {
    [CRYPTO_RS256] = { "RS256", "SHA256", RSA_KEY, false },  [CRYPTO_RS384] = { "RS384", "SHA384", RSA_KEY, false },
    [CRYPTO_RS512] = { "RS512", "SHA512", RSA_KEY, false },  [CRYPTO_PS256] = { "PS256", "SHA256", RSA_KEY, true },
    [CRYPTO_PS384] = { "PS384", "SHA384", RSA_KEY, true },   [CRYPTO_PS512] = { "PS512", "SHA512", RSA_KEY, true },
    [CRYPTO_ES256] = { "ES256", "SHA256", P256_KEY, false }, [CRYPTO_ES384] = { "ES384", "SHA384", P384_KEY, false },
    [CRYPTO_ES512] = { "ES512", "SHA512", P521_KEY, false }, [CRYPTO_EDDSA] = { "EdDSA", NULL, ED25519_KEY, false },
};

struct crypto_key {
    EVP_PKEY *pkey;
    enum kind kind;
};

bool crypto_find(struct span name, enum crypto_algorithm *algorithm)
{
    if (span_equal(name, SPAN("Ed25519"))) {
        *algorithm = CRYPTO_EDDSA;
        return true;
    }
    for (int i = 0; i < CRYPTO_ALGORITHMS; i++) {
        if (span_equal(name, span_text(algorithms[i].name))) {
            *algorithm = (enum crypto_algorithm)i;
            return true;
        }
    }
    return false;
}

const char *crypto_name(enum crypto_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

static const unsigned char *bytes_of(struct span bytes)
{
    return (const unsigned char *)bytes.p;
}

static struct span without_zeros(struct span number)
{
    size_t zeros = 0;
    while (zeros < number.n && number.p[zeros] == '\0')
        zeros++;
    return span_skip(number, zeros);
}

static const char *rsa_reason(const EVP_PKEY *pkey)
{
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    const char *why = NULL;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
        why = library_refused;
    else if (BN_num_bits(n) < CRYPTO_RSA_MIN_BITS || BN_num_bits(n) > CRYPTO_RSA_MAX_BITS)
        why = "an RSA key has fewer than " SPAN_NUMBER_TEXT(CRYPTO_RSA_MIN_BITS) " or more than "
              SPAN_NUMBER_TEXT(CRYPTO_RSA_MAX_BITS) " bits";
    else if (!BN_is_odd(n))
        why = "the modulus of an RSA key is even";
    else if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > RSA_EXPONENT_MAX_BITS)
        why = "the exponent of an RSA key is even, 1 or too large";
    BN_free(n);
    BN_free(e);
    return why;
}

static enum kind kind_of(const EVP_PKEY *pkey)
{
    char group[GROUP_NAME_BYTES];
    int kind = 0;

    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
        group[0] = '\0';
    while (kind < KINDS && (EVP_PKEY_is_a(pkey, kinds[kind].type) != 1 ||
                            (kinds[kind].group != NULL && strcmp(kinds[kind].group, group) != 0)))
        kind++;
    return (enum kind)kind;
}

/* Takes pkey, whatever comes of it; NULL is what the library gives when it refuses. */
static struct crypto_key *key_of(EVP_PKEY *pkey, const char **why)
{
    enum kind kind = pkey == NULL ? KINDS : kind_of(pkey);
    const char *reason = kind == RSA_KEY ? rsa_reason(pkey) : NULL;

    if (pkey == NULL)
        reason = library_refused;
    else if (kind == KINDS)
        reason = "a key is neither RSA, nor of P-256, P-384, P-521 or Ed25519";
    ERR_clear_error();
    if (reason != NULL) {
        *why = reason;
        EVP_PKEY_free(pkey);
        return NULL;
    }
    struct crypto_key *key = mem_alloc(sizeof(*key));
    key->pkey = pkey;
    key->kind = kind;
    return key;
}

/* Its halves belong together: what the private one signs, the public one verifies. */
static bool is_whole(const struct crypto_key *key)
{
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];
    int algorithm = 0;

    while (!crypto_key_fits(key, (enum crypto_algorithm)algorithm))
        algorithm++;
    size_t n = crypto_sign(key, (enum crypto_algorithm)algorithm, SPAN("trial"), signature);
    return crypto_verify(key, (enum crypto_algorithm)algorithm, SPAN("trial"), span_make(signature, n));
}

/* Nobody is there to type one in. */
static int no_password(char *buffer, int size, int writing, void *context)
{
    bool *is_asked = context;

    (void)buffer;
    (void)size;
    (void)writing;
    *is_asked = true;
    return -1;
}

struct crypto_key *crypto_key_of_pem(struct span pem, const char **why)
{
    bool is_asked = false;
    BIO *file = pem.n > PEM_MAX_BYTES ? NULL : BIO_new_mem_buf(pem.n == 0 ? "" : pem.p, (int)pem.n);
    EVP_PKEY *pkey = file == NULL ? NULL : PEM_read_bio_PrivateKey(file, NULL, no_password, &is_asked);

    BIO_free(file);
    if (pkey == NULL) {
        *why = is_asked ? "the private key has a password" : "no private key in it that can be read";
        ERR_clear_error();
        return NULL;
    }
    struct crypto_key *key = key_of(pkey, why);
    if (key != NULL && !is_whole(key)) {
        *why = "the private key does not fit its public one";
        crypto_key_free(&key);
    }
    return key;
}

/* Takes builder; good: it got all that it needs. */
static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *builder, bool good)
{
    OSSL_PARAM *params = good ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

struct crypto_key *crypto_key_of_rsa(struct span n, struct span e, const char **why)
{
    n = without_zeros(n);
    e = without_zeros(e);
    if (n.n > CRYPTO_RSA_MAX_BITS / 8 || e.n > RSA_EXPONENT_MAX_BITS / 8) {
        *why = "modulus or exponent of an RSA key is too large";
        return NULL;
    }
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(bytes_of(n), (int)n.n, NULL);
    BIGNUM *exponent = BN_bin2bn(bytes_of(e), (int)e.n, NULL);
    bool good = builder != NULL && modulus != NULL && exponent != NULL &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1;
    EVP_PKEY *pkey = build(kinds[RSA_KEY].type, builder, good);
    BN_free(modulus);
    BN_free(exponent);
    return key_of(pkey, why);
}

struct crypto_key *crypto_key_of_ec(struct span curve, struct span x, struct span y, const char **why)
{
    unsigned char point[1 + 2 * EC_NUMBER_MAX_BYTES] = { EC_POINT_UNCOMPRESSED };
    int kind = P256_KEY;

    while (kind <= P521_KEY && !span_equal(curve, span_text(kinds[kind].curve)))
        kind++;
    if (kind > P521_KEY) {
        *why = "the curve is neither P-256, P-384 nor P-521";
        return NULL;
    }
    const size_t n = kinds[kind].number_bytes;
    if (x.n == 0 || x.n > n || y.n == 0 || y.n > n) {
        *why = "a coordinate of an EC key is missing or too long";
        return NULL;
    }
    memcpy(point + 1 + n - x.n, x.p, x.n);
    memcpy(point + 1 + 2 * n - y.n, y.p, y.n);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    bool good = builder != NULL &&
                OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, kinds[kind].group, 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * n) == 1;
    return key_of(build(kinds[kind].type, builder, good), why);
}

struct crypto_key *crypto_key_of_ed25519(struct span x, const char **why)
{
    if (x.n != ED25519_KEY_BYTES) {
        *why = "an Ed25519 key does not have " SPAN_NUMBER_TEXT(ED25519_KEY_BYTES) " bytes";
        return NULL;
    }
    return key_of(EVP_PKEY_new_raw_public_key_ex(NULL, kinds[ED25519_KEY].type, NULL, bytes_of(x), x.n), why);
}

void crypto_key_free(struct crypto_key **key)
{
    if (*key == NULL)
        return;
    EVP_PKEY_free((*key)->pkey); /* which wipes it */
    mem_free(*key);
    *key = NULL;
}

bool crypto_key_fits(const struct crypto_key *key, enum crypto_algorithm algorithm)
{
    return key->kind == algorithms[algorithm].kind;
}

/* NULL: the library refused. */
static EVP_MD_CTX *begin(const struct crypto_key *key, enum crypto_algorithm algorithm, bool signs)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL; /* belongs to context */
    bool good = context != NULL &&
                (signs ? EVP_DigestSignInit_ex : EVP_DigestVerifyInit_ex)(
                    context, &options, algorithms[algorithm].digest, NULL, NULL, key->pkey, NULL) == 1;

    if (good && algorithms[algorithm].is_pss)
        good = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
    if (!good) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

/* From ASN.1 to r and s side by side, in place. The length; 0: it was none. */
static size_t flatten(char *signature, size_t n, size_t number_bytes)
{
    unsigned char *out = (unsigned char *)signature;
    const unsigned char *der = out;
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)n);
    const int size = (int)number_bytes;
    bool good = numbers != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), out, size) == size &&
                BN_bn2binpad(ECDSA_SIG_get0_s(numbers), out + number_bytes, size) == size;

    ECDSA_SIG_free(numbers);
    return good ? 2 * number_bytes : 0;
}

/* The other way round. The length; 0: the halves are not as long as the key wants them. */
static size_t unflatten(unsigned char der[EC_DER_MAX_BYTES], struct span signature, size_t number_bytes)
{
    const int size = (int)number_bytes;
    int n = 0;

    if (signature.n != 2 * number_bytes)
        return 0;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes_of(signature), size, NULL);
    BIGNUM *s = BN_bin2bn(bytes_of(signature) + number_bytes, size, NULL);
    if (numbers != NULL && ECDSA_SIG_set0(numbers, r, s) == 1) {
        r = s = NULL; /* they are in numbers now */
        n = i2d_ECDSA_SIG(numbers, &der);
    }
    ECDSA_SIG_free(numbers);
    BN_free(r);
    BN_free(s);
    return n > 0 ? (size_t)n : 0;
}

size_t crypto_sign(const struct crypto_key *key, enum crypto_algorithm algorithm, struct span message,
                   char signature[CRYPTO_SIGNATURE_MAX_BYTES])
{
    const size_t number_bytes = kinds[key->kind].number_bytes;
    size_t n = CRYPTO_SIGNATURE_MAX_BYTES;
    EVP_MD_CTX *context = crypto_key_fits(key, algorithm) ? begin(key, algorithm, true) : NULL;

    if (context == NULL ||
        EVP_DigestSign(context, (unsigned char *)signature, &n, bytes_of(message), message.n) != 1)
        n = 0;
    if (n > 0 && number_bytes > 0)
        n = flatten(signature, n, number_bytes);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return n;
}

bool crypto_verify(const struct crypto_key *key, enum crypto_algorithm algorithm, struct span message,
                   struct span signature)
{
    const size_t number_bytes = kinds[key->kind].number_bytes;
    unsigned char der[EC_DER_MAX_BYTES];

    if (!crypto_key_fits(key, algorithm))
        return false;
    if (number_bytes > 0)
        signature = span_make((const char *)der, unflatten(der, signature, number_bytes));
    EVP_MD_CTX *context = signature.n == 0 ? NULL : begin(key, algorithm, false);
    bool good = context != NULL && EVP_DigestVerify(context, bytes_of(signature), signature.n, bytes_of(message),
                                                    message.n) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}
