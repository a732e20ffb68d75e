#include "import_write.h"

#include <string.h>

#include "config_host.h"
#include "mem.h"

enum { LISTEN = 1 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Where pfxhttp listens for Prometheus unless it is told. */
#define METRICS_ADDRESS "127.0.0.1"
#define METRICS_PORT "9464"

static const struct {
    const char *kind;
    const char *service;
    const char *command;
} kinds[CONFIG_SECTIONS] = {
    [CONFIG_SOCKET_MAPS] = { "socket_map", "pfx-socketmap", "pfx-socketmap" },
    [CONFIG_POLICY_SERVICES] = { "policy_service", "pfx-policy", "pfx-policyd" },
    [CONFIG_DOVECOT_SASL] = { "dovecot_sasl", "pfx-sasl", "pfx-saslbridge" },
};

/* A listener of the source. */
struct listener {
    unsigned line;
    enum config_section_id section;
    const char *name;  /* in pfx.cfg; NULL: any */
    const char *path;  /* of a UNIX socket, NULL: TCP */
    char *endpoint;    /* "ADDRESS:PORT" of TCP */
    const char *port;
};

static const char by_postfix[] = "has no counterpart: Postfix makes the socket, for its own processes; see private in "
                                 "master(5)";

static const struct import_key keys[] = {
    { "kind", LISTEN, NULL, NULL },
    { "name", LISTEN, NULL, NULL },
    { "type", LISTEN, NULL, NULL },
    { "address", LISTEN, NULL, NULL },
    { "port", LISTEN, NULL, NULL },
    { "mode", LISTEN, NULL, by_postfix },
    { "user", LISTEN, NULL, by_postfix },
    { "group", LISTEN, NULL, by_postfix },
    { "systemd_socket_name", LISTEN, NULL, "has no counterpart: Postfix makes the socket" },
    { "worker_pool", LISTEN, NULL, "has no counterpart: see workers and max_connections in pfx.cfg(5)" },
};

/* A word of master.cf or main.cf: nothing that ends a word there or begins a comment or a parameter. */
static char *make_word(const char *text)
{
    char *word = mem_string(text);

    for (char *c = word; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("#$,;{}\"\\", *c) != NULL)
            *c = '_';
    return word;
}

static void write_service(struct import *im, const char *mark, const char *service, const char *type, char private,
                          const char *command)
{
    import_out_line(im, "%s%-15s %-5s %c       -       n       -       1       %s", mark, service, type, private,
                    command);
}

static bool has_service(const struct import *im, const char *path)
{
    for (size_t i = 0; i < im->service_count; i++)
        if (strcmp(im->services[i].path, path) == 0)
            return true;
    return false;
}

/* The name of a socket in the queue directory of Postfix, when the path is one. */
static char *name_of_path(const char *path, char *private)
{
    static const char *const directories[] = { "/private/", "/public/" };

    for (size_t i = 0; i < COUNT(directories); i++) {
        const char *at = strstr(path, directories[i]);
        const char *name = at == NULL ? "" : at + strlen(directories[i]);
        if (*name == '\0' || *name == '.' || strpbrk(name, "/:") != NULL)
            continue;
        *private = i == 0 ? '-' : 'n';
        return make_word(name);
    }
    return NULL;
}

static char *make_path(char private, const char *service)
{
    return mem_format("%s/%s", private == 'n' ? "public" : "private", service);
}

/* The services of Postfix that have a socket of their own; another one of that name would take it from them. */
static bool is_of_postfix(const char *service)
{
    static const char *const names[] = {
        "anvil", "bounce", "cleanup", "defer", "discard", "dnsblog", "error", "flush", "lmtp", "local", "pickup",
        "postlog", "proxymap", "proxywrite", "qmgr", "relay", "retry", "rewrite", "scache", "showq", "smtp", "smtpd",
        "tlsmgr", "tlsproxy", "trace", "verify", "virtual",
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], service) == 0)
            return true;
    return false;
}

/* The service of a listener: the socket that it has, else one named after what it serves, else after that and entry. */
static char *choose_service(struct import *im, const struct listener *l, char *private)
{
    char *service = l->path == NULL ? NULL : name_of_path(l->path, private);
    char *path;

    if (service != NULL && !is_of_postfix(service))
        return service;
    if (service != NULL)
        import_out_note(im, l->line, "address", "%s is a service of Postfix itself; another name is used here",
                        service);
    mem_free(service);
    *private = '-';
    service = mem_string(kinds[l->section].service);
    path = make_path(*private, service);
    if (has_service(im, path) && l->name != NULL) {
        mem_free(service);
        service = mem_format("%s-%s", kinds[l->section].service, l->name);
    }
    mem_free(path);
    return service;
}

static void add_service(struct import *im, const struct listener *l, char *path)
{
    struct import_service service = { .section = l->section, .path = path };

    service.entry = mem_string(l->name);
    service.old = l->path != NULL ? mem_format("unix:%s", l->path) : mem_format("inet:HOST:%s", l->port);
    im->services = mem_grow(im->services, im->service_count, &im->service_room, sizeof(struct import_service));
    im->services[im->service_count++] = service;
}

static bool is_loopback(const char *endpoint)
{
    struct config_host host;
    const char *why;

    return config_host_parse(span_text(endpoint), &host, &why) && config_host_is_loopback(host.host);
}

/* master(8) ends when it cannot have an address, so nothing of this kind comes without somebody's consent. */
static void write_tcp(struct import *im, const struct listener *l, const char *command)
{
    char *endpoint = make_word(l->endpoint);

    if (!is_loopback(l->endpoint))
        import_out_note(im, l->line, "address", "others than this machine can ask here; the line for that is a "
                                                "comment, as the protocols know no password");
    import_out_comment(im, "Only for Postfix elsewhere. Postfix stops when it comes to this line while pfxhttp has the "
                           "port:");
    write_service(im, "#", endpoint, "inet", 'n', command);
    mem_free(endpoint);
}

static void write_listener(struct import *im, const struct listener *l)
{
    char private;
    char *command = l->name == NULL || l->section == CONFIG_SOCKET_MAPS
                        ? mem_string(kinds[l->section].command)
                        : mem_format("%s %s", kinds[l->section].command, l->name);
    char *service = choose_service(im, l, &private);
    char *path = make_path(private, service);

    if (has_service(im, path)) {
        import_out_comment(im, "%s above serves this one, too.", service);
        mem_free(path);
    } else {
        write_service(im, "", service, "unix", private, command);
        add_service(im, l, path);
    }
    if (l->path == NULL)
        write_tcp(im, l, command);
    mem_free(service);
    mem_free(command);
}

static void take_kind(struct import *im, const struct yamldoc_node *map, struct listener *l)
{
    const char *kind = import_value_find(map, "kind");

    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        if (kind != NULL && strcmp(kind, kinds[id].kind) == 0) {
            l->section = id;
            return;
        }
    l->section = CONFIG_SOCKET_MAPS;
    import_out_note(im, l->line, "kind", "must be socket_map, policy_service or dovecot_sasl; taken for a socket_map");
}

static bool has_entries(const struct import *im, enum config_section_id id, size_t *count)
{
    const struct yamldoc_node *section = import_names_section(im, id);

    *count = 0;
    for (size_t i = 0; section != NULL && i < section->count; i++)
        *count += import_names_is_entry(&section->members[i]);
    return *count > 0;
}

static void take_name(struct import *im, const struct yamldoc_node *map, struct listener *l)
{
    const char *name = import_value_find(map, "name");
    size_t count;

    l->name = name == NULL ? NULL : import_names_find(im, l->section, name);
    if (l->section == CONFIG_SOCKET_MAPS)
        l->name = NULL; /* each request names its map */
    else if (name == NULL && has_entries(im, l->section, &count) && count > 1)
        import_out_note(im, l->line, "name", "is missing, and %s has several entries", config_section_name(l->section));
    else if (name != NULL && l->name == NULL)
        import_out_note(im, l->line, "name", "is no entry of %s", config_section_name(l->section));
}

static void take_address(struct import *im, const struct yamldoc_node *map, struct listener *l)
{
    const char *type = import_value_find(map, "type");
    const char *address = import_value_find(map, "address");
    bool is_unix = type != NULL && strcmp(type, "unix") == 0;

    l->port = import_value_find(map, "port");
    l->port = l->port == NULL ? "PORT" : l->port;
    address = address == NULL ? "0.0.0.0" : address;
    l->path = is_unix ? address : NULL;
    if (!is_unix && (type == NULL || (strcmp(type, "tcp") != 0 && strcmp(type, "tcp6") != 0)))
        import_out_note(im, l->line, "type", "must be tcp, tcp6 or unix; taken for tcp");
    bool needs_brackets = strchr(address, ':') != NULL && address[0] != '[';
    l->endpoint = mem_format(needs_brackets ? "[%s]:%s" : "%s:%s", address, l->port);
}

static void write_item(struct import *im, const struct yamldoc_node *map, unsigned line)
{
    struct listener l = { .line = line };

    import_out_blank(im);
    if (map->kind != YAMLDOC_MAP) {
        import_out_note(im, line, "listen", "must be a list of maps; left out");
        return;
    }
    take_kind(im, map, &l);
    take_name(im, map, &l);
    take_address(im, map, &l);
    import_out_comment(im, "%s:%u: %s%s%s, %s", im->source, line, kinds[l.section].kind, l.name == NULL ? "" : " ",
                       l.name == NULL ? "" : l.name, l.path == NULL ? l.endpoint : l.path);
    import_value_members(im, map, keys, COUNT(keys), LISTEN);
    write_listener(im, &l);
    mem_free(l.endpoint);
}

static bool is_served(const struct import *im, enum config_section_id id, const char *name)
{
    for (size_t i = 0; i < im->service_count; i++) {
        const struct import_service *service = &im->services[i];
        if (service->section == id && (service->entry == NULL || strcmp(service->entry, name) == 0))
            return true;
    }
    return false;
}

static void tell_unserved(struct import *im, enum config_section_id id, const struct yamldoc_member *member,
                          const char *name)
{
    bool is_map = id == CONFIG_SOCKET_MAPS;
    char *service = mem_format("%s%s%s", kinds[id].service, is_map ? "" : "-", is_map ? "" : name);
    char *command = mem_format("%s%s%s", kinds[id].command, is_map ? "" : " ", is_map ? "" : name);

    import_out_blank(im);
    im->path[0] = is_map ? NULL : config_section_name(id);
    import_out_note(im, member->line, is_map ? config_section_name(id) : member->name, "served by no listener");
    write_service(im, "#", service, "unix", '-', command);
    im->path[0] = NULL;
    mem_free(command);
    mem_free(service);
}

/* Entries that pfxhttp never asks. One service would do for all maps. */
static void check_served(struct import *im, enum config_section_id id)
{
    const struct yamldoc_node *section = import_names_section(im, id);

    for (size_t i = 0; section != NULL && i < section->count; i++) {
        const char *name = im->names[id][i];
        if (name == NULL || is_served(im, id, name))
            continue;
        tell_unserved(im, id, &section->members[i], name);
        if (id == CONFIG_SOCKET_MAPS)
            return;
    }
}

static void write_metrics(struct import *im)
{
    const struct yamldoc_member *observability = yamldoc_find(im->server, "observability");
    const struct yamldoc_node *map = observability == NULL ? NULL : observability->value;
    const char *address = import_value_find(map, "prometheus_address");
    const char *port = import_value_find(map, "prometheus_port");

    if (!import_value_is_true(map, "prometheus_enabled"))
        return;
    char *text = mem_format("%s:%s", address == NULL ? METRICS_ADDRESS : address, port == NULL ? METRICS_PORT : port);
    char *endpoint = make_word(text);
    import_out_blank(im);
    import_out_comment(im, "For Prometheus. Postfix stops when it comes to this line while pfxhttp has the port:");
    write_service(im, "#", endpoint, "inet", 'n', "pfx-metrics");
    mem_free(endpoint);
    mem_free(text);
}

void import_listen_write(struct import *im)
{
    const struct yamldoc_member *listen = yamldoc_find(im->server, "listen");

    import_out_blank(im);
    import_out_comment(im, "service       type  private unpriv  chroot  wakeup  maxproc command + args");
    im->path[0] = "server";
    im->path[1] = "listen";
    if (listen != NULL && listen->value->kind == YAMLDOC_LIST)
        for (size_t i = 0; i < listen->value->count; i++)
            write_item(im, listen->value->members[i].value, listen->value->members[i].line);
    else if (listen != NULL && !yamldoc_is_null(listen->value)) /* before pfxhttp 1.0 there was one */
        write_item(im, listen->value, listen->line);
    im->path[0] = im->path[1] = NULL;
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        check_served(im, id);
    write_metrics(im);
}
