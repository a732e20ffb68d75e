/*
 * auth: does a login succeed, and for which account?
 *
 * What a mail program would send goes through the daemon's own SASL code, so that it is refused where the daemon would.
 */
#include <stdio.h>

#include "ask.h"
#include "auth_via.h"
#include "config_host.h"
#include "login.h"
#include "mem.h"
#include "secret.h"
#include "trace.h"

enum { VIA = PFXCTL_LONG_OPTIONS, MECHANISM, RIP };

struct attempt {
    struct ask ask;
    int status;
};

static int refuse(const char *why)
{
    pfxctl_complain("refused: %s", why);
    return PFXCTL_NOT;
}

static void answered(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct attempt *attempt = arg;
    struct span text = verdict->text;
    (void)call;

    ask_wake(&attempt->ask);
    if (verdict->kind == VERDICT_FOUND) {
        pfxctl_print(text);
        putchar('\n');
    } else if (verdict->kind == VERDICT_DENIED) {
        if (verdict->detail != NULL)
            text = span_text(verdict->detail);
        pfxctl_complain("refused: %.*s", (int)text.n, text.p);
        attempt->status = PFXCTL_NOT;
    } else {
        pfxctl_complain("%s: %.*s", verdict->kind == VERDICT_PERM ? "unusable answer" : "temporary error",
                        (int)text.n, text.p);
        attempt->status = ask_failure(verdict);
    }
}

static void ask(struct attempt *attempt, const struct login *login, const struct sasl_credentials *credentials)
{
    struct subject_login asked = { .user = credentials->name, .password = credentials->password,
                                   .mechanism = span_text(sasl_name(login->mechanism)), .service = SPAN("smtp"),
                                   .rip = span_text(login->rip), .is_token = sasl_is_oauth(login->mechanism) };
    struct backend_question question = { .entry = attempt->ask.entry, .login = &asked };

    ask_begin(&attempt->ask, &question, answered, attempt);
    ask_wait(&attempt->ask);
}

/* All messages, one after the other. */
static void converse(struct attempt *attempt, const struct login *login)
{
    char memory[LOGIN_MESSAGE_MAX_BYTES];
    struct buf message, name;
    struct sasl_step step;
    enum sasl_next next = SASL_GO_ON;

    buf_init(&message, LOGIN_MESSAGE_MAX_BYTES);
    buf_init(&name, SASL_NAME_MAX_BYTES);
    message.secret = true;
    for (size_t i = 0; next == SASL_GO_ON && login_message(login, i, &message); i++) {
        next = sasl_step(login->mechanism, buf_span(&name), buf_span(&message), memory, &step);
        if (name.n == 0)
            buf_add(&name, step.credentials.name);
    }
    step.credentials.name = buf_span(&name);
    if (next == SASL_CHECK)
        ask(attempt, login, &step.credentials);
    else
        attempt->status = refuse(next == SASL_REFUSED ? step.why : "the exchange does not end");
    mem_wipe(memory, sizeof(memory));
    buf_free(&message);
    buf_free(&name);
}

static int auth_here(const struct pfxctl *ctl, const char *name, const struct login *login)
{
    struct attempt attempt = { .status = PFXCTL_GOOD };

    if (ctl->verbose > 0)
        trace_requests(buf_span(&login->secret));
    attempt.status = ask_open(&attempt.ask, ctl, CONFIG_DOVECOT_SASL, name);
    if (attempt.status == PFXCTL_GOOD &&
        !config_has_string(&attempt.ask.entry->mechanisms, span_text(sasl_name(login->mechanism))))
        attempt.status = refuse("mechanism not offered");
    else if (attempt.status == PFXCTL_GOOD)
        converse(&attempt, login);
    ask_close(&attempt.ask);
    return attempt.status;
}

static bool set_option(struct login *login, const char **via, int option, const char *value)
{
    if (option == VIA)
        *via = value;
    else if (option == RIP)
        login->rip = value;
    return option == VIA || (option == RIP && config_host_is_address(span_text(value), NULL)) ||
           (option == MECHANISM && sasl_find(span_text(value), &login->mechanism));
}

/* The place of the first argument; 0: wrong usage. */
static int read_options(struct login *login, int argc, char **argv, const char **via)
{
    static const struct option options[] = { { "via", required_argument, NULL, VIA },
                                             { "mechanism", required_argument, NULL, MECHANISM },
                                             { "rip", required_argument, NULL, RIP },
                                             { NULL, 0, NULL, 0 } };
    int option;

    while ((option = pfxctl_option(argc, argv, ":", options)) != -1)
        if (!set_option(login, via, option, optarg))
            return 0;
    return optind;
}

int auth_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct login login = { .mechanism = SASL_PLAIN };
    const char *via = NULL;
    int status = PFXCTL_USAGE;

    int first = read_options(&login, argc, argv, &via);
    if (first == 0 || argc - first != 2)
        return pfxctl_usage();
    const char *name = ask_name(CONFIG_DOVECOT_SASL, argv[first]);
    if (name == NULL)
        return PFXCTL_USAGE;
    login.user = argv[first + 1];
    buf_init(&login.secret, SECRET_MAX_BYTES);
    login.secret.secret = true;
    if (!secret_read(&login.secret, sasl_is_oauth(login.mechanism) ? "Token" : "Password"))
        pfxctl_complain("no %s", sasl_is_oauth(login.mechanism) ? "token" : "password");
    else
        status = via == NULL ? auth_here(ctl, name, &login) : auth_via(ctl, via, &login);
    buf_free(&login.secret);
    return status;
}
