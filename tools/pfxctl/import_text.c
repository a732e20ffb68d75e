#include "import.h"

#include "import_write.h"
#include "mem.h"

static const char *const known[] = { "server", "socket_maps", "policy_services", "dovecot_sasl" };

static void set_out(struct import *im, enum import_part part)
{
    im->out = &im->parts[part];
}

/* Keys of the top level that are no section. */
static void tell_unknown(struct import *im)
{
    static const struct import_key keys[] = {
        { "server", 1, NULL, NULL },
        { "socket_maps", 1, NULL, NULL },
        { "policy_services", 1, NULL, NULL },
        { "dovecot_sasl", 1, NULL, NULL },
    };

    import_value_members(im, im->root, keys, sizeof(keys) / sizeof(keys[0]), 1);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct yamldoc_member *member = yamldoc_find(im->root, keys[i].name);
        if (member != NULL)
            import_value_map(im, member);
    }
}

static void write_cfg(struct import *im)
{
    set_out(im, IMPORT_CFG);
    import_out_comment(im, "pfx.cfg, see pfx.cfg(5), made by \"pfxctl import\" of %s. It may hold secrets: only root "
                           "should be able to read it.", im->source);
    import_out_blank(im);
    tell_unknown(im);
    import_server_write(im);
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        import_section_write(im, id);
}

static void write_lines(struct import *im)
{
    set_out(im, IMPORT_MASTER);
    import_out_comment(im, "Lines to add to master.cf, made by \"pfxctl import\" of %s.", im->source);
    import_listen_write(im);
    set_out(im, IMPORT_MAIN);
    import_out_comment(im, "Lines to add to main.cf, made by \"pfxctl import\" of %s. Those with a # need somebody who "
                           "knows what they are for.", im->source);
    import_main_write(im);
}

static bool is_of_pfxhttp(const struct yamldoc_node *root)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (yamldoc_find(root, known[i]) != NULL)
            return true;
    return false;
}

static void free_services(struct import *im)
{
    for (size_t i = 0; i < im->service_count; i++) {
        mem_free(im->services[i].path);
        mem_free(im->services[i].entry);
        mem_free(im->services[i].old);
    }
    mem_free(im->services);
}

static bool write_parts(struct import *im)
{
    const struct yamldoc_member *server = yamldoc_find(im->root, "server");

    im->server = server != NULL && server->value->kind == YAMLDOC_MAP ? server->value : NULL;
    import_names_make(im);
    write_cfg(im);
    write_lines(im);
    if (!im->is_full)
        import_check(im);
    import_names_free(im);
    free_services(im);
    return !im->is_full;
}

bool import_text(const char *source, struct span text, FILE *log, struct buf parts[IMPORT_PARTS])
{
    struct import im = { .source = source, .log = log, .parts = parts };
    char *error;
    bool ok = false;

    for (size_t i = 0; i < IMPORT_PARTS; i++) {
        buf_init(&parts[i], IMPORT_PART_MAX_BYTES);
        parts[i].secret = true;
    }
    struct yamldoc *doc = yamldoc_parse(text, &error);
    if (doc == NULL) {
        fprintf(log, "pfxctl: %s:%s\n", source, error);
        mem_free(error);
        return false;
    }
    im.root = yamldoc_root(doc);
    if (!is_of_pfxhttp(im.root))
        fprintf(log, "pfxctl: %s:%u:1: has none of server, socket_maps, policy_services and dovecot_sasl: no "
                "configuration of pfxhttp\n", source, im.root->line);
    else if (!(ok = write_parts(&im)))
        fprintf(log, "pfxctl: %s: would become larger than 16M\n", source);
    yamldoc_free(&doc);
    return ok;
}

void import_free_parts(struct buf parts[IMPORT_PARTS])
{
    for (size_t i = 0; i < IMPORT_PARTS; i++)
        buf_free(&parts[i]);
}
