#include "http_header.h"

#include <curl/curl.h>
#include <string.h>

struct span http_header(const struct http_answer *answer, const char *name)
{
    struct curl_header *header;

    if (answer->failure != HTTP_ANSWERED || name[0] == '\0' ||
        curl_easy_header(answer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return span_make(NULL, 0);
    struct span value = span_text(header->value);
    while (value.n > 0 && strchr(" \t\r\n", value.p[value.n - 1]) != NULL) /* libcurl leaves a CR in an empty one */
        value.n--;
    return value;
}

size_t http_header_count(const struct http_answer *answer, const char *name)
{
    struct curl_header *header;

    if (http_header(answer, name).p == NULL)
        return 0;
    curl_easy_header(answer->easy, name, 0, CURLH_HEADER, -1, &header);
    return header->amount;
}
