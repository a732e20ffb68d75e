#include "config_word.h"

#include "buf.h"
#include "mem.h"

#define WORDS_MAX 8
#define LIST_MAX_BYTES 256

static const char *const words[][WORDS_MAX] = {
    [CONFIG_KEY_METHOD] = { "GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "REPORT" },
    [CONFIG_KEY_CONTENT_TYPE] = { "application/json", "application/x-www-form-urlencoded" },
    [CONFIG_KEY_LOG_LEVEL] = { "error", "warning", "info", "debug" },
    [CONFIG_KEY_LOG_FORMAT] = { "text", "json" },
    [CONFIG_KEY_SANDBOX] = { "off", "auto" },
    [CONFIG_KEY_IP_VERSION] = { "any", "4", "6" },
    [CONFIG_KEY_TLS_VERSION] = { "1.0", "1.1", "1.2", "1.3" },
    [CONFIG_KEY_TARGET_ORDER] = { "listed", "random" },
    [CONFIG_KEY_ERROR_RESULT] = { "perm", "temp" },
    [CONFIG_KEY_AUTH_STYLE] = { "json", "basic", "form", "template" },
    [CONFIG_KEY_TEMPFAIL] = { "auto", "disconnect", "fail" },
    [CONFIG_KEY_OIDC_METHOD] = { "auto", "client_secret_basic", "client_secret_post", "private_key_jwt", "none" },
    [CONFIG_KEY_OIDC_ENCODING] = { "form", "raw" },
    [CONFIG_KEY_OIDC_VALIDATION] = { "introspection", "jwks", "auto" },
    [CONFIG_KEY_OIDC_CLAIMED] = { "match", "ignore" },
};

bool config_word_find(enum config_type type, struct span text, int *number)
{
    for (int i = 0; i < WORDS_MAX && words[type][i] != NULL; i++) {
        if (span_equal(text, span_text(words[type][i]))) {
            *number = i;
            return true;
        }
    }
    return false;
}

const char *config_word_text(enum config_type type, int number)
{
    return words[type][number];
}

char *config_word_list(enum config_type type)
{
    struct buf list;

    buf_init(&list, LIST_MAX_BYTES);
    for (size_t i = 0; i < WORDS_MAX && words[type][i] != NULL; i++) {
        bool is_last = i + 1 == WORDS_MAX || words[type][i + 1] == NULL;
        buf_format(&list, "%s\"%s\"", i == 0 ? "" : is_last ? " or " : ", ", words[type][i]);
    }
    char *copy = mem_copy(list.p, list.n);
    buf_free(&list);
    return copy;
}
