#include "question.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define NETSTRING_MAX_BYTES 256

static bool ends_with(const char *text, size_t n, const char *end)
{
    size_t m = strlen(end);
    return n >= m && memcmp(text + n - m, end, m) == 0;
}

static bool begins_with(const char *text, size_t n, const char *begin)
{
    size_t m = strlen(begin);
    return n >= m && memcmp(text, begin, m) == 0;
}

static size_t ask_socketmap(char text[QUESTION_MAX_BYTES], const char *map, uint64_t key, uint64_t number)
{
    char inner[NETSTRING_MAX_BYTES];
    (void)number;

    int n = snprintf(inner, sizeof(inner), "%s user%" PRIu64 "@example.com", map, key);
    return (size_t)snprintf(text, QUESTION_MAX_BYTES, "%d:%s,", n, inner);
}

static enum question_reply socketmap_answered(const char *reply, size_t n)
{
    static const char right[] = "9:OK " QUESTION_VALUE ",";

    if (!ends_with(reply, n, ","))
        return QUESTION_MORE;
    return n == strlen(right) && begins_with(reply, n, right) ? QUESTION_RIGHT : QUESTION_WRONG;
}

/* A netstring echo server gives the question back. */
static enum question_reply echo_answered(const char *reply, size_t n)
{
    return ends_with(reply, n, ",") ? QUESTION_RIGHT : QUESTION_MORE;
}

/* What smtpd(8) of Postfix 3.7 sends at RCPT. */
static size_t ask_policy(char text[QUESTION_MAX_BYTES], const char *map, uint64_t key, uint64_t number)
{
    (void)map;
    return (size_t)snprintf(text, QUESTION_MAX_BYTES,
                            "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
                            "client_address=192.0.2.25\nclient_name=mail.example.net\nclient_port=54321\n"
                            "reverse_client_name=mail.example.net\nserver_address=192.0.2.1\nserver_port=25\n"
                            "helo_name=mail.example.net\nsender=someone@example.net\n"
                            "recipient=user%" PRIu64 "@example.com\nrecipient_count=0\nqueue_id=\n"
                            "instance=1a2b.6740a1b2.%" PRIx64 ".0\nsize=12345\netrn_domain=\nstress=\nsasl_method=\n"
                            "sasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\n"
                            "ccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
                            "encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=\n\n",
                            key, number);
}

static enum question_reply policy_answered(const char *reply, size_t n)
{
    static const char right[] = "action=" QUESTION_ACTION "\n\n";

    if (!ends_with(reply, n, "\n\n"))
        return QUESTION_MORE;
    return n == strlen(right) && begins_with(reply, n, right) ? QUESTION_RIGHT : QUESTION_WRONG;
}

static size_t begin_sasl(char text[QUESTION_MAX_BYTES])
{
    return (size_t)snprintf(text, QUESTION_MAX_BYTES, "VERSION\t1\t0\nCPID\t%d\n", 4711);
}

static enum question_reply sasl_begun(const char *reply, size_t n)
{
    return ends_with(reply, n, "DONE\n") ? QUESTION_RIGHT : QUESTION_MORE;
}

static size_t ask_sasl(char text[QUESTION_MAX_BYTES], const char *map, uint64_t key, uint64_t number)
{
    char plain[NETSTRING_MAX_BYTES], coded[2 * NETSTRING_MAX_BYTES];
    (void)map;

    int n = snprintf(plain, sizeof(plain), "%cuser%" PRIu64 "@example.com%cpassword", '\0', key, '\0');
    EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)plain, n);
    return (size_t)snprintf(text, QUESTION_MAX_BYTES,
                            "AUTH\t%" PRIu64 "\tPLAIN\tservice=smtp\tnologin\tlip=192.0.2.1\trip=192.0.2.25\t"
                            "secured\tresp=%s\n",
                            number % UINT32_MAX + 1, coded);
}

static enum question_reply sasl_answered(const char *reply, size_t n)
{
    if (!ends_with(reply, n, "\n"))
        return QUESTION_MORE;
    return begins_with(reply, n, "OK\t") ? QUESTION_RIGHT : QUESTION_WRONG;
}

static const struct question_protocol protocols[] = {
    { "socketmap", NULL, NULL, ask_socketmap, socketmap_answered },
    { "echo", NULL, NULL, ask_socketmap, echo_answered },
    { "policy", NULL, NULL, ask_policy, policy_answered },
    { "sasl", begin_sasl, sasl_begun, ask_sasl, sasl_answered },
};

const struct question_protocol *question_protocol(const char *name)
{
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
        if (strcmp(protocols[i].name, name) == 0)
            return &protocols[i];
    return NULL;
}
