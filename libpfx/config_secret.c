#include "config_secret.h"

#include <string.h>

#include "base64.h"
#include "buf.h"
#include "config_file.h"
#include "config_memory.h"
#include "mem.h"

static const char basic_scheme[] = "Basic ";
static const char bearer_scheme[] = "Bearer ";
static const char pem_begin[] = "-----BEGIN ";
static const char not_read[] = "not:read"; /* a good value of all kinds */

static bool read_file(struct config_reader *r, const config_setting_t *setting, struct buf *secret)
{
    const config_setting_t *name = config_setting_get_elem(setting, 0);
    bool is_only = config_setting_length(setting) == 1 && strcmp(config_setting_name(name), "file") == 0;
    const char *path = is_only ? config_setting_get_string(name) : NULL;
    const char *why;

    if (path == NULL || path[0] != '/') {
        config_reader_error(r, setting, "must be a string, or { file = \"/path\"; }");
        return false;
    }
    if (r->foreign)
        return false;
    if (r->without_secrets)
        return buf_add(secret, span_text(not_read));
    if (!config_file_read(path, secret, &why)) {
        config_reader_error(r, name, "%s: %s", path, why);
        return false;
    }
    if (secret->n > 0 && secret->p[secret->n - 1] == '\n')
        secret->n--;
    return true;
}

static bool read_string(const config_setting_t *setting, struct buf *secret)
{
    char *text = setting->value.sval;
    size_t n = text == NULL ? 0 : strlen(text);
    bool fits = buf_add(secret, span_make(text, n));

    mem_wipe(text, n);
    return fits;
}

static bool read_secret(struct config_reader *r, const config_setting_t *setting, struct buf *secret)
{
    if (config_setting_type(setting) == CONFIG_TYPE_GROUP)
        return read_file(r, setting, secret);
    if (config_setting_type(setting) == CONFIG_TYPE_STRING && read_string(setting, secret))
        return true;
    config_reader_error(r, setting, "must be a string of at most %ld bytes, or { file = \"/path\"; }",
                        CONFIG_SECRET_MAX_BYTES);
    return false;
}

static const char *check_secret(struct span secret, enum config_type type)
{
    if (secret.n == 0)
        return "is empty";
    for (size_t i = 0; i < secret.n; i++) {
        unsigned char c = (unsigned char)secret.p[i];
        if (c < ' ' || c == 0x7f)
            return "holds a control character, or more than one line";
        if (type == CONFIG_KEY_BEARER && (c == ' ' || c > 0x7e))
            return "holds a character that no token has";
    }
    bool lacks_colon = type == CONFIG_KEY_BASIC && span_find(secret, ':') == secret.n;
    return lacks_colon ? "must be \"user:password\": there is no colon" : NULL;
}

/* What is wrong with it; of a file its path, too. */
static void complain(struct config_reader *r, const config_setting_t *setting, const char *why)
{
    if (config_setting_type(setting) == CONFIG_TYPE_GROUP)
        config_reader_error(r, setting, "%s: %s", config_setting_get_string(config_setting_get_elem(setting, 0)), why);
    else
        config_reader_error(r, setting, "%s", why);
}

static char *make_basic(struct config_memory *memory, struct span secret)
{
    const size_t scheme = sizeof(basic_scheme) - 1;
    size_t n = base64_encode(NULL, 0, secret);
    char *encoded = mem_alloc(scheme + n);

    memcpy(encoded, basic_scheme, scheme);
    base64_encode(encoded + scheme, n, secret);
    char *value = config_memory_text(memory, span_make(encoded, scheme + n));
    mem_wipe(encoded, scheme + n);
    mem_free(encoded);
    return value;
}

static char *make_bearer(struct config_memory *memory, struct span secret)
{
    char *text = mem_format("%s%.*s", bearer_scheme, (int)secret.n, secret.p);
    char *value = config_memory_text(memory, span_text(text));

    mem_wipe(text, strlen(text));
    mem_free(text);
    return value;
}

static char *make_value(struct config_memory *memory, struct span secret, enum config_type type)
{
    switch (type) {
    case CONFIG_KEY_BASIC:
        return make_basic(memory, secret);
    case CONFIG_KEY_BEARER:
        return make_bearer(memory, secret);
    default:
        return config_memory_text(memory, secret);
    }
}

char *config_secret_read(struct config_reader *r, const config_setting_t *setting, enum config_type type)
{
    struct buf secret;
    char *value = NULL;

    buf_init(&secret, CONFIG_SECRET_MAX_BYTES);
    secret.secret = true;
    if (read_secret(r, setting, &secret)) {
        const char *why = check_secret(buf_span(&secret), type);
        if (why != NULL)
            complain(r, setting, why);
        else if (!r->foreign)
            value = make_value(r->config->memory, buf_span(&secret), type);
    }
    buf_free(&secret);
    return value;
}

static const char *check_key(struct span pem)
{
    bool is_pem = pem.n > 0 && memmem(pem.p, pem.n, pem_begin, sizeof(pem_begin) - 1) != NULL;
    return is_pem && span_find(pem, '\0') == pem.n ? NULL : "is no PEM file";
}

char *config_secret_key(struct config_reader *r, const config_setting_t *setting, const char *path)
{
    struct buf pem;
    const char *why = NULL;
    char *value = NULL;

    if (r->foreign)
        return NULL;
    if (r->without_secrets)
        return config_memory_text(r->config->memory, span_text(not_read));
    buf_init(&pem, CONFIG_SECRET_MAX_BYTES);
    pem.secret = true;
    if (config_file_read(path, &pem, &why))
        why = check_key(buf_span(&pem));
    if (why != NULL)
        config_reader_error(r, setting, "%s: %s", path, why);
    else
        value = config_memory_text(r->config->memory, buf_span(&pem));
    buf_free(&pem);
    return value;
}
