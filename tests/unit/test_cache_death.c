#include "cache_stripe.h"

#include <sched.h>
#include <sys/ptrace.h>

#include "cache_fixture.h"

#define KILLS           4 /* of one operation */
#define DEATHS          1000
#define NUMBERS         40
#define VICTIM          20 /* the key that the operation is about */
#define STRIPE_BYTES    2048
#define VALUE_MAX_BYTES 100

static char *memory;
static char snapshot[STRIPE_BYTES];
static _Alignas(64) char image[STRIPE_BYTES];
static struct cache_stripe stripe, shared;
static int64_t now_ms;

static struct span value_of(unsigned number, unsigned version)
{
    struct span value = fixture_value(number, version);
    return span_first(value, value.n < VALUE_MAX_BYTES ? value.n : VALUE_MAX_BYTES);
}

/* What runs in a child that is to be killed asserts nothing: it would die in a word to its parent. */
static bool try_to_put(unsigned number, unsigned version)
{
    return fixture_ring_put(&stripe.ring, fixture_name(number), value_of(number, version), now_ms);
}

static void put(unsigned number, unsigned version)
{
    ck_assert(try_to_put(number, version));
}

static void use_all(void)
{
    for (unsigned i = 0; i < NUMBERS; i++) {
        struct cache_record *record = fixture_ring_find(&stripe.ring, fixture_name(i));
        if (record != NULL)
            record->used = 1;
    }
}

static void fill_ring(void)
{
    for (unsigned i = 0; i < NUMBERS; i++)
        if (i != VICTIM)
            put(i, 0);
}

static void fill_with_victim(void)
{
    fill_ring();
    put(VICTIM, 0);
    put(0, 0);
    put(1, 0);
}

static void fill_and_use(void)
{
    fill_ring();
    use_all();
}

/* Until less is left before the end of the ring than a record takes: the last one is made to measure. */
static void fill_to_the_end(void)
{
    static const char filler[STRIPE_BYTES];
    const struct span key = SPAN("the last key");
    const size_t least = sizeof(struct cache_record) + key.n, most = least + VALUE_MAX_BYTES;
    size_t left = 0;

    fill_ring();
    for (unsigned i = 0; i < 100 * NUMBERS; i++) {
        left = stripe.ring.size - stripe.head->ring.head % stripe.ring.size - 2 * CACHE_RECORD_ALIGN_BYTES;
        if (left >= least && left <= most)
            break;
        put(i % VICTIM, 0);
    }
    ck_assert(left >= least && left <= most);
    ck_assert(fixture_ring_put(&stripe.ring, key, span_make(filler, left - least), now_ms));
    ck_assert_uint_eq(stripe.head->ring.head % stripe.ring.size, stripe.ring.size - 2 * CACHE_RECORD_ALIGN_BYTES);
}

static void fill_and_use_to_the_end(void)
{
    fill_to_the_end();
    use_all();
}

/* An index that somebody died over. */
static void fill_and_die(void)
{
    fill_with_victim();
    pid_t child = fork();
    if (child == 0)
        _exit(cache_stripe_lock(&stripe) == CACHE_LOCKED ? 0 : 1);
    fixture_join(child);
}

static void put_victim(void)
{
    if (!try_to_put(VICTIM, 1))
        abort();
}

static void drop_victim(void)
{
    cache_ring_drop(&stripe.ring, siphash(&fixture_key, fixture_name(VICTIM)), fixture_name(VICTIM));
}

static void clear(void)
{
    cache_ring_clear(&stripe.ring);
}

static void lock_orphan(void)
{
    if (cache_stripe_lock(&stripe) == CACHE_LOCKED)
        cache_stripe_unlock(&stripe);
}

struct operation {
    const char *name;
    void (*prepare)(void);
    void (*act)(void);
    unsigned may_lose;  /* of what is there before and after it: the one that is being moved */
    bool takes_lock;
    bool keeps_victim; /* the key that it is about is there in one version or the other */
};

static const struct operation operations[] = {
    { "put", fill_ring, put_victim, 0, false, false },
    { "put over an older one", fill_with_victim, put_victim, 0, false, true },
    { "put that moves used ones", fill_and_use, put_victim, 1, false, false },
    { "put before the end of the ring", fill_to_the_end, put_victim, 0, false, false },
    { "put that moves at the end of the ring", fill_and_use_to_the_end, put_victim, 1, false, false },
    { "drop", fill_with_victim, drop_victim, 0, false, false },
    { "clear", fill_with_victim, clear, 0, false, false },
    { "repair", fill_and_die, lock_orphan, 0, true, true },
};

static void death_begin(void)
{
    now_ms = clock_wall_ms();
    memory = mmap(NULL, STRIPE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    cache_stripe_lay_out(&stripe, &fixture_key, memory, STRIPE_BYTES);
    cache_stripe_make(&stripe);
    shared = stripe;
}

static void death_end(void)
{
    munmap(memory, STRIPE_BYTES);
}

static void lock(void)
{
    ck_assert_int_eq(cache_stripe_lock(&stripe), CACHE_LOCKED);
}

static void run(const struct operation *operation)
{
    if (!operation->takes_lock && cache_stripe_lock(&stripe) != CACHE_LOCKED)
        _exit(1);
    raise(SIGSTOP);
    operation->act();
    if (!operation->takes_lock)
        cache_stripe_unlock(&stripe);
    raise(SIGSTOP);
    _exit(1);
}

/* A child that has stopped just before the operation. */
static pid_t start(const struct operation *operation)
{
    int status;

    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        run(operation);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    return child;
}

/* False: the operation is over. */
static bool step(pid_t child)
{
    int status;

    ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSTOPPED(status));
    return WSTOPSIG(status) != SIGSTOP;
}

static void die(const struct operation *operation, unsigned steps)
{
    pid_t child = start(operation);

    while (steps-- > 0 && step(child))
        continue;
    fixture_kill(child);
}

/* In the middle of one of many operations, when so many bytes were written, or a little later. */
static void die_at(uint64_t bytes)
{
    const volatile uint64_t *head = &stripe.head->ring.head;
    uint64_t start_at = *head;

    pid_t child = fork();
    if (child == 0) {
        bool is_fine = cache_stripe_lock(&stripe) == CACHE_LOCKED;
        for (unsigned i = 0; is_fine; i++)
            is_fine = try_to_put((i + VICTIM) % NUMBERS, 0);
        _exit(1);
    }
    while (*head - start_at <= bytes)
        sched_yield();
    fixture_kill(child);
}

/* The version that is there, or -1. */
static int version_of(unsigned number)
{
    struct cache_record *record = fixture_ring_find(&stripe.ring, fixture_name(number));

    if (record == NULL)
        return -1;
    int version = span_equal(cache_record_value(record), value_of(number, 0)) ? 0 : 1;
    unit_expect_span(cache_record_value(record), value_of(number, (unsigned)version), "value");
    ck_assert_uint_eq(cache_record_check(&fixture_key, record, cache_record_value(record)), record->check);
    return version;
}

static unsigned count(void)
{
    const struct cache_record *record;
    enum cache_found found;
    uint64_t at = 0;
    unsigned n = 0;

    while ((found = cache_ring_next(&stripe.ring, &at, &record)) == CACHE_FOUND)
        n++;
    ck_assert_int_eq(found, CACHE_ABSENT);
    ck_assert_uint_eq(n, stripe.head->ring.records);
    return n;
}

/* The records that are there before the operation and after it. */
static void find_survivors(const struct operation *operation, bool survives[NUMBERS])
{
    operation->prepare();
    memcpy(snapshot, memory, STRIPE_BYTES);
    if (operation->takes_lock)
        lock_orphan();
    for (unsigned i = 0; i < NUMBERS; i++)
        survives[i] = i != VICTIM && version_of(i) == 0;
    operation->act();
    for (unsigned i = 0; i < NUMBERS; i++)
        survives[i] &= version_of(i) == 0;
    memcpy(memory, snapshot, STRIPE_BYTES);
}

/* The lock is held. */
static void expect_intact(const struct operation *operation, const bool survives[NUMBERS], unsigned point)
{
    unsigned lost = 0;

    for (unsigned i = 0; i < NUMBERS; i++) {
        int version = version_of(i);
        lost += survives[i] && version != 0;
        ck_assert_msg(i == VICTIM || version <= 0, "%s, %u: key %u", operation->name, point, i);
    }
    ck_assert_msg(lost <= operation->may_lose, "%s, %u: %u lost", operation->name, point, lost);
    ck_assert_msg(!operation->keeps_victim || version_of(VICTIM) >= 0, "%s, %u: key lost", operation->name, point);
    count();
    put(VICTIM, 1);
    ck_assert_int_eq(version_of(VICTIM), 1);
    count();
}

/* What a process would leave behind that dies now, which it does not: a copy is repaired. */
static void expect_image_intact(const struct operation *operation, const bool survives[NUMBERS], unsigned point)
{
    memcpy(image, memory, STRIPE_BYTES);
    cache_stripe_lay_out(&stripe, &fixture_key, image, STRIPE_BYTES);
    ck_assert(cache_ring_rebuild(&stripe.ring, &fixture_key, now_ms));
    expect_intact(operation, survives, point);
    stripe = shared;
}

/* After every instruction that has changed something. Returns how many instructions there are. */
static unsigned expect_intact_throughout(const struct operation *operation, const bool survives[NUMBERS])
{
    static char before[STRIPE_BYTES];
    unsigned steps = 0, changes = 0;

    pid_t child = start(operation);
    memcpy(before, memory, STRIPE_BYTES);
    for (; step(child); steps++) {
        if (memcmp(before, memory, STRIPE_BYTES) == 0)
            continue;
        memcpy(before, memory, STRIPE_BYTES);
        expect_image_intact(operation, survives, steps);
        changes++;
    }
    fixture_kill(child);
    ck_assert_uint_gt(changes, 3);
    return steps;
}

START_TEST(cache_death_anywhere_loses_nothing_else)
{
    const struct operation *operation = &operations[_i];
    bool survives[NUMBERS];

    find_survivors(operation, survives);
    unsigned steps = expect_intact_throughout(operation, survives);
    for (unsigned n = 0; n < KILLS; n++) {
        memcpy(memory, snapshot, STRIPE_BYTES);
        die(operation, steps * n / KILLS);
        lock();
        expect_intact(operation, survives, n);
        cache_stripe_unlock(&stripe);
    }
}
END_TEST

START_TEST(cache_death_costs_no_room)
{
    uint64_t seed = 7;

    fill_ring();
    unsigned before = count();
    for (unsigned i = 0; i < DEATHS; i++) {
        die_at(fixture_random(&seed) % STRIPE_BYTES);
        lock();
        for (unsigned number = 0; number < NUMBERS; number++)
            version_of(number);
        cache_stripe_unlock(&stripe);
    }
    ck_assert_uint_eq(stripe.head->repairs, DEATHS);
    lock();
    cache_ring_clear(&stripe.ring);
    stripe.head->ring.tail = stripe.head->ring.head = 0;
    fill_ring();
    ck_assert_uint_eq(count(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache_death");
    TCase *tcase = unit_case("cache_death");

    tcase_set_tags(tcase, "ptrace");
    tcase_add_checked_fixture(tcase, death_begin, death_end);
    tcase_add_loop_test(tcase, cache_death_anywhere_loses_nothing_else, 0, UNIT_ROWS(operations));
    tcase_add_test(tcase, cache_death_costs_no_room);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
