#include "via.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "trace.h"

static bool is_socket(const char *where)
{
    return strncmp(where, "unix:", 5) == 0 || strncmp(where, "inet:", 5) == 0;
}

static const char *without_directory(const char *where)
{
    if (strncmp(where, "private/", 8) == 0)
        return where + 8;
    return strncmp(where, "public/", 7) == 0 ? where + 7 : where;
}

static int find_service(struct via *via, const struct pfxctl *ctl, enum service_protocol protocol, const char *where)
{
    if (!service_list_read(&via->list, ctl))
        return PFXCTL_CONFIGURATION;
    via->service = service_find(&via->list, without_directory(where));
    if (via->service == NULL) {
        pfxctl_complain("no service %s of pfx in master.cf", where);
        return PFXCTL_UNAVAILABLE;
    }
    if (via->service->protocol == protocol)
        return PFXCTL_GOOD;
    pfxctl_complain("the service %s is %s, which does not serve this command", where, via->service->command);
    return PFXCTL_USAGE;
}

static int connect_to(struct via *via)
{
    if (exchange_open(&via->exchange, via->service, VIA_LIMIT_MS))
        return PFXCTL_GOOD;
    pfxctl_complain("%s: %s", via->service->name, via->exchange.why);
    return exchange_status(&via->exchange);
}

int via_open(struct via *via, const struct pfxctl *ctl, enum service_protocol protocol, const char *where)
{
    *via = (struct via){ .exchange.fd = -1, .is_verbose = ctl->verbose > 0 };
    buf_init(&via->reply, EXCHANGE_REPLY_MAX_BYTES);
    if (!is_socket(where)) {
        int status = find_service(via, ctl, protocol, where);
        return status == PFXCTL_GOOD ? connect_to(via) : status;
    }
    if (!service_of_socket(&via->socket, where)) {
        pfxctl_complain("%s: neither unix:PATH nor inet:HOST:PORT", where);
        return PFXCTL_USAGE;
    }
    via->service = &via->socket;
    return connect_to(via);
}

void via_close(struct via *via)
{
    exchange_close(&via->exchange);
    service_list_free(&via->list);
    service_free(&via->socket);
    buf_free(&via->reply);
}

static bool try(struct via *via, struct span request, bool (*is_whole)(struct span reply))
{
    via->exchange.end_ms = clock_monotonic_ms() + VIA_LIMIT_MS;
    return exchange_ask(&via->exchange, request, &via->reply, is_whole);
}

static int show(const struct via *via, struct span shown, size_t before, int64_t start_ms, bool is_answered)
{
    if (via->is_verbose) {
        trace_lines("> ", shown);
        trace_lines("< ", span_skip(buf_span(&via->reply), before));
        fprintf(stderr, "pfxctl: %s: %lld ms\n", via->service->name, (long long)(clock_monotonic_ms() - start_ms));
    }
    if (is_answered)
        return PFXCTL_GOOD;
    pfxctl_complain("%s: %s", via->service->name, via->exchange.why);
    return PFXCTL_TEMPORARY;
}

int via_ask(struct via *via, struct span request, struct span shown, bool (*is_whole)(struct span reply))
{
    size_t before = via->reply.n;
    int64_t start_ms = clock_monotonic_ms();

    return show(via, shown, before, start_ms, try(via, request, is_whole));
}

int via_ask_again(struct via *via, struct span request, bool (*is_whole)(struct span reply))
{
    int64_t start_ms = clock_monotonic_ms();

    buf_clear(&via->reply);
    bool is_answered = try(via, request, is_whole);
    if (!is_answered && clock_monotonic_ms() < via->exchange.end_ms) {
        exchange_close(&via->exchange);
        buf_clear(&via->reply);
        int status = connect_to(via);
        if (status != PFXCTL_GOOD)
            return status;
        is_answered = try(via, request, is_whole);
    }
    return show(via, request, 0, start_ms, is_answered);
}
