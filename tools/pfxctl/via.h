/*
 * --via: the question is asked of a running daemon, by its protocol.
 *
 * Shape:  WHERE is the name of a service of master.cf (with "private/" or "public/" before it, or without), unix:PATH
 *         or inet:HOST:PORT. via_ask() adds what comes to via->reply until is_whole(), and shows both with -v.
 * Limits: VIA_LIMIT_MS an answer, as Postfix's own socketmap client.
 * Errors: a status of pfxctl.h, after a complaint: no daemon, no permission, no answer.
 * Owner:  via_close(), also after an error.
 */
#ifndef PFX_VIA_H
#define PFX_VIA_H

#include "exchange.h"
#include "pfxctl.h"
#include "service.h"

#define VIA_LIMIT_MS 100000

struct via {
    struct service_list list;
    struct service socket;
    const struct service *service; /* one of these */
    struct exchange exchange;
    struct buf reply;
    bool is_verbose;
};

int  via_open(struct via *via, const struct pfxctl *ctl, enum service_protocol protocol, const char *where);
void via_close(struct via *via);

/* shown: the request as it may be seen. */
int via_ask(struct via *via, struct span request, struct span shown, bool (*is_whole)(struct span reply));

/* The same on a connection that may have been closed meanwhile: as Postfix does, it connects and asks once more. */
int via_ask_again(struct via *via, struct span request, bool (*is_whole)(struct span reply));

#endif
