#include "import_write.h"

#include <search.h>
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

/* Those of a section that are taken, for tsearch(3). */
struct name {
    char *text;
    unsigned next; /* the number to try behind it; of alike names all before it are taken */
};

static int compare(const void *left, const void *right)
{
    const struct name *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static struct name *find(void *const *taken, char *text)
{
    struct name **found = tfind(&(struct name){ .text = text }, taken, compare);
    return found == NULL ? NULL : *found;
}

static void take(void **taken, const char *text)
{
    struct name *name = mem_alloc(sizeof(*name));

    *name = (struct name){ .text = mem_string(text), .next = 2 };
    tsearch(name, taken, compare);
}

static void free_name(void *node)
{
    struct name *name = node;

    mem_free(name->text);
    mem_free(name);
}

/* With a number behind it when another one has that name. */
static char *make_unique(void **taken, const char *name)
{
    char *base = make_name(name);
    char *made = mem_string(base);
    struct name *first = find(taken, base);

    while (first != NULL && find(taken, made) != NULL) {
        mem_free(made);
        made = mem_format("%s_%u", base, first->next++);
    }
    take(taken, made);
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

        void *taken = NULL;
        take(&taken, defaults_name);
        im->names[id] = mem_array(count + 1, sizeof(char *));
        for (size_t i = 0; i < count; i++)
            if (import_names_is_entry(&section->members[i]))
                im->names[id][i] = make_unique(&taken, section->members[i].name);
        tdestroy(taken, free_name);
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
