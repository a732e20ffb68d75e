#include "kind.h"

#include <string.h>

static const char *const names[CONFIG_SECTIONS] = {
    [CONFIG_SOCKET_MAPS] = "map",
    [CONFIG_POLICY_SERVICES] = "policy",
    [CONFIG_DOVECOT_SASL] = "sasl",
};

const char *kind_name(enum config_section_id section)
{
    return names[section];
}

const char *kind_cut(const char *text, enum config_section_id *section)
{
    for (*section = 0; *section < CONFIG_SECTIONS; (*section)++) {
        size_t n = strlen(names[*section]);
        if (strncmp(text, names[*section], n) == 0 && text[n] == ':')
            return text + n + 1;
    }
    return text;
}
