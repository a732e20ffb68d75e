/*
 * lookup: what a socket map answers. With "-" keys are lines of standard input, and many are asked at a time.
 */
#include <stdio.h>
#include <unistd.h>

#include "ask.h"
#include "lines.h"
#include "lookup_via.h"
#include "mem.h"
#include "pfxctl.h"
#include "trace.h"

#define IN_FLIGHT_MAX 32 /* no more than one worker has connections to a host by default */

struct question {
    struct lookup *lookup;
    struct buf key;
    struct buf value;
    bool is_answered;
    int status;
};

struct lookup {
    struct ask ask;
    struct lookup_keys *keys;
    struct question questions[IN_FLIGHT_MAX]; /* a ring: the oldest is printed first */
    size_t first;
    size_t count;
    size_t limit;
    int status;
};

static int status_of(const struct verdict *verdict)
{
    if (verdict->kind == VERDICT_FOUND)
        return PFXCTL_GOOD;
    return verdict->kind == VERDICT_NOTFOUND ? PFXCTL_NOT : ask_failure(verdict);
}

static void answered(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct question *question = arg;
    (void)call;

    question->is_answered = true;
    question->status = status_of(verdict);
    buf_add(&question->value, verdict->text);
    ask_tell_doubt(&question->lookup->ask, verdict);
    ask_wake(&question->lookup->ask);
}

static void begin(struct lookup *lookup, struct span key)
{
    struct question *question = &lookup->questions[(lookup->first + lookup->count++) % IN_FLIGHT_MAX];
    struct backend_question asked = { .entry = lookup->ask.entry, .key = key };

    question->lookup = lookup;
    question->is_answered = false;
    buf_clear(&question->key);
    buf_clear(&question->value);
    buf_add(&question->key, key);
    ask_begin(&lookup->ask, &asked, answered, question);
}

/* Never waits for a key while an answer is due. */
static void take_keys(struct lookup *lookup)
{
    struct span key;

    while (lookup->count < lookup->limit && (lookup->count == 0 || lookup_keys_ready(lookup->keys)) &&
           lookup_keys_take(lookup->keys, &key))
        begin(lookup, key);
}

static void print_answers(struct lookup *lookup)
{
    while (lookup->count > 0 && lookup->questions[lookup->first].is_answered) {
        const struct question *question = &lookup->questions[lookup->first];
        lookup_keys_print(lookup->keys, buf_span(&question->key), question->status, buf_span(&question->value));
        lookup->status = question->status > lookup->status ? question->status : lookup->status;
        lookup->first = (lookup->first + 1) % IN_FLIGHT_MAX;
        lookup->count--;
    }
    if (lookup->count == 0)
        fflush(stdout);
}

static void ask_all(struct lookup *lookup)
{
    int64_t most = lookup->ask.config->max_connections_per_host;

    lookup->limit = most < IN_FLIGHT_MAX ? (size_t)most : IN_FLIGHT_MAX;
    for (size_t i = 0; i < IN_FLIGHT_MAX; i++) {
        buf_init(&lookup->questions[i].key, LINES_MAX_BYTES);
        buf_init(&lookup->questions[i].value, CONFIG_REPLY_MAX_BYTES);
    }
    for (take_keys(lookup); lookup->count > 0; take_keys(lookup)) {
        ask_wait(&lookup->ask);
        print_answers(lookup);
    }
    for (size_t i = 0; i < IN_FLIGHT_MAX; i++) {
        buf_free(&lookup->questions[i].key);
        buf_free(&lookup->questions[i].value);
    }
}

static int ask_here(const struct pfxctl *ctl, const char *name, struct lookup_keys *keys)
{
    struct lookup *lookup = mem_alloc(sizeof(*lookup));

    lookup->keys = keys;
    if (ctl->verbose > 0)
        trace_requests(SPAN(""));
    lookup->status = ask_open(&lookup->ask, ctl, CONFIG_SOCKET_MAPS, name);
    if (lookup->status == PFXCTL_GOOD)
        ask_all(lookup);
    int status = lookup->status;
    ask_close(&lookup->ask);
    mem_free(lookup);
    return status;
}

int lookup_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct lookup_keys keys;
    const char *via;

    int first = ask_options(argc, argv, &via);
    if (first == 0 || argc - first < 2)
        return pfxctl_usage();
    const char *name = ask_name(CONFIG_SOCKET_MAPS, argv[first]);
    if (name == NULL)
        return PFXCTL_USAGE;
    lookup_keys_open(&keys, argv + first + 1, ctl->verbose == 0 && isatty(STDERR_FILENO));
    int status = via == NULL ? ask_here(ctl, name, &keys) : lookup_via(ctl, via, name, &keys);
    if (keys.lines.is_too_long) {
        pfxctl_complain("a line of standard input is too long");
        status = status > PFXCTL_DATA ? status : PFXCTL_DATA;
    }
    lookup_keys_close(&keys);
    return status;
}
