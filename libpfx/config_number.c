#include "config_number.h"

#include <inttypes.h>
#include <stdio.h>

struct suffix {
    const char *text;
    int64_t factor;
};

/* The last one is for no suffix. */
static const struct suffix times[] = {
    { "w", 604800000 }, { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "ms", 1 }, { "s", 1000 }, { NULL, 1000 },
};
static const struct suffix sizes[] = { { "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 }, { NULL, 1 } };
static const struct suffix none[] = { { NULL, 1 } };

static const struct suffix *const suffixes[] = {
    [CONFIG_UNIT_NONE] = none,
    [CONFIG_UNIT_TIME] = times,
    [CONFIG_UNIT_SIZE] = sizes,
};

static const struct suffix *find_suffix(struct span text, enum config_unit unit)
{
    const struct suffix *s = suffixes[unit];

    while (s->text != NULL && !span_equal(text, span_text(s->text)))
        s++;
    return s->text != NULL || text.n == 0 ? s : NULL;
}

bool config_number_parse(struct span text, enum config_unit unit, int64_t *value)
{
    int64_t number = 0;
    size_t i = 0;

    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++) {
        int digit = text.p[i] - '0';
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number))
            return false;
    }
    const struct suffix *s = i == 0 ? NULL : find_suffix(span_skip(text, i), unit);
    return s != NULL && !__builtin_mul_overflow(number, s->factor, value);
}

bool config_number_scale(int64_t integer, enum config_unit unit, int64_t *value)
{
    return !__builtin_mul_overflow(integer, find_suffix(SPAN(""), unit)->factor, value);
}

void config_number_format(char out[CONFIG_NUMBER_TEXT_BYTES], enum config_unit unit, int64_t value)
{
    const struct suffix *best = NULL;

    for (const struct suffix *s = suffixes[unit]; s->text != NULL; s++) {
        if (value % s->factor == 0 && (best == NULL || s->factor > best->factor))
            best = s;
    }
    if (value == 0 && unit == CONFIG_UNIT_TIME)
        snprintf(out, CONFIG_NUMBER_TEXT_BYTES, "0s");
    else if (value == 0 || best == NULL)
        snprintf(out, CONFIG_NUMBER_TEXT_BYTES, "%" PRId64, value);
    else
        snprintf(out, CONFIG_NUMBER_TEXT_BYTES, "%" PRId64 "%s", value / best->factor, best->text);
}
