/*
 * The only place that reads a clock.
 *
 * Units:  milliseconds. Monotonic time starts anywhere and never jumps; wall time is since 1970 UTC.
 * Owner:  clock_set_monotonic() and clock_set_wall() replace a clock for the whole process, for tests.
 */
#ifndef PFX_CLOCK_H
#define PFX_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ms(void);
int64_t clock_wall_ms(void);

/* The function that clock_monotonic_ms() or clock_wall_ms() calls from now on; NULL: the system's again. */
void clock_set_monotonic(int64_t (*now_ms)(void));
void clock_set_wall(int64_t (*now_ms)(void));

#endif
