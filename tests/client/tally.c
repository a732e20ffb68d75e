#include "tally.h"

#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "now.h"

#define FIRST_ROOM 4096
#define SHOWN_BYTES 80
#define PER_CENT 100
#define KEY_MARK "{k}"

static bool starts_with(struct span s, struct span prefix)
{
    return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

static bool skip_word(struct span *s, struct span word)
{
    if (!starts_with(*s, word))
        return false;
    *s = span_skip(*s, word.n);
    return true;
}

static bool is_expected(struct span reply, const char *expect, const char *key)
{
    bool has_mark = false;

    if (!skip_word(&reply, SPAN("OK ")))
        return false;
    while (*expect != '\0') {
        bool is_mark = strncmp(expect, KEY_MARK, sizeof(KEY_MARK) - 1) == 0;
        if (!skip_word(&reply, is_mark ? span_text(key) : span_make(expect, 1)))
            return false;
        has_mark = has_mark || is_mark;
        expect += is_mark ? sizeof(KEY_MARK) - 1 : 1;
    }
    return span_equal(reply, has_mark ? SPAN("") : span_text(key));
}

/* Counts the status of a reply; false when it is none of the five. */
static bool count_status(struct tally *t, struct span reply)
{
    struct {
        struct span word;
        uint64_t *count;
    } words[] = { { SPAN("TEMP "), &t->temp },
                  { SPAN("PERM "), &t->perm },
                  { SPAN("TIMEOUT "), &t->timeout },
                  { SPAN("NOTFOUND "), &t->notfound } };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (starts_with(reply, words[i].word)) {
            (*words[i].count)++;
            return true;
        }
    }
    return starts_with(reply, SPAN("OK "));
}

static void count_wrong(struct tally *t, const char *what, struct span bytes, const char *key)
{
    if (t->wrong++ >= TALLY_SHOWN_MAX)
        return;
    fprintf(stderr, "%s for %s: ", what, key);
    for (size_t i = 0; i < bytes.n && i < SHOWN_BYTES; i++)
        fputc(isprint((unsigned char)bytes.p[i]) ? bytes.p[i] : '?', stderr);
    fputc('\n', stderr);
}

static void add_time(struct tally *t, int64_t took_us)
{
    if (t->count == t->room) {
        t->room = t->room == 0 ? FIRST_ROOM : t->room * 2;
        uint32_t *times_us = realloc(t->times_us, t->room * sizeof(*times_us));
        if (times_us == NULL)
            err(1, "realloc");
        t->times_us = times_us;
    }
    t->times_us[t->count++] = (uint32_t)took_us;
}

void tally_reply(struct tally *t, struct span reply, const char *expect, const char *key, int64_t took_us)
{
    bool is_known = count_status(t, reply);

    t->requests++;
    add_time(t, took_us);
    if (!is_known)
        count_wrong(t, "unknown reply", reply, key);
    else if (expect != NULL && !is_expected(reply, expect, key))
        count_wrong(t, "unexpected reply", reply, key);
}

void tally_bad_reply(struct tally *t, struct span bytes, const char *key)
{
    t->requests++;
    count_wrong(t, "not one netstring", bytes, key);
}

static int compare_times(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static uint32_t percentile(const struct tally *t, size_t percent)
{
    return t->count == 0 ? 0 : t->times_us[(t->count - 1) * percent / PER_CENT];
}

void tally_stop(struct tally *t, int64_t elapsed_us)
{
    t->rate = elapsed_us == 0 ? 0 : (uint64_t)t->count * US_PER_S / (uint64_t)elapsed_us;
}

void tally_print(struct tally *t)
{
    if (t->count > 0)
        qsort(t->times_us, t->count, sizeof(*t->times_us), compare_times);
    printf("requests=%" PRIu64 " lost=%" PRIu64 " wrong=%" PRIu64 " temp=%" PRIu64 " perm=%" PRIu64 " timeout=%" PRIu64
           " notfound=%" PRIu64 " reconnects=%" PRIu64 " idle_closed=%" PRIu64 " rate=%" PRIu64
           " p50_us=%" PRIu32 " p99_us=%" PRIu32 " max_ms=%" PRIu32 "\n",
           t->requests, t->lost, t->wrong, t->temp, t->perm, t->timeout, t->notfound, t->reconnects, t->idle_closed,
           t->rate, percentile(t, 50), percentile(t, 99), percentile(t, PER_CENT) / US_PER_MS);
}

void tally_print_rate(const struct tally *t)
{
    printf("%" PRIu64 "\n", t->rate);
}

int tally_exit_status(const struct tally *t)
{
    return t->lost == 0 && t->wrong == 0 ? 0 : 1;
}

void tally_free(struct tally *t)
{
    free(t->times_us);
}
