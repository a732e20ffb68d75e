/*
 * What postconf(1) prints, as the daemons read it and as pfxctl does. This program has a postconf_start() of its own,
 * which gives the input; parts of it are separated by 0x1E, one for each call.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tools/pfxctl/instance.h"

#include "master.h"
#include "mem.h"
#include "postconf.h"

#define SEPARATOR '\x1E'

static struct span output;
static bool complains;
static char directory[] = "/tmp/pfx-fuzz-XXXXXX";

const char *postconf_start(struct postconf *postconf, const char *config_directory, const char *const *arguments)
{
    struct span part = fuzz_take_until(&output, SEPARATOR);
    (void)arguments;

    FUZZ_HOLDS(config_directory != NULL);
    *postconf = (struct postconf){ .output = part.n == 0 ? fopen("/dev/null", "r")
                                                         : fmemopen((char *)(size_t)part.p, part.n, "r") };
    FUZZ_HOLDS(postconf->output != NULL);
    return NULL;
}

bool postconf_end(struct postconf *postconf)
{
    fclose(postconf->output);
    return !complains;
}

static void remove_directory(void)
{
    char *path = mem_format("%s/main.cf", directory);

    unlink(path);
    mem_free(path);
    rmdir(directory);
}

static void make_directory(void)
{
    FUZZ_HOLDS(mkdtemp(directory) != NULL);
    char *path = mem_format("%s/main.cf", directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FUZZ_HOLDS(fd >= 0);
    close(fd);
    mem_free(path);
    atexit(remove_directory);
}

static void check_instance(const struct instance *instance)
{
    for (size_t i = 0; i < instance->service_count; i++) {
        const struct instance_service *service = &instance->services[i];
        FUZZ_HOLDS(service->argument_count > 0 && service->argument[service->argument_count] == NULL);
        FUZZ_HOLDS(service->name[0] != '\0' && instance_program(service) != NULL);
        FUZZ_HOLDS(instance_find(instance, service->name, service->type) <= service);
    }
    for (size_t i = 0; i < instance->parameter_count; i++)
        FUZZ_HOLDS(strchr(instance->parameters[i].value, '\n') == NULL && instance->parameters[i].where != NULL);
}

static void check_settings(void)
{
    struct master_settings settings;

    master_read_settings(&settings, directory);
    FUZZ_HOLDS(settings.mail_owner != NULL && settings.data_directory != NULL && settings.queue_directory != NULL);
    master_free_settings(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span in = span_make((const char *)data, size);
    const char *why;

    if (strstr(directory, "XXXXXX") != NULL)
        make_directory();
    output = in;
    complains = fuzz_take_byte(&output) == '!';
    struct instance *instance = instance_read(directory, &why);
    FUZZ_HOLDS((instance == NULL) == complains);
    if (instance != NULL)
        check_instance(instance);
    instance_free(&instance);
    output = span_first(in, span_find(in, SEPARATOR));
    check_settings();
    return 0;
}
