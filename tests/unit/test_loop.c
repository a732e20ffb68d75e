#include "loop.h"

#include <fcntl.h>

#include "loop_fixture.h"

#define TIMERS 200

struct test_timer {
    struct loop_timer timer;
    int id;
    int fired;
};

static int order[2 * TIMERS];
static int fired_count;

static void note(struct loop_timer *timer)
{
    struct test_timer *mine = LOOP_OWNER(timer, struct test_timer, timer);

    ck_assert(!loop_is_armed(timer));
    mine->fired++;
    order[fired_count++] = mine->id;
}

START_TEST(loop_timers_fire_in_order_of_time)
{
    struct test_timer timers[TIMERS];
    int64_t last_ms = 0;

    for (int i = 0; i < TIMERS; i++) {
        timers[i] = (struct test_timer){ .timer.due = note, .id = i };
        loop_at(&fixture_loop, &timers[i].timer, fixture_now_ms + 1 + i * 7919 % TIMERS);
    }
    fixture_turns(1);
    ck_assert_int_eq(fired_count, 0);
    fixture_move_clock(TIMERS + 1);
    fixture_turns(1);
    ck_assert_int_eq(fired_count, TIMERS);
    for (int i = 0; i < TIMERS; i++) {
        ck_assert_int_ge(timers[order[i]].timer.at_ms, last_ms);
        last_ms = timers[order[i]].timer.at_ms;
        ck_assert_int_eq(timers[i].fired, 1);
    }
}
END_TEST

START_TEST(loop_timer_fires_at_its_time_and_not_before)
{
    struct test_timer one = { .timer.due = note };

    loop_at(&fixture_loop, &one.timer, fixture_now_ms + 50);
    ck_assert(loop_is_armed(&one.timer));
    fixture_move_clock(49);
    fixture_turns(1);
    ck_assert_int_eq(one.fired, 0);
    fixture_move_clock(1);
    fixture_turns(2);
    ck_assert_int_eq(one.fired, 1);
}
END_TEST

START_TEST(loop_timer_in_the_past_fires_in_the_next_turn)
{
    struct test_timer one = { .timer.due = note };

    loop_at(&fixture_loop, &one.timer, fixture_now_ms - 50);
    ck_assert_int_eq(one.fired, 0);
    fixture_turns(1);
    ck_assert_int_eq(one.fired, 1);
}
END_TEST

START_TEST(loop_cancelled_timer_does_not_fire)
{
    struct test_timer timers[TIMERS];

    for (int i = 0; i < TIMERS; i++) {
        timers[i] = (struct test_timer){ .timer.due = note, .id = i };
        loop_at(&fixture_loop, &timers[i].timer, fixture_now_ms + i * 37 % TIMERS);
    }
    for (int i = 0; i < TIMERS; i += 3) {
        loop_cancel(&fixture_loop, &timers[i].timer);
        loop_cancel(&fixture_loop, &timers[i].timer);
        ck_assert(!loop_is_armed(&timers[i].timer));
    }
    fixture_move_clock(TIMERS);
    fixture_turns(1);
    for (int i = 0; i < TIMERS; i++)
        ck_assert_int_eq(timers[i].fired, i % 3 == 0 ? 0 : 1);
    for (int i = 1; i < fired_count; i++)
        ck_assert_int_le(timers[order[i - 1]].timer.at_ms, timers[order[i]].timer.at_ms);
}
END_TEST

START_TEST(loop_moved_timer_fires_once_at_its_new_time)
{
    struct test_timer timers[3];

    for (int i = 0; i < 3; i++) {
        timers[i] = (struct test_timer){ .timer.due = note, .id = i };
        loop_at(&fixture_loop, &timers[i].timer, fixture_now_ms + 10 * (i + 1));
    }
    loop_at(&fixture_loop, &timers[0].timer, fixture_now_ms + 100);
    loop_at(&fixture_loop, &timers[2].timer, fixture_now_ms + 5);
    fixture_move_clock(50);
    fixture_turns(1);
    ck_assert_int_eq(fired_count, 2);
    ck_assert_int_eq(order[0], 2);
    ck_assert_int_eq(order[1], 1);
    fixture_move_clock(50);
    fixture_turns(1);
    ck_assert_int_eq(fired_count, 3);
    ck_assert_int_eq(order[2], 0);
}
END_TEST

static void note_and_arm_again(struct loop_timer *timer)
{
    note(timer);
    loop_at(&fixture_loop, timer, fixture_loop.now_ms);
}

START_TEST(loop_timer_that_arms_itself_for_now_fires_once_a_turn)
{
    struct test_timer again = { .timer.due = note_and_arm_again };

    loop_at(&fixture_loop, &again.timer, fixture_now_ms);
    for (int turn = 1; turn <= 3; turn++) {
        fixture_turns(1);
        ck_assert_int_eq(again.fired, turn);
    }
    loop_cancel(&fixture_loop, &again.timer);
}
END_TEST

/* loop.h: what a callback arms for a time that has come fires in the next turn, whatever else is armed. */
START_TEST(loop_timer_that_arms_itself_for_now_fires_once_a_turn_among_others)
{
    struct test_timer again = { .timer.due = note_and_arm_again };
    struct test_timer later[3];

    for (int i = 0; i < 3; i++) {
        later[i] = (struct test_timer){ .timer.due = note };
        loop_at(&fixture_loop, &later[i].timer, fixture_now_ms + 1000);
    }
    loop_at(&fixture_loop, &again.timer, fixture_now_ms);
    fixture_turns(1);
    ck_assert_int_eq(again.fired, 1);
    loop_cancel(&fixture_loop, &again.timer);
}
END_TEST

static struct test_timer victim;

static void note_and_cancel_victim(struct loop_timer *timer)
{
    note(timer);
    loop_cancel(&fixture_loop, &victim.timer);
}

START_TEST(loop_timer_that_another_cancels_in_the_same_turn_does_not_fire)
{
    struct test_timer killer = { .timer.due = note_and_cancel_victim };

    victim = (struct test_timer){ .timer.due = note };
    loop_at(&fixture_loop, &killer.timer, fixture_now_ms);
    loop_at(&fixture_loop, &victim.timer, fixture_now_ms + 1);
    fixture_move_clock(5);
    fixture_turns(2);
    ck_assert_int_eq(killer.fired, 1);
    ck_assert_int_eq(victim.fired, 0);
}
END_TEST

struct test_pipe {
    struct loop_io io;
    int writer;
    int readied;
    uint32_t events;
    struct test_pipe *other; /* removed, closed and spoilt by the first callback */
};

static void open_pipe(struct test_pipe *p, void (*ready)(struct loop_io *io, uint32_t events))
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    *p = (struct test_pipe){ .io = { .fd = ends[0], .events = EPOLLIN, .ready = ready }, .writer = ends[1] };
}

static void close_pipe(struct test_pipe *p)
{
    if (p->io.fd < 0)
        return;
    loop_remove(&fixture_loop, &p->io);
    close(p->io.fd);
    close(p->writer);
    p->io.fd = -1;
}

static void count_event(struct loop_io *io, uint32_t events)
{
    struct test_pipe *p = LOOP_OWNER(io, struct test_pipe, io);
    p->readied++;
    p->events = events;
}

static void remove_other(struct loop_io *io, uint32_t events)
{
    struct test_pipe *p = LOOP_OWNER(io, struct test_pipe, io);

    count_event(io, events);
    close_pipe(p->other);
}

START_TEST(loop_io_gets_its_events_while_they_last)
{
    struct test_pipe p;
    char byte;

    open_pipe(&p, count_event);
    ck_assert_int_eq(write(p.writer, "x", 1), 1);
    ck_assert(loop_add(&fixture_loop, &p.io));
    ck_assert_int_eq(p.readied, 0);
    fixture_turns(2);
    ck_assert_int_eq(p.readied, 2);
    ck_assert_uint_eq(p.events, EPOLLIN);
    loop_change(&fixture_loop, &p.io, 0);
    fixture_turns(2);
    ck_assert_int_eq(p.readied, 2);
    ck_assert_int_eq(read(p.io.fd, &byte, 1), 1);
    loop_change(&fixture_loop, &p.io, EPOLLIN);
    fixture_turns(2);
    ck_assert_int_eq(p.readied, 2);
    close_pipe(&p);
}
END_TEST

START_TEST(loop_io_without_interest_still_sees_hang_up)
{
    struct test_pipe p;

    open_pipe(&p, count_event);
    p.io.events = 0;
    ck_assert(loop_add(&fixture_loop, &p.io));
    close(p.writer);
    fixture_turns(1);
    ck_assert_int_eq(p.readied, 1);
    ck_assert(p.events & EPOLLHUP);
    p.writer = open("/dev/null", O_WRONLY | O_CLOEXEC);
    close_pipe(&p);
}
END_TEST

START_TEST(loop_io_removed_by_an_earlier_callback_of_the_turn_gets_no_event)
{
    struct test_pipe *pair = calloc(2, sizeof(*pair));

    for (int i = 0; i < 2; i++) {
        open_pipe(&pair[i], remove_other);
        pair[i].other = &pair[1 - i];
        ck_assert_int_eq(write(pair[i].writer, "x", 1), 1);
        ck_assert(loop_add(&fixture_loop, &pair[i].io));
    }
    fixture_turns(1);
    ck_assert_int_eq(pair[0].readied + pair[1].readied, 1);
    for (int i = 0; i < 2; i++)
        close_pipe(&pair[i]);
    free(pair);
}
END_TEST

START_TEST(loop_add_of_a_closed_descriptor_fails)
{
    struct loop_io io = { .fd = -1, .events = EPOLLIN, .ready = count_event };
    ck_assert(!loop_add(&fixture_loop, &io));
}
END_TEST

static void stop(struct loop_timer *timer)
{
    note(timer);
    loop_stop(&fixture_loop);
}

START_TEST(loop_run_ends_after_loop_stop)
{
    struct test_timer stopper = { .timer.due = stop };
    struct test_timer later = { .timer.due = note };

    fixture_tick_ms = 1;
    loop_at(&fixture_loop, &stopper.timer, fixture_now_ms + 3);
    loop_at(&fixture_loop, &later.timer, fixture_now_ms + 100000);
    loop_run(&fixture_loop);
    ck_assert_int_eq(stopper.fired, 1);
    ck_assert_int_eq(later.fired, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop");
    const TTest *const tests[] = { loop_timers_fire_in_order_of_time,
                                   loop_timer_fires_at_its_time_and_not_before,
                                   loop_timer_in_the_past_fires_in_the_next_turn,
                                   loop_cancelled_timer_does_not_fire,
                                   loop_moved_timer_fires_once_at_its_new_time,
                                   loop_timer_that_arms_itself_for_now_fires_once_a_turn,
                                   loop_timer_that_arms_itself_for_now_fires_once_a_turn_among_others,
                                   loop_timer_that_another_cancels_in_the_same_turn_does_not_fire,
                                   loop_io_gets_its_events_while_they_last,
                                   loop_io_without_interest_still_sees_hang_up,
                                   loop_io_removed_by_an_earlier_callback_of_the_turn_gets_no_event,
                                   loop_add_of_a_closed_descriptor_fails,
                                   loop_run_ends_after_loop_stop };
    TCase *tcase = unit_case("loop");

    tcase_add_checked_fixture(tcase, fixture_loop_begin, fixture_loop_end);
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
