#include "config_hash.h"

#include <stdbool.h>
#include <string.h>

#include "span.h"

#define FNV_PRIME 0x100000001b3u

static bool may_be_secret(const config_setting_t *setting)
{
    static const char names[][sizeof("http_auth_bearer")] = { "http_auth_basic", "http_auth_bearer", "client_secret",
                                                              "proxy", "custom_headers" };
    const char *name = config_setting_name(setting);

    for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * FNV_PRIME;
    return hash;
}

/* With its NUL, so that "ab" "c" and "a" "bc" differ. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    return text == NULL ? hash : add_bytes(hash, text, strlen(text) + 1);
}

static uint64_t add_value(uint64_t hash, const config_setting_t *setting)
{
    long long number;
    double real;

    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        return add_text(hash, config_setting_get_string(setting));
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        number = config_setting_get_int64(setting);
        return add_bytes(hash, &number, sizeof(number));
    case CONFIG_TYPE_BOOL:
        number = config_setting_get_bool(setting);
        return add_bytes(hash, &number, sizeof(number));
    case CONFIG_TYPE_FLOAT:
        real = config_setting_get_float(setting);
        return add_bytes(hash, &real, sizeof(real));
    default:
        break;
    }
    for (int i = 0; i < config_setting_length(setting); i++)
        hash = config_hash_setting(hash, config_setting_get_elem(setting, (unsigned)i));
    return add_text(hash, "end");
}

uint64_t config_hash_setting(uint64_t hash, const config_setting_t *setting)
{
    int type = config_setting_type(setting);

    hash = add_text(hash, config_setting_name(setting));
    hash = add_bytes(hash, &type, sizeof(type));
    return may_be_secret(setting) ? hash : add_value(hash, setting);
}
