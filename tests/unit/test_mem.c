/* With it explicit_bzero() is an inline function of the header, and could not be defined here. */
#undef _FORTIFY_SOURCE

#include "mem.h"

#include <stdint.h>
#include <sys/wait.h>

#include "unit.h"

#define REPORTED_STATUS 7

/* Stands in for the C library's, to see what is wiped before it is given back. */
static const void *wiped;
static size_t wiped_bytes;

static void wipe(void *p, size_t n)
{
    wiped = p;
    wiped_bytes = n;
    memset(p, 0, n);
}

void explicit_bzero(void *p, size_t n)
{
    wipe(p, n);
}

void __explicit_bzero_chk(void *p, size_t n, size_t object_bytes);
void __explicit_bzero_chk(void *p, size_t n, size_t object_bytes)
{
    ck_assert_uint_le(n, object_bytes);
    wipe(p, n);
}

/* Asked by the address sanitizer, whose allocator then refuses as malloc(3) does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static bool is_zero(const void *block, size_t n)
{
    const unsigned char *p = block;
    while (n > 0 && p[n - 1] == 0)
        n--;
    return n == 0;
}

START_TEST(mem_alloc_block_is_zeroed)
{
    char *dirty = mem_alloc(1000);
    memset(dirty, 'x', 1000);
    mem_free(dirty);

    char *block = mem_alloc(1000);
    ck_assert(is_zero(block, 1000));
    mem_free(block);
}
END_TEST

START_TEST(mem_alloc_of_nothing_is_still_a_block)
{
    void *block = mem_alloc(0);
    ck_assert_ptr_nonnull(block);
    block = mem_resize(block, 0);
    ck_assert_ptr_nonnull(block);
    mem_free(block);
    mem_free(NULL);
}
END_TEST

START_TEST(mem_resize_keeps_what_was_there)
{
    char *block = mem_copy("abc", 3);
    block = mem_resize(block, 100000);
    ck_assert_mem_eq(block, "abc", 4);
    mem_free(block);
}
END_TEST

START_TEST(mem_copy_adds_a_final_nul)
{
    char *copy = mem_copy("a\0bc", 3);
    ck_assert_mem_eq(copy, "a\0b\0", 4);
    mem_free(copy);

    copy = mem_copy(NULL, 0);
    ck_assert_str_eq(copy, "");
    mem_free(copy);
}
END_TEST

START_TEST(mem_string_of_null_is_null)
{
    char *copy = mem_string("text");
    ck_assert_str_eq(copy, "text");
    mem_free(copy);
    ck_assert_ptr_null(mem_string(NULL));
}
END_TEST

START_TEST(mem_format_makes_a_text_of_any_length)
{
    char *text = mem_format("%s-%d", "x", 42);
    ck_assert_str_eq(text, "x-42");
    mem_free(text);

    text = mem_format("%5000d", 1);
    ck_assert_uint_eq(strlen(text), 5000);
    mem_free(text);
}
END_TEST

START_TEST(mem_wipe_leaves_zeros)
{
    char secret[] = "secret";
    mem_wipe(secret, sizeof(secret));
    ck_assert(is_zero(secret, sizeof(secret)));
    mem_wipe(NULL, 0);
}
END_TEST

START_TEST(mem_wiping_free_wipes_the_whole_block)
{
    char *block = malloc(1000);
    ck_assert_ptr_nonnull(block);
    memset(block, 'x', 1000);
    const void *place = block;
    mem_wiping_free(block);
    ck_assert_ptr_eq(wiped, place);
    ck_assert_uint_ge(wiped_bytes, 1000);

    wiped = NULL;
    mem_wiping_free(NULL);
    ck_assert_ptr_null(wiped);
}
END_TEST

START_TEST(mem_wiping_realloc_wipes_what_it_moves_from)
{
    char *block = mem_wiping_realloc(NULL, 6);
    ck_assert_ptr_nonnull(block);
    ck_assert_ptr_null(wiped);
    memcpy(block, "secret", 6);
    static const size_t sizes[] = { 7, 1000, 100000, 50, 6, 200000 };
    size_t most = 6;
    for (int i = 0; i < UNIT_ROWS(sizes); i++) {
        const void *place = block;
        wiped = NULL;
        block = mem_wiping_realloc(block, sizes[i]);
        ck_assert_mem_eq(block, "secret", 6);
        ck_assert_ptr_eq(wiped, block == place ? NULL : place);
        if (wiped != NULL)
            ck_assert_uint_ge(wiped_bytes, most);
        ck_assert_msg(block != place || sizes[i] <= 1000 || sizes[i] <= most, "grew to %zu in its place", sizes[i]);
        most = sizes[i] > most ? sizes[i] : most;
        memset(block + 6, 'x', sizes[i] - 6);
    }
    mem_wiping_free(block);
}
END_TEST

START_TEST(mem_grow_keeps_elements_and_zeroes_new_ones)
{
    size_t room = 0;
    unsigned *numbers = NULL;

    for (unsigned i = 0; i < 1000; i++) {
        numbers = mem_grow(numbers, i, &room, sizeof(*numbers));
        ck_assert_uint_gt(room, i);
        ck_assert(is_zero(numbers + i, (room - i) * sizeof(*numbers)));
        numbers[i] = i + 1;
    }
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(numbers[i], i + 1);
    mem_free(numbers);
}
END_TEST

static void report(const char *text)
{
    _exit(strcmp(text, "out of memory") == 0 ? REPORTED_STATUS : 1);
}

static void report_and_return(const char *text)
{
    (void)text;
}

static void demand_alloc(void)
{
    mem_free(mem_alloc(PTRDIFF_MAX));
}

static void demand_resize(void)
{
    static void *volatile block; /* the process ends with it */
    block = mem_alloc(1);
    mem_free(mem_resize(block, PTRDIFF_MAX));
}

static void demand_wiping_resize(void)
{
    volatile size_t bytes = PTRDIFF_MAX;
    mem_wiping_free(mem_wiping_realloc(mem_alloc(6), bytes));
}

static void demand_array(void)
{
    mem_free(mem_array(SIZE_MAX / 2 + 2, 2));
}

static void demand_grown(void)
{
    size_t room = 0;
    mem_free(mem_grow(NULL, SIZE_MAX / 4, &room, 8));
}

static const struct {
    const char *name;
    void (*demand)(void);
} too_much[] = {
    { "more than there is", demand_alloc },
    { "resized to more than there is", demand_resize },
    { "a library's block resized to more than there is", demand_wiping_resize },
    { "count * bytes overflows to a small number", demand_array },
    { "an array grown beyond what can be counted", demand_grown },
};

/* A child of its own: the process is expected to end. */
static int exit_status(void (*demand)(void), void (*hook)(const char *text))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        mem_on_exhausted(hook);
        demand();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(mem_exhausted_reports_and_ends_the_process)
{
    unit_expect(exit_status(too_much[_i].demand, report) == REPORTED_STATUS, too_much[_i].name);
    unit_expect(exit_status(too_much[_i].demand, report_and_return) == 1, too_much[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mem");

    unit_add(suite, "blocks",
             (const TTest *const[]){ mem_alloc_block_is_zeroed, mem_alloc_of_nothing_is_still_a_block,
                                     mem_resize_keeps_what_was_there, mem_copy_adds_a_final_nul,
                                     mem_string_of_null_is_null, mem_format_makes_a_text_of_any_length,
                                     mem_wipe_leaves_zeros, mem_grow_keeps_elements_and_zeroes_new_ones, NULL });
    unit_add(suite, "for a library",
             (const TTest *const[]){ mem_wiping_free_wipes_the_whole_block, mem_wiping_realloc_wipes_what_it_moves_from,
                                     NULL });
    unit_add_loop(suite, "exhausted", mem_exhausted_reports_and_ends_the_process, UNIT_ROWS(too_much));
    return unit_run(suite);
}
