#include "ping.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "authproto.h"
#include "exchange.h"
#include "netstring.h"
#include "policy.h"
#include "process.h"
#include "socketmap.h"

#define HANDSHAKE "VERSION\t" SPAN_NUMBER_TEXT(AUTHPROTO_MAJOR) "\t" SPAN_NUMBER_TEXT(AUTHPROTO_MINOR) "\nCPID\t"
#define US_PER_MS 1000.0

static bool holds(struct span text, const char *part)
{
    return text.n > 0 && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static bool is_action(struct span reply)
{
    return holds(reply, "\n\n");
}

static bool is_handshake(struct span reply)
{
    return holds(reply, "\nDONE\n");
}

static bool is_head(struct span reply)
{
    return holds(reply, "\r\n\r\n");
}

static bool is_anything(struct span reply)
{
    return reply.n > 0;
}

/* What is asked, and how an answer of a daemon that is well and of one without a usable configuration begins. */
static const struct {
    const char *request;
    bool (*is_whole)(struct span reply);
    const char *good;
    const char *unusable;
} pings[] = {
    [SERVICE_SOCKETMAP] = { SOCKETMAP_PING_NAME " ", exchange_is_netstring, "PERM ", "TEMP " },
    [SERVICE_POLICY] = { "policy_context=" POLICY_PING_CONTEXT "\n\n", is_action, "action=DUNNO\n", "action=DEFER" },
    [SERVICE_SASL] = { HANDSHAKE, is_handshake, "VERSION\t", NULL },
    [SERVICE_METRICS] = { "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", is_head,
                          "HTTP/1.1 200 ", "HTTP/1.1 503 " },
    [SERVICE_UNKNOWN] = { "", is_anything, "", NULL },
};

static void add_request(struct buf *request, enum service_protocol protocol)
{
    struct span text = span_text(pings[protocol].request);

    if (protocol == SERVICE_SOCKETMAP)
        request->n = netstring_encode(buf_reserve(request, text.n + NETSTRING_OVERHEAD_BYTES),
                                      text.n + NETSTRING_OVERHEAD_BYTES, text, SPAN(""));
    else
        buf_add(request, text);
    if (protocol == SERVICE_SASL)
        buf_format(request, "%d\n", (int)getpid());
}

static void judge(struct ping *ping, enum service_protocol protocol, struct span reply)
{
    if (protocol == SERVICE_SOCKETMAP)
        reply = span_skip(reply, span_find(reply, ':') + 1);
    if (span_begins(reply, pings[protocol].good))
        return;
    bool is_unusable = pings[protocol].unusable != NULL && span_begins(reply, pings[protocol].unusable);
    ping->status = is_unusable ? PFXCTL_CONFIGURATION : PFXCTL_DATA;
    ping->why = is_unusable ? "it answers, but is not well: its log tells why" : "it answers what none of ours would";
}

/* The end of the input, from us, makes any daemon close; what it has said before is an answer, too. */
static bool hang_up(struct exchange *exchange, struct buf *reply)
{
    shutdown(exchange->fd, SHUT_WR);
    return exchange_ask(exchange, SPAN(""), reply, is_anything) || exchange->is_closed;
}

static void ask(struct exchange *exchange, enum service_protocol protocol, struct ping *ping)
{
    struct buf request, reply;

    buf_init(&request, EXCHANGE_REPLY_MAX_BYTES);
    buf_init(&reply, EXCHANGE_REPLY_MAX_BYTES);
    add_request(&request, protocol);
    bool is_answered = protocol == SERVICE_UNKNOWN ? hang_up(exchange, &reply)
                                                   : exchange_ask(exchange, buf_span(&request), &reply,
                                                                  pings[protocol].is_whole);
    if (is_answered)
        judge(ping, protocol, buf_span(&reply));
    else
        *ping = (struct ping){ .status = PFXCTL_UNAVAILABLE, .why = exchange->why };
    buf_free(&request);
    buf_free(&reply);
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void ping_service(const struct service *service, int64_t limit_ms, struct ping *ping)
{
    enum service_protocol protocol = service->protocol;
    struct exchange exchange;
    int64_t begin_us = now_us();

    *ping = (struct ping){ .status = PFXCTL_GOOD };
    if (exchange_open(&exchange, service, limit_ms)) {
        if (protocol == SERVICE_UNKNOWN && exchange_listener(&exchange) > 0)
            protocol = process_protocol(exchange_listener(&exchange));
        ask(&exchange, protocol, ping);
    } else {
        *ping = (struct ping){ .status = exchange_status(&exchange), .why = exchange.why };
    }
    exchange_close(&exchange);
    ping->took_us = now_us() - begin_us;
}

int ping_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct service_list list;
    struct ping ping;

    if (pfxctl_option(argc, argv, ":", NULL) != -1)
        return pfxctl_usage();
    int status = service_choose(&list, ctl, argv + optind);
    int width = ctl->on_terminal ? service_name_width(&list) : 0;
    for (size_t i = 0; i < list.count; i++) {
        ping_service(&list.services[i], PING_LIMIT_MS, &ping);
        if (ping.why == NULL)
            printf("%s:%*s alive, %.1f ms\n", list.services[i].name,
                   width == 0 ? 0 : width - (int)strlen(list.services[i].name), "", (double)ping.took_us / US_PER_MS);
        else
            pfxctl_complain("%s: %s", list.services[i].name, ping.why);
        status = ping.status > status ? ping.status : status;
    }
    service_list_free(&list);
    return status;
}
