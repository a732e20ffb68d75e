/*
 * A process to which the kernel refuses filters of system calls from now on: an old kernel (ENOSYS), or the filter of a
 * container (EPERM).
 */
#ifndef PFX_SANDBOX_FIXTURE_H
#define PFX_SANDBOX_FIXTURE_H

#include <seccomp.h>
#include <sys/prctl.h>

#include "unit.h"

static inline void fixture_refuse_filters(int error)
{
    const uint32_t refuse = SCMP_ACT_ERRNO((unsigned)error);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    ck_assert_int_eq(seccomp_rule_add(filter, refuse, SCMP_SYS(seccomp), 0), 0);
    ck_assert_int_eq(seccomp_rule_add(filter, refuse, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0)), 0);
    ck_assert_int_eq(seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0), 0);
    ck_assert_int_eq(seccomp_load(filter), 0);
    seccomp_release(filter);
}

#endif
