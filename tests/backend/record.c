#include "record.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

#define FIRST_ROOM 256
#define FNV_OFFSET 14695981039346656037u
#define FNV_PRIME 1099511628211u

static uint64_t hash(struct span s)
{
    uint64_t h = FNV_OFFSET;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * FNV_PRIME;
    return h;
}

/* The slot of a URL, or the free one where it belongs. */
static struct record_url *find_slot(struct record_url *urls, size_t room, struct span url)
{
    size_t i = hash(url) & (room - 1);

    while (urls[i].url != NULL && !span_equal(span_make(urls[i].url, urls[i].n), url))
        i = (i + 1) & (room - 1);
    return &urls[i];
}

static void grow(struct record *rec)
{
    size_t room = rec->room == 0 ? FIRST_ROOM : rec->room * 2;
    struct record_url *urls = calloc(room, sizeof(*urls));

    if (urls == NULL)
        err(1, "calloc");
    for (size_t i = 0; i < rec->room; i++) {
        if (rec->urls[i].url != NULL)
            *find_slot(urls, room, span_make(rec->urls[i].url, rec->urls[i].n)) = rec->urls[i];
    }
    free(rec->urls);
    rec->urls = urls;
    rec->room = room;
}

static void forget(struct record *rec)
{
    for (size_t i = 0; i < rec->room; i++) {
        free(rec->urls[i].url);
        rec->urls[i] = (struct record_url){ 0 };
    }
    rec->used = 0;
    rec->order.n = 0;
    rec->last.n = 0;
    rec->connections = 0;
}

static uint64_t count_prefix(const struct record *rec, struct span prefix)
{
    uint64_t count = 0;

    for (size_t i = 0; i < rec->room; i++) {
        const struct record_url *u = &rec->urls[i];
        if (u->url != NULL && u->n >= prefix.n && span_equal(span_make(u->url, prefix.n), prefix))
            count += u->count;
    }
    return count;
}

bool record_is_control(const struct http_request *r)
{
    return r->path.n >= 2 && memcmp(r->path.p, "/_", 2) == 0;
}

uint64_t record_add(struct record *rec, const struct http_request *r)
{
    if (rec->used >= rec->room / 2)
        grow(rec);
    struct record_url *slot = find_slot(rec->urls, rec->room, r->url);
    if (slot->url == NULL) {
        slot->url = malloc(r->url.n);
        if (slot->url == NULL)
            err(1, "malloc");
        memcpy(slot->url, r->url.p, r->url.n);
        slot->n = r->url.n;
        rec->used++;
    }
    if (rec->order.n + r->url.n < RECORD_ORDER_MAX_BYTES) {
        text_add(&rec->order, r->url);
        text_add(&rec->order, SPAN("\n"));
    }
    rec->last.n = 0;
    text_add(&rec->last, r->head);
    text_add(&rec->last, r->body);
    return slot->count++;
}

bool record_control(struct record *rec, const struct http_request *r, struct text *out)
{
    struct span path_is = SPAN("path=");
    struct span name = span_skip(r->path, 2);

    if (span_equal(name, SPAN("count"))) {
        bool has_prefix = r->query.n >= path_is.n && memcmp(r->query.p, path_is.p, path_is.n) == 0;
        text_format(out, "%" PRIu64 "\n", count_prefix(rec, has_prefix ? span_skip(r->query, path_is.n) : SPAN("")));
    } else if (span_equal(name, SPAN("urls"))) {
        text_add(out, text_span(&rec->order));
    } else if (span_equal(name, SPAN("last"))) {
        text_add(out, text_span(&rec->last));
    } else if (span_equal(name, SPAN("conns"))) {
        text_format(out, "%" PRIu64 "\n", rec->connections);
    } else if (span_equal(name, SPAN("reset"))) {
        forget(rec);
    } else {
        return false;
    }
    return true;
}

void record_free(struct record *rec)
{
    forget(rec);
    free(rec->urls);
    text_free(&rec->order);
    text_free(&rec->last);
}
