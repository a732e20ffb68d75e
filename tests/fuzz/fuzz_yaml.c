/*
 * A configuration of pfxhttp, which pfxctl imports: what it makes of it is a text that libconfig reads.
 */
#include "fuzz.h"

#include "../../tools/pfxctl/import.h"

#include "../../tools/pfxctl/yamldoc.h"
#include "config_file.h"
#include "mem.h"

static void check_parts(struct buf parts[IMPORT_PARTS])
{
    char *error = NULL;
    struct config_file *file = config_file_parse_text("pfx.cfg", buf_span(&parts[IMPORT_CFG]), &error);

    if (file == NULL)
        fprintf(stderr, "%s in:\n%s\n", error, buf_text(&parts[IMPORT_CFG]));
    FUZZ_HOLDS(file != NULL);
    config_file_free(&file);
    for (int i = 0; i < IMPORT_PARTS; i++)
        FUZZ_HOLDS(span_find(buf_span(&parts[i]), '\0') == parts[i].n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    struct buf parts[IMPORT_PARTS];
    static FILE *log;
    char *error = NULL;
    struct yamldoc *doc = yamldoc_parse(in, &error);

    FUZZ_HOLDS((doc == NULL) == (error != NULL));
    yamldoc_free(&doc);
    mem_free(error);
    if (log == NULL)
        log = fopen("/dev/null", "w");
    FUZZ_HOLDS(log != NULL);
    if (import_text("pfxhttp.yml", in, log, parts))
        check_parts(parts);
    import_free_parts(parts);
    return 0;
}
