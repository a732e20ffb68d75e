#include "tls.h"

#include <openssl/ssl.h>

#include "tls_fixture.h"

#define STEPS_MAX 20

static const struct {
    const char *name;
    struct fixture_tls client;
    const char *server; /* whose certificate */
    int server_max;     /* version; 0: any */
    bool asks_client;   /* for its certificate */
    bool agrees;
} rows[] = {
    { "trusted", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, "good", 0, false, true },
    { "trusted by the second", { "other-ca.pem,ca.pem", "", "", false, CONFIG_TLS_1_2 }, "good", 0, false, true },
    { "unknown CA", { "other-ca.pem", "", "", false, CONFIG_TLS_1_2 }, "good", 0, false, false },
    { "the system's CAs", { "", "", "", false, CONFIG_TLS_1_2 }, "good", 0, false, false },
    { "signed by itself", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, "selfsigned", 0, false, false },
    { "expired", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, "expired", 0, false, false },
    { "a client's certificate", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, "client", 0, false, false },
    { "unverified", { "other-ca.pem", "", "", true, CONFIG_TLS_1_2 }, "expired", 0, false, true },
    { "client certificate", { "ca.pem", "client.pem", "client.key", false, CONFIG_TLS_1_2 }, "good", 0, true, true },
    { "no client certificate", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, "good", 0, true, false },
    { "old server", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, "good", TLS1_1_VERSION, false, false },
    { "old server, allowed", { "ca.pem", "", "", false, CONFIG_TLS_1_0 }, "good", TLS1_VERSION, false, true },
    { "1.2", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, "good", TLS1_2_VERSION, false, true },
    { "1.3 wanted", { "ca.pem", "", "", false, CONFIG_TLS_1_3 }, "good", TLS1_2_VERSION, false, false },
    { "1.3", { "ca.pem", "", "", false, CONFIG_TLS_1_3 }, "good", 0, false, true },
};

static SSL_CTX *server_context(int row)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char *cert = mem_format("%s/%s.pem", fixture_directory, rows[row].server);
    char *key = mem_format("%s/%s.key", fixture_directory, rows[row].server);
    char *ca = fixture_path("ca.pem");

    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, rows[row].server_max);
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), 1);
    ck_assert_int_eq(SSL_CTX_load_verify_locations(context, ca, NULL), 1);
    if (rows[row].asks_client)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    mem_free(cert);
    mem_free(key);
    mem_free(ca);
    return context;
}

/* Both sides over a pair of memory pipes; true when both are content. */
static bool shake_hands(SSL_CTX *client_context, SSL_CTX *server_context_of_test)
{
    SSL *client = SSL_new(client_context);
    SSL *server = SSL_new(server_context_of_test);
    BIO *ends[2];
    bool agreed[2] = { false, false };

    ck_assert_int_eq(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0), 1);
    SSL_set_bio(client, ends[0], ends[0]);
    SSL_set_bio(server, ends[1], ends[1]);
    for (int step = 0; step < STEPS_MAX; step++) {
        agreed[0] = SSL_connect(client) == 1;
        agreed[1] = SSL_accept(server) == 1;
    }
    SSL_free(client);
    SSL_free(server);
    return agreed[0] && agreed[1];
}

START_TEST(tls_apply_makes_the_client_that_the_configuration_wants)
{
    struct tls_profile *profile = fixture_tls_profile(&rows[_i].client);
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    SSL_CTX *server = server_context(_i);

    ck_assert_msg(profile != NULL, "%s: %s", rows[_i].name, fixture_why);
    unit_expect(tls_apply(profile, client), rows[_i].name);
    tls_profile_free(&profile); /* the context keeps what it needs */
    unit_expect(shake_hands(client, server) == rows[_i].agrees, rows[_i].name);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls_handshake");

    fixture_add_certs(suite, "tls_apply",
                      (const TTest *const[]){ tls_apply_makes_the_client_that_the_configuration_wants, NULL },
                      UNIT_ROWS(rows));
    return unit_run(suite);
}
