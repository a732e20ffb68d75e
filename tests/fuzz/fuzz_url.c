/*
 * A URL as an OpenID provider publishes it, taken apart; against libcurl, which will be given what was made of it: both
 * must mean the same host and port, as pfx looks the host up and decides about TLS.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "config_target.h"
#include "mem.h"

/* libcurl writes "127.1" as what look-ups take it for. */
static char *host_of(const struct config_target *target)
{
    struct in_addr ipv4;

    return mem_string(inet_aton(target->host, &ipv4) != 0 ? inet_ntoa(ipv4) : target->host);
}

/* An IPv6 address can be written in many ways. */
static void check_ipv6(CURLU *theirs, const char *ours)
{
    struct in6_addr a, b;
    char *text = NULL;

    FUZZ_HOLDS(curl_url_get(theirs, CURLUPART_HOST, &text, 0) == CURLUE_OK && text[0] == '[');
    text[strcspn(text, "]")] = '\0';
    FUZZ_HOLDS(inet_pton(AF_INET6, text + 1, &a) == 1 && inet_pton(AF_INET6, ours, &b) == 1);
    FUZZ_HOLDS(memcmp(&a, &b, sizeof(a)) == 0);
    curl_free(text);
}

static void check_part(CURLU *theirs, CURLUPart part, unsigned flags, const char *ours)
{
    char *text = NULL;

    FUZZ_HOLDS(curl_url_get(theirs, part, &text, flags) == CURLUE_OK);
    if (strcmp(text, ours) != 0)
        fprintf(stderr, "libcurl has \"%s\", we \"%s\"\n", text, ours);
    FUZZ_HOLDS(strcmp(text, ours) == 0);
    curl_free(text);
}

static void compare(const struct config_target *target)
{
    char *host = host_of(target);
    char *port = mem_format("%u", target->port);
    CURLU *theirs = curl_url();

    FUZZ_HOLDS(curl_url_set(theirs, CURLUPART_URL, target->url.text, 0) == CURLUE_OK);
    check_part(theirs, CURLUPART_SCHEME, 0, target->tls ? "https" : "http");
    check_part(theirs, CURLUPART_PORT, CURLU_DEFAULT_PORT, port);
    if (strchr(host, ':') != NULL)
        check_ipv6(theirs, host);
    else
        check_part(theirs, CURLUPART_HOST, 0, host);
    FUZZ_HOLDS(curl_url_get(theirs, CURLUPART_USER, &(char *){ NULL }, 0) == CURLUE_NO_USER);
    curl_url_cleanup(theirs);
    mem_free(port);
    mem_free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_memory *memory = config_memory_new();
    struct config_target target, again;
    const char *why = NULL;

    if (config_target_of_url(span_make((const char *)data, size), memory, &target, &why)) {
        FUZZ_HOLDS(target.port > 0 && target.port <= UINT16_MAX && target.host[0] != '\0');
        compare(&target);
        FUZZ_HOLDS(config_target_of_url(span_text(target.url.text), memory, &again, &why));
        FUZZ_HOLDS(strcmp(target.url.text, again.url.text) == 0 && strcmp(target.host, again.host) == 0);
    } else {
        FUZZ_HOLDS(why != NULL);
    }
    config_memory_free(&memory);
    return 0;
}
