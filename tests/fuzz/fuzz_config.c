/*
 * A configuration file, as all daemons and pfxctl read it. It may not include others: those would not be the input's.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "../../tools/pfxctl/check_syntax.h"
#include "config.h"
#include "config_file.h"
#include "mem.h"

/* When it finds a mistake, libconfig loses the string that it was reading. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static void check_entry(const struct config_entry *entry, bool has_problem)
{
    FUZZ_HOLDS(entry->name != NULL && entry->where != NULL);
    FUZZ_HOLDS(entry->error == NULL || has_problem);
    if (entry->error != NULL)
        return;
    FUZZ_HOLDS(entry->target_count > 0 || entry->sasl_oidc != NULL);
    FUZZ_HOLDS(entry->target_count <= CONFIG_TARGETS_MAX && entry->method != NULL);
    for (size_t i = 0; i < entry->target_count; i++) {
        FUZZ_HOLDS(entry->targets[i].host != NULL && entry->targets[i].origin != NULL);
        FUZZ_HOLDS(entry->targets[i].port > 0 && entry->targets[i].port <= UINT16_MAX);
    }
}

static void check_sections(const struct config *config, bool has_problem)
{
    for (int id = 0; id < CONFIG_SECTIONS; id++) {
        const struct config_section *section = &config->section[id];
        for (size_t i = 0; i < section->count; i++) {
            check_entry(&section->entries[i], has_problem);
            FUZZ_HOLDS(i == 0 || strcmp(section->entries[i - 1].name, section->entries[i].name) <= 0);
        }
    }
}

/* false: it only warns. */
static bool has_error(const struct config *config)
{
    bool has = false;

    for (size_t i = 0; i < config->problem_count; i++) {
        FUZZ_HOLDS(config->problems[i].text[0] != '\0');
        has = has || config->problems[i].is_error;
    }
    return has;
}

/* What pfxctl tells of a text that libconfig does not take. */
static void check_cure(struct span text)
{
    struct check_syntax_fault fault;
    char *error = NULL;
    struct config_file *file = config_file_parse_text("pfx.cfg", text, &error);

    FUZZ_HOLDS((file == NULL) == (error != NULL));
    if (check_syntax(text, &fault))
        FUZZ_HOLDS(fault.line > 0 && fault.column > 0 && fault.cure != NULL);
    config_file_free(&file);
    mem_free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("pfx.cfg", MFD_CLOEXEC);
    if (memmem(data, size, "@include", 8) != NULL)
        return 0;
    FUZZ_HOLDS(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    check_cure(span_make((const char *)data, size));
    char *path = mem_format("/proc/self/fd/%d", fd);
    bool is_tool = size % 2 == 0;
    struct config *config = is_tool ? config_load_all(path, false) : config_load(path, CONFIG_DOVECOT_SASL);
    FUZZ_HOLDS(config->error == NULL || has_error(config));
    check_sections(config, is_tool ? has_error(config) : config->problem_count > 0);
    config_free(&config);
    mem_free(path);
    return 0;
}
