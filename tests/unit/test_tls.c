#include "tls.h"

#include <openssl/x509_vfy.h>

#include "tls_fixture.h"

static void append(const char *to, const char *from)
{
    char bytes[8192];
    char *path = fixture_path(from);
    FILE *file = fopen(path, "r");

    ck_assert_msg(file != NULL, "%s", path);
    size_t n = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    mem_free(path);
    path = fixture_path(to);
    file = fopen(path, "a");
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    fclose(file);
    mem_free(path);
}

static void write_more_files(void)
{
    fixture_write("empty.pem", "");
    fixture_write("both.pem", "");
    append("both.pem", "client.pem");
    append("both.pem", "client.key");
    fixture_write("broken.pem", "");
    append("broken.pem", "client.pem");
    fixture_write("rest.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    append("broken.pem", "rest.pem");
    fixture_write("chain.pem", "");
    append("chain.pem", "client.pem");
    append("chain.pem", "ca.pem");
    fixture_write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
}

static const struct {
    const char *name;
    struct fixture_tls tls;
    const char *file; /* named in the reason; NULL: the profile is good */
    const char *what;
} rows[] = {
    { "nothing", { "", "", "", false, CONFIG_TLS_1_2 }, NULL, NULL },
    { "one CA", { "ca.pem", "", "", false, CONFIG_TLS_1_2 }, NULL, NULL },
    { "two CAs", { "ca.pem,other-ca.pem", "", "", false, CONFIG_TLS_1_2 }, NULL, NULL },
    { "system and a CA", { "system,ca.pem", "", "", false, CONFIG_TLS_1_2 }, NULL, NULL },
    { "client certificate", { "ca.pem", "client.pem", "client.key", false, CONFIG_TLS_1_2 }, NULL, NULL },
    { "certificate and key in one file", { "ca.pem", "both.pem", "", false, CONFIG_TLS_1_2 }, NULL, NULL },
    { "chain", { "ca.pem", "chain.pem", "client.key", false, CONFIG_TLS_1_3 }, NULL, NULL },
    { "missing CA", { "no.pem", "", "", false, CONFIG_TLS_1_2 }, "/no.pem: ", "cannot read CA certificates" },
    { "missing second CA", { "ca.pem,no.pem", "", "", false, CONFIG_TLS_1_2 }, "/no.pem: ",
      "cannot read CA certificates" },
    { "missing CA, unverified", { "no.pem", "", "", true, CONFIG_TLS_1_2 }, "/no.pem: ",
      "cannot read CA certificates" },
    { "CA without a certificate", { "client.key", "", "", false, CONFIG_TLS_1_2 }, "/client.key: ",
      "cannot read CA certificates" },
    { "empty CA", { "empty.pem", "", "", false, CONFIG_TLS_1_2 }, "/empty.pem: ", "cannot read CA certificates" },
    { "broken CA", { "broken.pem", "", "", false, CONFIG_TLS_1_2 }, "/broken.pem: ", "cannot read CA certificates" },
    { "missing certificate", { "", "no.pem", "client.key", false, CONFIG_TLS_1_2 }, "/no.pem: ",
      "cannot open the certificate" },
    { "no certificate", { "", "client.key", "client.key", false, CONFIG_TLS_1_2 }, "/client.key: ",
      "no certificate in it" },
    { "empty certificate", { "", "empty.pem", "client.key", false, CONFIG_TLS_1_2 }, "/empty.pem: ",
      "no certificate in it" },
    { "broken chain", { "", "broken.pem", "client.key", false, CONFIG_TLS_1_2 }, "/broken.pem: ", "" },
    { "missing key", { "", "client.pem", "no.key", false, CONFIG_TLS_1_2 }, "/no.key: ", "cannot open the key" },
    { "no key", { "", "client.pem", "", false, CONFIG_TLS_1_2 }, "/client.pem: ", "no usable private key in it" },
    { "another's key", { "", "client.pem", "good.key", false, CONFIG_TLS_1_2 }, "/good.key: ",
      "the key does not belong to the certificate" },
    { "key with a passphrase", { "", "client.pem", "locked.key", false, CONFIG_TLS_1_2 }, "/locked.key: ",
      "no usable private key in it" },
    { "directory", { "/", "", "", false, CONFIG_TLS_1_2 }, "/: ", "cannot read CA certificates" },
};

START_TEST(tls_profile_is_read_or_the_file_is_named)
{
    bool good = rows[_i].file == NULL;

    write_more_files();
    struct tls_profile *profile = fixture_tls_profile(&rows[_i].tls);
    ck_assert_msg((profile != NULL) == good, "%s: %s", rows[_i].name, fixture_why);
    if (!good)
        ck_assert_msg(strstr(fixture_why, rows[_i].file) != NULL && strstr(fixture_why, rows[_i].what) != NULL,
                      "%s: %s",
                      rows[_i].name, fixture_why);
    tls_profile_free(&profile);
    ck_assert_ptr_null(profile);
    tls_profile_free(&profile);
}
END_TEST

START_TEST(tls_missing_file_is_told_with_its_error)
{
    ck_assert_ptr_null(fixture_tls_profile(&(const struct fixture_tls){ "", "no.pem", "", false, CONFIG_TLS_1_2 }));
    ck_assert_msg(strstr(fixture_why, "(No such file or directory)") != NULL, "%s", fixture_why);
}
END_TEST

START_TEST(tls_system_bundle_may_be_named_by_the_environment)
{
    char *missing = fixture_path("bundle.pem");

    setenv("SSL_CERT_FILE", missing, 1);
    ck_assert_ptr_null(fixture_tls_profile(&(const struct fixture_tls){ "", "", "", false, CONFIG_TLS_1_2 }));
    ck_assert_msg(strstr(fixture_why, "/bundle.pem: cannot read the system's CA certificates") != NULL, "%s",
                  fixture_why);
    mem_free(missing);
}
END_TEST

static const struct {
    const char *name;
    struct fixture_tls other;
    bool same;
} pairs[] = {
    { "itself", { "ca.pem,other-ca.pem", "client.pem", "client.key", false, CONFIG_TLS_1_2 }, true },
    { "other order", { "other-ca.pem,ca.pem", "client.pem", "client.key", false, CONFIG_TLS_1_2 }, false },
    { "fewer CAs", { "ca.pem", "client.pem", "client.key", false, CONFIG_TLS_1_2 }, false },
    { "no CA", { "", "client.pem", "client.key", false, CONFIG_TLS_1_2 }, false },
    { "other certificate", { "ca.pem,other-ca.pem", "good.pem", "client.key", false, CONFIG_TLS_1_2 }, false },
    { "other key", { "ca.pem,other-ca.pem", "client.pem", "", false, CONFIG_TLS_1_2 }, false },
    { "unverified", { "ca.pem,other-ca.pem", "client.pem", "client.key", true, CONFIG_TLS_1_2 }, false },
    { "other version", { "ca.pem,other-ca.pem", "client.pem", "client.key", false, CONFIG_TLS_1_3 }, false },
};

START_TEST(tls_is_same_looks_at_everything)
{
    struct config_tls one, other;

    fixture_tls_open(&one, &pairs[0].other);
    fixture_tls_open(&other, &pairs[_i].other);
    unit_expect(tls_is_same(&one, &other) == pairs[_i].same, pairs[_i].name);
    unit_expect(tls_is_same(&other, &one) == pairs[_i].same, pairs[_i].name);
    fixture_tls_close(&one);
    fixture_tls_close(&other);
}
END_TEST

static const struct {
    const char *name;
    long verified;
    const char *error;
    const char *cure;
} failures[] = {
    { "unknown CA", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "", "root_ca has to name a file with the CA" },
    { "unknown CA in the chain", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "", "root_ca has to name a file with the CA" },
    { "self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "", "root_ca has to name a file with this" },
    { "expired", X509_V_ERR_CERT_HAS_EXPIRED, "", "needs a new certificate" },
    { "for later", X509_V_ERR_CERT_NOT_YET_VALID, "", "is for later" },
    { "other name", 1, "no alternative certificate subject name matches target host name 'a'", "the host in the URL" },
    { "needs a certificate", 0, "SSL routines::tlsv13 alert certificate required, errno 0", "set cert and key" },
    { "may need a certificate", 0, "SSL routines::sslv3 alert handshake failure", "see cert and key" },
    { "wrong client certificate", 0, "SSL routines::tlsv1 alert unknown ca", "client certificate of cert" },
    { "old versions only", 0, "SSL routines::tlsv1 alert protocol version", "min_version" },
    { "no TLS", 0, "SSL routines::wrong version number", "there is no TLS at that port" },
};

START_TEST(tls_cure_names_the_key_and_never_skips)
{
    const char *cure = tls_cure(failures[_i].verified, failures[_i].error);

    unit_expect(strstr(cure, failures[_i].cure) != NULL, failures[_i].name);
    unit_expect(strstr(cure, "skip_verify") == NULL, failures[_i].name);
}
END_TEST

START_TEST(tls_cure_of_another_failure_is_empty)
{
    ck_assert_str_eq(tls_cure(0, "Recv failure: Connection reset by peer"), "");
    ck_assert_str_eq(tls_cure(0, ""), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls");

    fixture_add_certs(suite, "tls_profile_new", (const TTest *const[]){ tls_profile_is_read_or_the_file_is_named,
                                                                        NULL },
                      UNIT_ROWS(rows));
    fixture_add(suite, "tls_reasons",
                (const TTest *const[]){ tls_missing_file_is_told_with_its_error,
                                        tls_system_bundle_may_be_named_by_the_environment, NULL });
    unit_add_loop(suite, "tls_is_same", tls_is_same_looks_at_everything, UNIT_ROWS(pairs));
    unit_add_loop(suite, "tls_cure", tls_cure_names_the_key_and_never_skips, UNIT_ROWS(failures));
    fixture_add(suite, "tls_cure_of_others", (const TTest *const[]){ tls_cure_of_another_failure_is_empty, NULL });
    return unit_run(suite);
}
