/*
 * What the unit tests share: input against an unreadable page, tables, one main.
 *
 * A test reads as a sentence; a row of a table begins with a name for people, which a failure prints.
 */
#ifndef PFX_UNIT_H
#define PFX_UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec.h"
#include "span.h"

#define UNIT_BYTES(literal) { "" literal, sizeof(literal) - 1 }
#define UNIT_ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))
#define UNIT_SHOWN_BYTES 60
#define UNIT_LIMIT_S     60

/* Says which row failed, and what came instead. */
#define unit_expect(condition, row_name) ck_assert_msg((condition), "%s: expected %s", (row_name), #condition)
#define unit_expect_span(actual, expected, row_name) \
    unit_compare((actual), (expected), (row_name), __FILE__, __LINE__)

static inline void unit_compare(struct span actual, struct span expected, const char *row_name, const char *file,
                                int line)
{
    int shown = actual.n < UNIT_SHOWN_BYTES ? (int)actual.n : UNIT_SHOWN_BYTES;
    ck_assert_msg(span_equal(actual, expected), "%s:%d: %s: got %zu bytes \"%.*s\", expected %zu bytes", file, line,
                  row_name, actual.n, shown, actual.n == 0 ? "" : actual.p, expected.n);
}

/* Where n bytes go that end at an unreadable page: reading or writing one more kills the test. */
static inline char *unit_guard(size_t n)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t data = (n / page + 1) * page;
    char *map = mmap(NULL, data + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_msg(map != MAP_FAILED, "mmap");
    ck_assert_int_eq(mprotect(map + data, page, PROT_NONE), 0);
    return map + data - n;
}

static inline struct span unit_guarded(const char *bytes, size_t n)
{
    char *copy = unit_guard(n);
    if (n > 0)
        memcpy(copy, bytes, n);
    return span_make(copy, n);
}

static inline struct span unit_guarded_span(struct span bytes)
{
    return unit_guarded(bytes.p, bytes.n);
}

/* Every proper prefix of a good message is MORE, the message itself is OK and used up. */
static inline void unit_every_prefix_is_more(struct span message, const char *row_name,
                                             enum codec_result (*decode)(struct span in, size_t *used))
{
    char *end = unit_guard(message.n) + message.n;

    for (size_t n = 0; n <= message.n; n++) {
        bool whole = n == message.n;
        size_t used = SIZE_MAX;
        if (n > 0)
            memcpy(end - n, message.p, n);
        enum codec_result result = decode(span_make(end - n, n), &used);
        ck_assert_msg(result == (whole ? CODEC_OK : CODEC_MORE), "%s: result %d after %zu of %zu bytes", row_name,
                      (int)result, n, message.n);
        ck_assert_msg(used == (whole ? n : 0), "%s: %zu bytes used of %zu", row_name, used, n);
    }
}

/* An encoder for one value: fits exactly, and with one byte less touches nothing. */
static inline void unit_encodes(struct span expected, const char *row_name,
                                size_t (*encode)(char *out, size_t size, const void *value), const void *value)
{
    const size_t n = expected.n;
    char *out = unit_guard(n);

    ck_assert_msg(encode(NULL, 0, value) == n, "%s: size %zu, expected %zu", row_name, encode(NULL, 0, value), n);
    if (n > 0) {
        memset(out, '#', n);
        ck_assert_msg(encode(out, n - 1, value) == n, "%s: another size when it does not fit", row_name);
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(out[i] == '#', "%s: byte %zu was written though the whole does not fit", row_name, i);
    }
    ck_assert_msg(encode(out, n, value) == n, "%s: another size when it fits", row_name);
    unit_expect_span(span_make(out, n), expected, row_name);
}

/* Every test has the same time, which is long for a machine that is busy with something else. */
static inline TCase *unit_case(const char *function)
{
    TCase *tcase = tcase_create(function);
    tcase_set_timeout(tcase, UNIT_LIMIT_S);
    return tcase;
}

static inline void unit_add(Suite *suite, const char *function, const TTest *const *tests)
{
    TCase *tcase = unit_case(function);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

static inline void unit_add_loop(Suite *suite, const char *function, const TTest *test, int rows)
{
    TCase *tcase = unit_case(function);
    tcase_add_loop_test(tcase, test, 0, rows);
    suite_add_tcase(suite, tcase);
}

static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
