#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "mem.h"

/* Debian, Red Hat, SUSE, Alpine. A directory of hashed links would be read at each handshake, beyond a chroot. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

struct tls_profile {
    X509_STORE *trusted;
    STACK_OF(X509) *chain; /* the client's own certificate first */
    EVP_PKEY *key;
    bool skip_verify;
    int min_version;
};

/* The first error in the queue is the cause; those after it only say who passed it on. */
static bool failed(char *why, const char *file, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

    snprintf(why, TLS_REASON_MAX_BYTES, "%s: %s (%s)", file, what, reason == NULL ? "no details" : reason);
    ERR_clear_error();
    return false;
}

static const char *system_bundle(void)
{
    const char *named = secure_getenv("SSL_CERT_FILE");
    if (named != NULL)
        return named;
    for (size_t i = 0; i < sizeof(system_bundles) / sizeof(*system_bundles); i++) {
        FILE *file = fopen(system_bundles[i], "re");
        if (file != NULL) {
            fclose(file);
            return system_bundles[i];
        }
    }
    return NULL;
}

/* A machine without CA certificates is no mistake of the configuration: each handshake says whom it does not trust. */
static bool trust_system(X509_STORE *store, char *why)
{
    const char *bundle = system_bundle();
    if (bundle == NULL || X509_STORE_load_file(store, bundle) == 1)
        return true;
    return failed(why, bundle, "cannot read the system's CA certificates");
}

static bool trust(X509_STORE *store, const struct config_strings *root_ca, char *why)
{
    if (root_ca->count == 0)
        return trust_system(store, why);
    for (size_t i = 0; i < root_ca->count; i++) {
        if (strcmp(root_ca->item[i], "system") == 0) {
            if (!trust_system(store, why))
                return false;
        } else if (X509_STORE_load_file(store, root_ca->item[i]) != 1) {
            return failed(why, root_ca->item[i], "cannot read CA certificates");
        }
    }
    return true;
}

static bool read_chain(struct tls_profile *profile, const char *path, char *why)
{
    BIO *file = BIO_new_file(path, "r");
    X509 *certificate;

    if (file == NULL)
        return failed(why, path, "cannot open the certificate");
    profile->chain = sk_X509_new_null();
    while ((certificate = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL)
        sk_X509_push(profile->chain, certificate);
    BIO_free(file);
    if (sk_X509_num(profile->chain) == 0)
        return failed(why, path, "no certificate in it");
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) /* which is the end of the file */
        return failed(why, path, "a certificate in it cannot be read");
    ERR_clear_error();
    return true;
}

/* A key with a passphrase cannot be used by a daemon: do not let libcrypto ask the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static bool read_key(struct tls_profile *profile, const char *path, char *why)
{
    BIO *file = BIO_new_file(path, "r");
    if (file == NULL)
        return failed(why, path, "cannot open the key");
    profile->key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
    BIO_free(file);
    if (profile->key == NULL)
        return failed(why, path, "no usable private key in it");
    if (X509_check_private_key(sk_X509_value(profile->chain, 0), profile->key) != 1)
        return failed(why, path, "the key does not belong to the certificate");
    return true;
}

struct tls_profile *tls_profile_new(const struct config_tls *tls, char why[TLS_REASON_MAX_BYTES])
{
    static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION };
    struct tls_profile *profile = mem_alloc(sizeof(*profile));

    profile->trusted = X509_STORE_new();
    profile->skip_verify = tls->skip_verify;
    profile->min_version = versions[tls->min_version];
    bool good = trust(profile->trusted, &tls->root_ca, why);
    if (good && tls->cert[0] != '\0')
        good = read_chain(profile, tls->cert, why) &&
               read_key(profile, tls->key[0] == '\0' ? tls->cert : tls->key, why);
    if (!good)
        tls_profile_free(&profile);
    return profile;
}

void tls_profile_free(struct tls_profile **profile)
{
    if (*profile == NULL)
        return;
    X509_STORE_free((*profile)->trusted);
    sk_X509_pop_free((*profile)->chain, X509_free);
    EVP_PKEY_free((*profile)->key);
    mem_free(*profile);
    *profile = NULL;
}

bool tls_is_same(const struct config_tls *a, const struct config_tls *b)
{
    if (a->skip_verify != b->skip_verify || a->min_version != b->min_version || strcmp(a->cert, b->cert) != 0 ||
        strcmp(a->key, b->key) != 0 || a->root_ca.count != b->root_ca.count)
        return false;
    for (size_t i = 0; i < a->root_ca.count; i++)
        if (strcmp(a->root_ca.item[i], b->root_ca.item[i]) != 0)
            return false;
    return true;
}

bool tls_apply(const struct tls_profile *profile, void *ssl_ctx)
{
    SSL_CTX *context = ssl_ctx;

    if (profile->min_version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(context, 0); /* OpenSSL 3 signs with SHA-1 below 1.2, which level 1 refuses */
    if (SSL_CTX_set_min_proto_version(context, profile->min_version) != 1)
        return false;
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT); /* else what came last stays in a buffer of OpenSSL */
    SSL_CTX_set_verify(context, profile->skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set1_cert_store(context, profile->trusted);
    if (profile->key == NULL)
        return true;
    if (SSL_CTX_use_certificate(context, sk_X509_value(profile->chain, 0)) != 1 ||
        SSL_CTX_use_PrivateKey(context, profile->key) != 1)
        return false;
    for (int i = 1; i < sk_X509_num(profile->chain); i++)
        if (SSL_CTX_add1_chain_cert(context, sk_X509_value(profile->chain, i)) != 1)
            return false;
    return true;
}

/* Parts of the texts of OpenSSL for alerts, of either side, and of libcurl for names. */
static const char *cure_of_text(const char *error)
{
    static const struct {
        const char *part;
        const char *cure;
    } cures[] = {
        { "target host name", "the host in the URL has to have a name that the certificate has" },
        { "alert certificate required", "the backend wants a client certificate: set cert and key" },
        { "alert unknown ca", "the backend does not know the CA that signed the client certificate of cert" },
        { "alert bad certificate", "the backend does not take the client certificate of cert" },
        { "alert certificate expired", "the client certificate of cert has expired" },
        { "alert handshake failure", "the backend may want a client certificate: see cert and key" },
        { "alert protocol version", "the backend has no TLS version that min_version allows" },
        { "unsupported protocol", "the backend has no TLS version that min_version allows" },
        { "wrong version number", "there is no TLS at that port: check the URL" },
    };

    for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
        if (strstr(error, cures[i].part) != NULL)
            return cures[i].cure;
    return "";
}

const char *tls_cure(long verified, const char *error)
{
    switch (verified) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "root_ca has to name a file with the CA that signed the backend's certificate";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "root_ca has to name a file with this certificate";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "the backend needs a new certificate, unless the clock here is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "the certificate is for later, unless the clock here is wrong";
    default:
        return cure_of_text(error);
    }
}
