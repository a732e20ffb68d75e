#include "import_write.h"

#include <errno.h>
#include <string.h>

#include "mem.h"
#include "textfile.h"

static const char more_mistakes[] = " more mistakes)";

/* The daemon of a section says little about the others. */
static bool is_of_others(const char *text)
{
    size_t n = strlen(text), end = sizeof(more_mistakes) - 1;
    return n > end && strcmp(text + n - end, more_mistakes) == 0;
}

static void tell_problems(struct import *im, const char *path, const struct config *config, struct config_strings *told)
{
    for (size_t i = 0; i < config->problem_count; i++) {
        const char *text = config->problems[i].text;
        if (is_of_others(text) || config_has_string(told, span_text(text)))
            continue;
        told->item = mem_resize(told->item, (told->count + 1) * sizeof(*told->item));
        told->item[told->count++] = mem_string(text);
        bool has_path = strncmp(text, path, strlen(path)) == 0;
        const char *rest = has_path ? text + strlen(path) : text;
        fprintf(im->log, "pfxctl: warning: pfx.cfg%s%s\n", has_path ? "" : ": ", rest);
    }
}

static void load(struct import *im, const char *path)
{
    struct config_strings told = { NULL, 0 };

    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++) {
        struct config *config = config_load(path, id);
        tell_problems(im, path, config, &told);
        config_free(&config);
    }
    for (size_t i = 0; i < told.count; i++)
        mem_free(told.item[i]);
    mem_free(told.item);
}

void import_check(struct import *im)
{
    struct textfile file;

    if (textfile_open(&file, buf_span(&im->parts[IMPORT_CFG])))
        load(im, file.path);
    else
        fprintf(im->log, "pfxctl: warning: pfx.cfg was not checked: %s\n", strerror(errno));
    textfile_close(&file);
}
