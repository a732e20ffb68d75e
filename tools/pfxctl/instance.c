#include "instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "postconf.h"

#define LEVEL_WITHOUT_CHROOT 1.0 /* of compatibility_level: from there on "-" is "n" */

enum { NAME, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, MAXPROC, COMMAND };

static const char blanks[] = " \t";

typedef void line_reader(struct instance *instance, char *line);

/* Calls a function for each line that postconf prints; NULL, or what is wrong. */
static const char *read_lines(struct instance *instance, const char *const *arguments, line_reader *read_line)
{
    struct postconf postconf;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    const char *why = postconf_start(&postconf, instance->config_directory, arguments);

    if (why != NULL)
        return why;
    while ((n = getline(&line, &room, postconf.output)) > 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        read_line(instance, line);
    }
    free(line);
    return postconf_end(&postconf) ? NULL : "postconf(1) complains: run postfix check";
}

static void add_parameter(struct instance *instance, char *where, const char *name, const char *value)
{
    instance->parameters = mem_grow(instance->parameters, instance->parameter_count, &instance->parameter_room,
                                    sizeof(*instance->parameters));
    instance->parameters[instance->parameter_count++] =
        (struct instance_parameter){ .where = where, .name = mem_string(name), .value = mem_string(value) };
}

/* Cuts "NAME = VALUE" at the sign; the value, or NULL. */
static char *cut_value(char *line)
{
    char *sign = strstr(line, " =");

    if (sign == NULL)
        return NULL;
    *sign = '\0';
    return sign + 2 + strspn(sign + 2, blanks);
}

static void read_main_line(struct instance *instance, char *line)
{
    char *value = cut_value(line);

    if (value != NULL)
        add_parameter(instance, mem_string("main.cf"), line, value);
}

static void read_option_line(struct instance *instance, char *line)
{
    char *value = cut_value(line);
    char *slash = value == NULL ? NULL : strrchr(line, '/');

    if (slash == NULL)
        return;
    *slash = '\0';
    add_parameter(instance, mem_format("master.cf: %s", line), slash + 1, value);
}

static void read_own_line(struct instance *instance, char *line)
{
    cut_value(line);
    for (size_t i = 0; i < instance->parameter_count; i++)
        if (strcmp(instance->parameters[i].name, line) == 0)
            instance->parameters[i].is_own = true;
}

/* Set or not: what the daemons go by. */
static void read_setting_line(struct instance *instance, char *line)
{
    const struct {
        const char *name;
        char **to;
    } settings[] = {
        { "queue_directory", &instance->queue_directory },
        { "daemon_directory", &instance->daemon_directory },
        { "mail_owner", &instance->mail_owner },
        { "virtual_transport", &instance->virtual_transport },
        { "proxy_read_maps", &instance->proxy_read_maps },
    };
    char *value = cut_value(line);

    if (value != NULL && strcmp(line, "compatibility_level") == 0)
        instance->chroots = strtod(value, NULL) < LEVEL_WITHOUT_CHROOT;
    for (size_t i = 0; value != NULL && i < sizeof(settings) / sizeof(settings[0]); i++)
        if (strcmp(line, settings[i].name) == 0 && *settings[i].to == NULL)
            *settings[i].to = mem_string(value);
}

/* Of "{ several words }" the words, as master(8) hands them over. */
static char *strip_braces(char *word, size_t n)
{
    if (n < 2 || word[0] != '{' || word[n - 1] != '}')
        return word;
    for (n--; n > 1 && strchr(blanks, word[n - 1]) != NULL; n--)
        ;
    word[n] = '\0';
    return word + 1 + strspn(word + 1, blanks);
}

/* The next word of *rest; NULL at the end. */
static char *cut_word(char **rest)
{
    char *word = *rest + strspn(*rest, blanks);
    size_t n = instance_word_bytes(word, blanks);

    if (n == 0)
        return NULL;
    *rest = word + n + (word[n] != '\0');
    word[n] = '\0';
    return strip_braces(word, n);
}

static bool is_yes(const char *column, bool otherwise)
{
    return column[0] == '-' ? otherwise : column[0] == 'y';
}

static void take_columns(const struct instance *instance, struct instance_service *service, char **words)
{
    service->name = words[NAME];
    service->type = words[TYPE];
    service->is_private = is_yes(words[PRIVATE], true);
    service->is_unprivileged = is_yes(words[UNPRIVILEGED], true);
    service->is_chroot = is_yes(words[CHROOT], instance->chroots);
    service->maxproc = words[MAXPROC];
}

static void read_service_line(struct instance *instance, char *line)
{
    struct instance_service service = { .line = mem_string(line) };
    char *rest = service.line, *word, **words = NULL;
    size_t count = 0, room = 0;

    while ((word = cut_word(&rest)) != NULL) {
        words = mem_grow(words, count + 1, &room, sizeof(*words)); /* room for the NULL, too */
        words[count++] = word;
    }
    if (count <= COMMAND) {
        mem_free(words);
        mem_free(service.line);
        return;
    }
    take_columns(instance, &service, words);
    service.argument_count = (int)(count - COMMAND);
    service.argument = mem_array(count - COMMAND + 1, sizeof(*service.argument));
    memcpy(service.argument, words + COMMAND, (count - COMMAND) * sizeof(*words));
    mem_free(words);
    instance->services = mem_grow(instance->services, instance->service_count, &instance->service_room,
                                  sizeof(*instance->services));
    instance->services[instance->service_count++] = service;
}

bool instance_exists(const char *config_directory)
{
    char *path = mem_format("%s/main.cf", config_directory);
    bool has = access(path, F_OK) == 0;

    mem_free(path);
    return has;
}

static const char *read_all(struct instance *instance)
{
    static const char *const settings[] = { "-x", "queue_directory", "daemon_directory", "mail_owner",
                                            "virtual_transport", "proxy_read_maps", "compatibility_level", NULL };
    static const char *const explicit[] = { "-xn", NULL };
    static const char *const services[] = { "-M", NULL };
    static const char *const options[] = { "-xP", NULL };
    static const char *const own[] = { "-nC", "user", NULL };

    if (!instance_exists(instance->config_directory))
        return "there is no main.cf";
    const char *why = read_lines(instance, settings, read_setting_line);
    if (why == NULL)
        why = read_lines(instance, explicit, read_main_line);
    if (why == NULL)
        why = read_lines(instance, services, read_service_line);
    if (why == NULL)
        why = read_lines(instance, options, read_option_line);
    if (why == NULL)
        why = read_lines(instance, own, read_own_line);
    return why;
}

struct instance *instance_read(const char *config_directory, const char **why)
{
    struct instance *instance = mem_alloc(sizeof(*instance));

    instance->config_directory = mem_string(config_directory);
    *why = read_all(instance);
    if (*why != NULL)
        instance_free(&instance);
    return instance;
}

static void free_services(struct instance *instance)
{
    for (size_t i = 0; i < instance->service_count; i++) {
        mem_free(instance->services[i].argument);
        mem_free(instance->services[i].line);
    }
    mem_free(instance->services);
}

static void free_parameters(struct instance *instance)
{
    for (size_t i = 0; i < instance->parameter_count; i++) {
        mem_free(instance->parameters[i].where);
        mem_free(instance->parameters[i].name);
        mem_free(instance->parameters[i].value);
    }
    mem_free(instance->parameters);
}

void instance_free(struct instance **instance)
{
    struct instance *i = *instance;

    *instance = NULL;
    if (i == NULL)
        return;
    free_services(i);
    free_parameters(i);
    mem_free(i->config_directory);
    mem_free(i->queue_directory);
    mem_free(i->daemon_directory);
    mem_free(i->mail_owner);
    mem_free(i->virtual_transport);
    mem_free(i->proxy_read_maps);
    mem_free(i);
}

const struct instance_service *instance_find(const struct instance *instance, const char *name, const char *type)
{
    for (size_t i = 0; i < instance->service_count; i++)
        if (strcmp(instance->services[i].name, name) == 0 && strcmp(instance->services[i].type, type) == 0)
            return &instance->services[i];
    return NULL;
}

size_t instance_word_bytes(const char *text, const char *separators)
{
    size_t n = 0, depth = 0;

    for (; text[n] != '\0' && (depth > 0 || strchr(separators, text[n]) == NULL); n++) {
        depth += text[n] == '{';
        depth -= text[n] == '}' && depth > 0;
    }
    return n;
}

const char *instance_socket_directory(const struct instance_service *service)
{
    return service->is_private ? "private" : "public";
}

const char *instance_program(const struct instance_service *service)
{
    return basename(service->argument[0]);
}
