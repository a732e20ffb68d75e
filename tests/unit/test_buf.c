#include "buf.h"

#include <signal.h>

#include "unit.h"

START_TEST(buf_init_holds_nothing)
{
    struct buf b;
    buf_init(&b, 10);
    ck_assert_ptr_null(b.p);
    ck_assert_uint_eq(buf_span(&b).n, 0);
    buf_free(&b);
}
END_TEST

START_TEST(buf_add_joins_bytes_in_order)
{
    struct buf b;
    buf_init(&b, 100);
    ck_assert(buf_add(&b, SPAN("one")));
    ck_assert(buf_add(&b, SPAN("")));
    ck_assert(buf_add(&b, SPAN("\0two")));
    unit_expect_span(buf_span(&b), SPAN("one\0two"), "joined");
    buf_free(&b);
}
END_TEST

START_TEST(buf_add_fills_to_the_ceiling_and_not_beyond)
{
    struct buf b;
    buf_init(&b, 5);
    ck_assert(buf_add(&b, SPAN("12345")));
    ck_assert(!buf_add(&b, SPAN("6")));
    ck_assert(buf_add(&b, SPAN("")));
    unit_expect_span(buf_span(&b), SPAN("12345"), "as before");
    ck_assert_uint_le(b.room, 5);
    buf_free(&b);
}
END_TEST

START_TEST(buf_add_too_much_at_once_leaves_content)
{
    struct buf b;
    buf_init(&b, 5);
    ck_assert(!buf_add(&b, SPAN("123456")));
    ck_assert_uint_eq(b.n, 0);
    ck_assert(buf_add(&b, SPAN("1234")));
    ck_assert(!buf_add(&b, SPAN("56")));
    unit_expect_span(buf_span(&b), SPAN("1234"), "as before");
    buf_free(&b);
}
END_TEST

START_TEST(buf_add_byte_by_byte_grows_to_any_ceiling)
{
    const size_t max = 100003;
    struct buf b;

    buf_init(&b, max);
    while (buf_add(&b, SPAN("x")))
        continue;
    ck_assert_uint_eq(b.n, max);
    ck_assert_uint_eq(b.room, max);
    buf_free(&b);
}
END_TEST

START_TEST(buf_reserve_gives_room_behind_the_content)
{
    struct buf b;
    buf_init(&b, 1000);
    ck_assert(buf_add(&b, SPAN("head")));
    char *to = buf_reserve(&b, 996);
    ck_assert_ptr_eq(to, b.p + 4);
    memset(to, 'x', 996);
    b.n += 996;
    ck_assert_ptr_null(buf_reserve(&b, 1));
    ck_assert_ptr_nonnull(buf_reserve(&b, 0));
    ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
    ck_assert_mem_eq(b.p, "headx", 5);
    buf_free(&b);
}
END_TEST

START_TEST(buf_extend_adds_bytes_for_the_caller_to_write)
{
    struct buf b;
    buf_init(&b, 1000);
    ck_assert(buf_add(&b, SPAN("head")));
    char *to = buf_extend(&b, 996);
    ck_assert_ptr_eq(to, b.p + 4);
    ck_assert_uint_eq(b.n, 1000);
    memset(to, 'x', 996);
    ck_assert_ptr_eq(buf_extend(&b, 0), b.p + 1000);
    ck_assert_uint_eq(b.n, 1000);
    ck_assert_mem_eq(b.p, "headx", 5);
    buf_free(&b);
}
END_TEST

/* Who calls it has counted: that is a mistake of the program. */
START_TEST(buf_extend_over_the_ceiling_aborts)
{
    struct buf b;
    buf_init(&b, 3);
    buf_extend(&b, 4);
}
END_TEST

START_TEST(buf_format_adds_text_up_to_the_ceiling)
{
    struct buf b;
    buf_init(&b, 8);
    ck_assert(buf_format(&b, "%s=%d", "a", 1));
    ck_assert(buf_format(&b, "%s", ""));
    ck_assert(!buf_format(&b, "%06d", 2));
    ck_assert(buf_format(&b, "%05d", 3));
    unit_expect_span(buf_span(&b), SPAN("a=100003"), "formatted");
    buf_free(&b);
}
END_TEST

START_TEST(buf_drop_removes_from_the_front)
{
    struct buf b;
    buf_init(&b, 10);
    buf_drop(&b, 0);
    ck_assert(buf_add(&b, SPAN("abcdefghij")));
    buf_drop(&b, 4);
    unit_expect_span(buf_span(&b), SPAN("efghij"), "after four");
    ck_assert(buf_add(&b, SPAN("klmn")));
    buf_drop(&b, 10);
    ck_assert_uint_eq(b.n, 0);
    buf_free(&b);
}
END_TEST

START_TEST(buf_clear_keeps_memory_and_free_keeps_the_ceiling)
{
    struct buf b;
    buf_init(&b, 3);
    ck_assert(buf_add(&b, SPAN("abc")));
    const char *before = b.p;
    buf_clear(&b);
    ck_assert_uint_eq(b.n, 0);
    ck_assert_ptr_eq(b.p, before);

    buf_free(&b);
    ck_assert_ptr_null(b.p);
    ck_assert(buf_add(&b, SPAN("abc")));
    ck_assert(!buf_add(&b, SPAN("d")));
    buf_free(&b);
    buf_free(&b);
}
END_TEST

static bool is_wiped(const char *p, size_t n)
{
    while (n > 0 && p[n - 1] == '\0')
        n--;
    return n == 0;
}

static void begin_secret(struct buf *b, size_t max)
{
    buf_init(b, max);
    b->secret = true;
}

START_TEST(buf_drop_wipes_what_a_secret_buffer_loses)
{
    struct buf b;
    begin_secret(&b, 100);
    ck_assert(buf_add(&b, SPAN("password, rest")));
    buf_drop(&b, 10);
    unit_expect_span(buf_span(&b), SPAN("rest"), "what is left");
    ck_assert(is_wiped(b.p + b.n, 10));
    buf_drop(&b, 4);
    ck_assert_uint_eq(b.n, 0);
    ck_assert(is_wiped(b.p, 14));
    buf_free(&b);
}
END_TEST

START_TEST(buf_clear_wipes_the_whole_room_of_a_secret_buffer)
{
    struct buf b;
    begin_secret(&b, 1000);
    ck_assert(buf_add(&b, SPAN("password")));
    memset(buf_reserve(&b, 100), 'x', 100); /* written, and then not kept */
    buf_clear(&b);
    ck_assert_uint_eq(b.n, 0);
    ck_assert(is_wiped(b.p, b.room));
    buf_free(&b);
}
END_TEST

START_TEST(buf_secret_keeps_its_content_when_it_grows)
{
    struct buf b;
    begin_secret(&b, 100003);
    for (size_t i = 0; i < b.max; i++)
        ck_assert(buf_add(&b, i % 2 == 0 ? SPAN("a") : SPAN("b")));
    ck_assert(!buf_add(&b, SPAN("c")));
    for (size_t i = 0; i < b.n; i++)
        ck_assert_int_eq(b.p[i], i % 2 == 0 ? 'a' : 'b');
    ck_assert_str_eq(buf_text(&b) + b.n - 3, "aba");
    buf_free(&b);
}
END_TEST

START_TEST(buf_secret_stays_secret_when_it_is_freed)
{
    struct buf b;
    begin_secret(&b, 10);
    buf_clear(&b);
    buf_free(&b);
    ck_assert(buf_add(&b, SPAN("password")));
    buf_free(&b);
    ck_assert(b.secret);
    ck_assert_ptr_null(b.p);
    ck_assert(buf_format(&b, "%s", "password"));
    buf_drop(&b, 8);
    ck_assert(is_wiped(b.p, 8));
    buf_free(&b);
}
END_TEST

START_TEST(buf_empty_keeps_memory_up_to_a_size)
{
    struct buf b;
    buf_init(&b, 10000);
    ck_assert(buf_add(&b, SPAN("x")));
    const char *place = b.p;
    buf_empty(&b, b.room);
    ck_assert_ptr_eq(b.p, place);
    ck_assert_uint_eq(b.n, 0);
    buf_empty(&b, b.room - 1);
    ck_assert_ptr_null(b.p);
    ck_assert(buf_add(&b, SPAN("again")));
    buf_free(&b);
}
END_TEST

static void add_aborts(Suite *suite)
{
    TCase *tcase = unit_case("aborts");

    tcase_add_test_raise_signal(tcase, buf_extend_over_the_ceiling_aborts, SIGABRT);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("buf");

    unit_add(suite, "buf",
             (const TTest *const[]){
                 buf_init_holds_nothing, buf_add_joins_bytes_in_order, buf_add_fills_to_the_ceiling_and_not_beyond,
                 buf_add_too_much_at_once_leaves_content, buf_add_byte_by_byte_grows_to_any_ceiling,
                 buf_reserve_gives_room_behind_the_content, buf_extend_adds_bytes_for_the_caller_to_write,
                 buf_format_adds_text_up_to_the_ceiling,
                 buf_drop_removes_from_the_front, buf_clear_keeps_memory_and_free_keeps_the_ceiling,
                 buf_empty_keeps_memory_up_to_a_size, NULL });
    unit_add(suite, "secret",
             (const TTest *const[]){ buf_drop_wipes_what_a_secret_buffer_loses,
                                     buf_clear_wipes_the_whole_room_of_a_secret_buffer,
                                     buf_secret_keeps_its_content_when_it_grows,
                                     buf_secret_stays_secret_when_it_is_freed, NULL });
    add_aborts(suite);
    return unit_run(suite);
}
