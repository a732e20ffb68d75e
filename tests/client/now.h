/*
 * The monotonic clock.
 *
 * Units:  microseconds.
 */
#ifndef CLIENT_NOW_H
#define CLIENT_NOW_H

#include <stdint.h>
#include <time.h>

#define US_PER_MS 1000
#define US_PER_S 1000000

static inline int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

#endif
