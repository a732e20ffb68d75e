#include "clock.h"

#include <stddef.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

static int64_t system_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

static int64_t (*monotonic_ms)(void) = system_monotonic_ms;
static int64_t (*wall_ms)(void) = system_wall_ms;

int64_t clock_monotonic_ms(void)
{
    return monotonic_ms();
}

int64_t clock_wall_ms(void)
{
    return wall_ms();
}

void clock_set_monotonic(int64_t (*now_ms)(void))
{
    monotonic_ms = now_ms == NULL ? system_monotonic_ms : now_ms;
}

void clock_set_wall(int64_t (*now_ms)(void))
{
    wall_ms = now_ms == NULL ? system_wall_ms : now_ms;
}
