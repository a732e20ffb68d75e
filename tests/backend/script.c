#include "script.h"

enum kind { NUMBER, TEXT, TEXTS };

struct rule {
    struct span name;
    enum kind kind;
    size_t offset;
    size_t bytes;
};

#define RULE(member, kind)                                                                                             \
    { { #member, sizeof(#member) - 1 }, kind, offsetof(struct script, member), sizeof(((struct script *)0)->member) }

static const struct rule rules[] = {
    RULE(auth, TEXTS),
    RULE(badchunk, NUMBER),
    RULE(badgzip, NUMBER),
    RULE(body, TEXT),
    RULE(bodydelay, NUMBER),
    RULE(bytes, NUMBER),
    RULE(chunked, NUMBER),
    RULE(close, NUMBER),
    RULE(closeonreuse, NUMBER),
    RULE(delay, NUMBER),
    RULE(denied, NUMBER),
    RULE(drip, NUMBER),
    RULE(first, TEXT),
    RULE(gzip, NUMBER),
    RULE(hang, NUMBER),
    RULE(header, TEXTS),
    RULE(headerbytes, NUMBER),
    RULE(headers, NUMBER),
    RULE(interim, NUMBER),
    RULE(key, TEXT),
    RULE(length, NUMBER),
    RULE(location, TEXT),
    RULE(member, TEXT),
    RULE(miss, NUMBER),
    RULE(mode, TEXT),
    RULE(nolength, NUMBER),
    RULE(once, NUMBER),
    RULE(reset, TEXT),
    RULE(retryafter, TEXT),
    RULE(sneakyclose, NUMBER),
    RULE(status, NUMBER),
    RULE(twice, NUMBER),
    RULE(type, TEXT),
};

static int read_number(struct span s)
{
    int value = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || value > SCRIPT_NUMBER_MAX / 10)
            return 0;
        value = value * 10 + (s.p[i] - '0');
    }
    return value;
}

static void add_value(struct span *values, size_t max, struct span value)
{
    size_t n = 0;

    while (n < max && values[n].p != NULL)
        n++;
    if (n < max)
        values[n] = value;
}

static void set_value(struct script *s, struct span name, struct span value)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        void *member = (char *)s + rules[i].offset;
        if (!span_equal(rules[i].name, name))
            continue;
        if (rules[i].kind == NUMBER)
            *(int *)member = read_number(value);
        else if (rules[i].kind == TEXTS)
            add_value(member, rules[i].bytes / sizeof(struct span), value);
        else
            *(struct span *)member = value;
    }
}

void script_parse(struct script *s, struct span query)
{
    *s = (struct script){ .bytes = SCRIPT_NONE,
                          .denied = SCRIPT_NONE,
                          .length = SCRIPT_NONE,
                          .miss = SCRIPT_NONE,
                          .once = SCRIPT_NONE,
                          .status = SCRIPT_NONE };
    script_add(s, query);
}

void script_add(struct script *s, struct span query)
{
    while (query.n > 0) {
        struct span part = span_first(query, span_find(query, '&'));
        size_t equals = span_find(part, '=');
        if (equals < part.n)
            set_value(s, span_first(part, equals), span_skip(part, equals + 1));
        query = span_skip(query, part.n < query.n ? part.n + 1 : part.n);
    }
}
