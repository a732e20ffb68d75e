#include "import_write.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "config_number.h"
#include "mem.h"

/* Places of keys. */
enum { BACKEND = 1, LOGIN = 2 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define TTL_MIN_MS 60000

static const char backend_name[] = "backend_oidc_auth";
static const char old_name[] = "oidc_auth"; /* before pfxhttp 1.2 */
static const char login_name[] = "sasl_oidc_auth";

static void take_text(struct import *im, const struct yamldoc_member *member)
{
    const char *text = import_value_text(im, member);
    char *name = mem_string(member->name);

    for (char *c = name; *c != '\0'; c++)
        *c = span_lower(*c);
    if (text != NULL)
        import_out_string(im, name, text);
    mem_free(name);
}

static void take_secret(struct import *im, const struct yamldoc_member *member)
{
    if (import_value_text(im, member) == NULL)
        return;
    import_section_secret(im, "client_secret");
    take_text(im, member);
}

/* Words between blanks and commas. */
static void add_words(struct buf *b, const char *text)
{
    for (size_t n; *text != '\0'; text += n) {
        text += strspn(text, " \t\r\n,");
        n = strcspn(text, " \t\r\n,");
        char *word = mem_copy(text, n);
        if (n > 0)
            buf_add(b, b->n == 0 ? SPAN(" ") : SPAN(", "));
        if (n > 0)
            import_out_quote(b, word);
        mem_free(word);
    }
}

static void take_scopes(struct import *im, const struct yamldoc_member *member)
{
    const struct yamldoc_node *list = member->value;
    struct buf words;

    buf_init(&words, IMPORT_PART_MAX_BYTES);
    if (list->kind == YAMLDOC_SCALAR)
        add_words(&words, list->text);
    for (size_t i = 0; i < list->count; i++)
        if (list->kind == YAMLDOC_LIST && list->members[i].value->kind == YAMLDOC_SCALAR)
            add_words(&words, list->members[i].value->text);
    if (words.n > 0)
        import_out_line(im, "scopes = [%.*s ];", (int)words.n, words.p);
    buf_free(&words);
}

static void take_ttl(struct import *im, const struct yamldoc_member *member)
{
    char text[CONFIG_NUMBER_TEXT_BYTES];
    int64_t ms;

    if (!import_value_time(im, member, &ms) || ms == 0)
        return;
    config_number_format(text, CONFIG_UNIT_TIME, ms < TTL_MIN_MS ? TTL_MIN_MS : ms);
    import_out_string(im, "jwks_cache_ttl", text);
}

static const char not_here[] = "does not count here; left out";

static const struct import_key keys[] = {
    { "enabled", BACKEND | LOGIN, NULL, NULL },
    { "configuration_uri", BACKEND | LOGIN, take_text, NULL },
    { "client_id", BACKEND | LOGIN, take_text, NULL },
    { "client_secret", BACKEND | LOGIN, take_secret, NULL },
    { "private_key_file", BACKEND | LOGIN, take_text, NULL },
    { "scopes", BACKEND | LOGIN, take_scopes, NULL },
    { "auth_method", BACKEND | LOGIN, NULL, NULL },
    { "validation", LOGIN, take_text, NULL },
    { "jwks_cache_ttl", LOGIN, take_ttl, NULL },
    { "account_claim", LOGIN, take_text, NULL },
    { "validation", BACKEND, NULL, not_here },
    { "jwks_cache_ttl", BACKEND, NULL, not_here },
    { "account_claim", BACKEND, NULL, not_here },
};

static const struct yamldoc_member *find_backend(const struct yamldoc_node *entry)
{
    const struct yamldoc_member *group = yamldoc_find(entry, backend_name);
    return group != NULL ? group : yamldoc_find(entry, old_name);
}

bool import_oidc_is_enabled(const struct yamldoc_node *entry)
{
    const struct yamldoc_member *group = find_backend(entry);
    return group != NULL && import_value_is_true(group->value, "enabled");
}

/* pfxhttp takes the key when there are key and password; pfx wants to be told. */
static void write_method(struct import *im, const struct yamldoc_node *group)
{
    const char *method = import_value_find(group, "auth_method");
    bool has_key = import_value_find(group, "private_key_file") != NULL;
    bool has_both = has_key && import_value_find(group, "client_secret") != NULL;

    if (method != NULL && strcmp(method, "auto") != 0)
        import_out_string(im, "auth_method", method);
    else if (has_both)
        import_out_string(im, "auth_method", "private_key_jwt");
}

static bool is_odd(const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && strchr("-._~", *text) == NULL)
            return true;
    return false;
}

static void write_encoding(struct import *im, const struct yamldoc_node *group)
{
    if (!is_odd(import_value_find(group, "client_id")) && !is_odd(import_value_find(group, "client_secret")))
        return;
    import_out_comment(im, "pfxhttp sends id and password as they stand. RFC 6749 wants \"form\", the default.");
    import_out_line(im, "basic_encoding = \"raw\";");
}

/* A group of an entry stands for the whole one of the defaults in pfxhttp; in pfx key by key. */
static void check_inherited(struct import *im, const struct yamldoc_member *member, const struct yamldoc_member *above)
{
    if (im->entry == im->defaults || above == NULL || !import_value_is_true(above->value, "enabled"))
        return;
    for (size_t i = 0; i < above->value->count; i++) {
        const struct yamldoc_member *key = &above->value->members[i];
        if (import_value_counts(key->value) && yamldoc_find(member->value, key->name) == NULL)
            import_out_note(im, member->line, key->name, "is inherited from defaults now: pfx merges both groups key "
                            "by key, pfxhttp takes the nearer one as a whole");
    }
}

/* Does the group count? pfxhttp cannot switch off what the defaults have. */
static bool takes_group(struct import *im, const struct yamldoc_member *member, const struct yamldoc_member *above)
{
    const struct yamldoc_node *group = import_value_map(im, member);

    if (group == NULL)
        return false;
    if (import_value_is_true(group, "enabled"))
        return true;
    bool inherits = im->entry != im->defaults && above != NULL && import_value_is_true(above->value, "enabled");
    if (inherits)
        import_out_note(im, member->line, member->name, "is not enabled, so that pfxhttp takes the one of defaults; "
                        "left out. With enabled = false; here, pfx does without.");
    else
        import_out_comment(im, "%s is not enabled; left out.", member->name);
    return false;
}

static void write_group(struct import *im, const struct yamldoc_member *member, const char *name, unsigned place)
{
    const struct yamldoc_node *group = member->value;

    im->path[2] = name;
    import_out_open(im, name);
    import_value_members(im, group, keys, COUNT(keys), place);
    write_method(im, group);
    write_encoding(im, group);
}

void import_oidc_write(struct import *im, const struct yamldoc_member *member)
{
    const struct yamldoc_member *above = find_backend(im->defaults);

    if (strcasecmp(member->name, old_name) == 0)
        import_out_note(im, member->line, old_name, "is called backend_oidc_auth now");
    if (!takes_group(im, member, above))
        return;
    write_group(im, member, backend_name, BACKEND);
    check_inherited(im, member, above);
    import_server_reach(im);
    import_out_close(im);
    im->path[2] = NULL;
}

void import_oidc_write_login(struct import *im, const struct yamldoc_member *member)
{
    const struct yamldoc_member *above = yamldoc_find(im->defaults, login_name);

    if (!takes_group(im, member, above))
        return;
    write_group(im, member, login_name, LOGIN);
    check_inherited(im, member, above);
    const char *validation = import_value_find(member->value, "validation");
    if (validation != NULL && strcmp(validation, "introspection") != 0) {
        import_out_note(im, member->line, "audience", "pfxhttp does not look whom a token is for. \"any\" does the "
                        "same; better is the audience of your mail service, as tokens for others are accepted else");
        import_out_line(im, "audience = \"any\";");
    }
    import_out_comment(im, "As pfxhttp, which takes the account of the token, whatever name the mail program gives. "
                           "With \"match\", the default, both must be the same.");
    import_out_line(im, "claimed_name = \"ignore\";");
    import_server_reach(im);
    import_out_close(im);
    im->path[2] = NULL;
}
