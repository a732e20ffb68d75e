#include "ask.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "clock.h"
#include "kind.h"
#include "log.h"
#include "privileges.h"
#include "state.h"

enum { VIA = PFXCTL_LONG_OPTIONS };

int ask_options(int argc, char **argv, const char **via)
{
    static const struct option options[] = { { "via", required_argument, NULL, VIA }, { NULL, 0, NULL, 0 } };
    int option;

    *via = NULL;
    while ((option = pfxctl_option(argc, argv, "+:", options)) != -1) {
        if (option != VIA)
            return 0;
        *via = optarg;
    }
    return optind;
}

const char *ask_name(enum config_section_id section, const char *name)
{
    enum config_section_id named;
    const char *rest = kind_cut(name, &named);

    if (named == section || named == CONFIG_SECTIONS)
        return rest;
    pfxctl_complain("%s is nothing for this command", name);
    return NULL;
}

void ask_tell_doubt(struct ask *ask, const struct verdict *verdict)
{
    if (verdict->is_doubtful && ask->tells_doubt)
        pfxctl_complain(VERDICT_DOUBT_FORMAT, ask->entry->value_field);
    ask->tells_doubt &= !verdict->is_doubtful;
}

int ask_failure(const struct verdict *verdict)
{
    if (verdict->kind == VERDICT_PERM)
        return PFXCTL_DATA;
    return verdict->is_unanswered ? PFXCTL_UNAVAILABLE : PFXCTL_TEMPORARY;
}

static void open_log(const struct pfxctl *ctl)
{
    log_open(&(struct log_options){ .sink = LOG_TO_PERSON, .ident = "pfxctl" });
    log_set_level(ctl->verbose > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING);
}

/* What a file that may not be read costs is told from what is wrong in it. */
static int is_wrong(const char *why)
{
    bool needs_root = geteuid() != 0 && strstr(why, strerror(EACCES)) != NULL;

    pfxctl_complain("%s%s", why, needs_root ? PFXCTL_NEEDS_ROOT : "");
    return needs_root ? PFXCTL_NO_PERMISSION : PFXCTL_CONFIGURATION;
}

static int find_entry(struct ask *ask, const struct pfxctl *ctl, enum config_section_id section, const char *name)
{
    ask->config = config_load(ctl->config_path, section);
    state_read_postfix(&ask->postfix, ctl, ask->config);
    if (ask->config->error != NULL)
        return is_wrong(ask->config->error);
    ask->entry = config_find(ask->config, section, span_text(name));
    if (ask->entry == NULL) {
        pfxctl_complain("%s: no entry %s in %s", ctl->config_path, name, config_section_name(section));
        return PFXCTL_CONFIGURATION;
    }
    return ask->entry->error == NULL ? PFXCTL_GOOD : is_wrong(ask->entry->error);
}

/* What needs root comes before it; the files of the daemons are theirs. */
static int drop_privileges(const struct ask *ask)
{
    const char *user = ask->postfix.mail_owner != NULL ? ask->postfix.mail_owner : ask->config->user;
    char why[PRIVILEGES_REASON_MAX_BYTES];

    if (privileges_drop(geteuid() == 0 ? user : NULL, false, false, why))
        return PFXCTL_GOOD;
    pfxctl_complain("%s", why);
    return PFXCTL_CONFIGURATION;
}

static int open_backend(struct ask *ask)
{
    ask->has_loop = loop_open(&ask->loop);
    if (ask->has_loop)
        ask->backend = backend_new(&ask->loop, ask->config, &ask->shared, 0);
    if (ask->backend == NULL) {
        pfxctl_complain("no descriptor left");
        return PFXCTL_TEMPORARY;
    }
    const char *why = backend_error(ask->backend, ask->entry);
    return why == NULL ? PFXCTL_GOOD : is_wrong(why);
}

int ask_open(struct ask *ask, const struct pfxctl *ctl, enum config_section_id section, const char *name)
{
    *ask = (struct ask){ .tells_doubt = ctl->verbose == 0 };
    signal(SIGPIPE, SIG_IGN);
    privileges_hide_memory();
    open_log(ctl);
    int status = find_entry(ask, ctl, section, name);
    if (status != PFXCTL_GOOD)
        return status;
    backend_shared_load(&ask->shared, ask->config, section);
    status = drop_privileges(ask);
    if (status != PFXCTL_GOOD)
        return status;
    backend_shared_open_existing(&ask->shared, ask->config, state_directory(ask->config, &ask->postfix, CACHE_FILE));
    return open_backend(ask);
}

/* Time has passed since the last turn: somebody may have typed a key. */
void ask_begin(struct ask *ask, const struct backend_question *question, backend_done *done, void *arg)
{
    ask->loop.now_ms = clock_monotonic_ms();
    backend_ask(ask->backend, question, done, arg);
}

void ask_wait(struct ask *ask)
{
    loop_run(&ask->loop);
    ask->loop.stopped = false;
}

void ask_wake(struct ask *ask)
{
    loop_stop(&ask->loop);
}

void ask_close(struct ask *ask)
{
    backend_free(&ask->backend);
    if (ask->has_loop)
        loop_close(&ask->loop);
    backend_shared_close(&ask->shared);
    config_free(&ask->config);
    master_free_settings(&ask->postfix);
    log_close();
}
