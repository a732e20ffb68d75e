#include "chaos.h"

#include <err.h>
#include <stdlib.h>
#include <unistd.h>

/* As in script.h. Times are short of the time limit of the soak, but for that of hang=1. */
static const char *const failures[] = {
    "status=503", "status=500", "status=502&type=text/html&body=%3chtml%3ebad%20gateway", "status=504", "status=429",
    "hang=1", "reset=now", "reset=headers", "reset=body",
    "body=%7b%22result%22:", "type=text/html&body=%3chtml%3ehello", "badchunk=1", "badgzip=1", "length=5000",
    "delay=700", "bodydelay=300", "drip=5", "chunked=1&drip=3", "gzip=1",
    "close=1", "sneakyclose=1", "closeonreuse=1", "closeonreuse=1",
};

#define FAILURES (sizeof(failures) / sizeof(failures[0]))

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016). */
static unsigned draw(struct chaos *c, unsigned below)
{
    c->state ^= c->state >> 12;
    c->state ^= c->state << 25;
    c->state ^= c->state >> 27;
    return (unsigned)((c->state * 0x2545f4914f6cdd1d) >> 33) % below;
}

void chaos_set(struct chaos *c, const char *permille)
{
    char *end;
    unsigned long value = strtoul(permille, &end, 10);

    if (permille[0] < '0' || permille[0] > '9' || *end != '\0' || value > CHAOS_PERMILLE_MAX)
        errx(1, "%s: not 0 to %d", permille, CHAOS_PERMILLE_MAX);
    c->permille = (unsigned)value;
    c->state = (uint64_t)getpid() * 0x9e3779b97f4a7c15; /* not 0 */
}

void chaos_disturb(struct chaos *c, struct script *s)
{
    if (c->permille > 0 && draw(c, CHAOS_PERMILLE_MAX) < c->permille)
        script_add(s, span_text(failures[draw(c, FAILURES)]));
}
