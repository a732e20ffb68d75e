#include "import_write.h"

#include <string.h>
#include <strings.h>

#include "mem.h"

static const char defaults_name[] = "defaults";

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || c == '*';
}

static bool is_of_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* In lower case, as pfxhttp knows it; a letter first, and no dots. */
static char *make_name(const char *name)
{
    char *made = mem_format("%s%s", is_letter(span_lower(*name)) ? "" : "n", name);

    for (char *c = made; *c != '\0'; c++)
        *c = is_of_name(span_lower(*c)) ? span_lower(*c) : '_';
    return made;
}

static bool is_taken(char *const *names, size_t count, const char *name)
{
    if (strcmp(name, defaults_name) == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        if (names[i] != NULL && strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* With a number behind it when another one has that name. */
static char *make_unique(char *const *names, size_t count, const char *name)
{
    char *base = make_name(name);
    char *made = mem_string(base);

    for (unsigned i = 2; is_taken(names, count, made); i++) {
        mem_free(made);
        made = mem_format("%s_%u", base, i);
    }
    mem_free(base);
    return made;
}

bool import_names_is_entry(const struct yamldoc_member *member)
{
    return strcasecmp(member->name, defaults_name) != 0;
}

const struct yamldoc_node *import_names_section(const struct import *im, enum config_section_id id)
{
    const struct yamldoc_member *section = yamldoc_find(im->root, config_section_name(id));
    return section != NULL && section->value->kind == YAMLDOC_MAP ? section->value : NULL;
}

void import_names_make(struct import *im)
{
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++) {
        const struct yamldoc_node *section = import_names_section(im, id);
        size_t count = section == NULL ? 0 : section->count;

        im->names[id] = mem_array(count + 1, sizeof(char *));
        for (size_t i = 0; i < count; i++)
            if (import_names_is_entry(&section->members[i]))
                im->names[id][i] = make_unique(im->names[id], i, section->members[i].name);
    }
}

void import_names_free(struct import *im)
{
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++) {
        const struct yamldoc_node *section = import_names_section(im, id);
        for (size_t i = 0; section != NULL && i < section->count; i++)
            mem_free(im->names[id][i]);
        mem_free(im->names[id]);
    }
}

const char *import_names_find(const struct import *im, enum config_section_id id, const char *name)
{
    const struct yamldoc_node *section = import_names_section(im, id);

    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (strcasecmp(section->members[i].name, name) == 0)
            return im->names[id][i];
    return NULL;
}
