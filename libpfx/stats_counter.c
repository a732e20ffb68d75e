#include "stats.h"

enum counter_kind { KIND_COUNTER, KIND_GAUGE };

static const struct {
    const char *name;
    const char *help;
    enum counter_kind kind;
} counters[] = {
#define STATS_COUNTER(name, kind, help) { #name, help, KIND_##kind },
#include "stats.def"
#undef STATS_COUNTER
};

const char *stats_counter_name(enum stats_counter counter)
{
    return counters[counter].name;
}

const char *stats_counter_help(enum stats_counter counter)
{
    return counters[counter].help;
}

bool stats_counter_is_gauge(enum stats_counter counter)
{
    return counters[counter].kind == KIND_GAUGE;
}
