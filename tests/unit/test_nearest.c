#include "nearest.h"

#include "unit.h"

#define NAME_16 "abcdefghijklmnop"
#define NAME_64 NAME_16 NAME_16 NAME_16 NAME_16

static const struct {
    const char *name;
    const char *written;
    const char *names[4]; /* up to NULL */
    const char *best;
} rows[] = {
    { "itself", "timeout", { "timeouts", "timeout", "time" }, "timeout" },
    { "a letter too many", "pfx-sasll", { "pfx-policy", "pfx-sasl" }, "pfx-sasl" },
    { "a letter too few", "pfx-sal", { "pfx-policy", "pfx-sasl" }, "pfx-sasl" },
    { "two letters turned", "pfx-slas", { "pfx-policy", "pfx-sasl" }, "pfx-sasl" },
    { "the first of two alike", "ab", { "ax", "ay" }, "ax" },
    { "a third and one", "abcxxx", { "abcdef" }, "abcdef" },
    { "more than that", "abxxxx", { "abcdef" }, NULL },
    { "part of it", "sasl", { "pfx-sasl" }, NULL },
    { "nothing is written", "", { "ab", "a" }, "a" },
    { "no names", "ab", { NULL }, NULL },
    { "the longest", NAME_64, { NAME_64 }, NAME_64 },
    { "too long", NAME_64 "q", { NAME_64 }, NULL },
    { "one that is too long", NAME_64, { NAME_64 "q" }, NULL },
};

START_TEST(nearest_is_the_name_with_the_fewest_letters_wrong)
{
    struct nearest nearest = nearest_of(rows[_i].written);

    for (size_t i = 0; rows[_i].names[i] != NULL; i++)
        nearest_try(&nearest, rows[_i].names[i]);
    unit_expect((nearest.best == NULL) == (rows[_i].best == NULL), rows[_i].name);
    if (rows[_i].best != NULL)
        ck_assert_msg(strcmp(nearest.best, rows[_i].best) == 0, "%s: got %s", rows[_i].name, nearest.best);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nearest");

    unit_add_loop(suite, "names", nearest_is_the_name_with_the_fewest_letters_wrong, UNIT_ROWS(rows));
    return unit_run(suite);
}
