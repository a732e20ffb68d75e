#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

/* Where a signal handler puts what the system call seems to return. */
#if defined(__x86_64__)
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define RESULT(context) (*(long long *)&(context)->uc_mcontext.regs[0])
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef RESULT
#define REFUSE SCMP_ACT_TRAP
#define BY_FILTER 1 /* siginfo_t.si_code, SYS_SECCOMP of the kernel's asm-generic/siginfo.h */
#else
#define REFUSE SCMP_ACT_ERRNO(EPERM)
#endif

#define CALLS_MAX 1024 /* numbers of system calls; Linux 6 has less than 500 */
#define FOREIGN   (CALLS_MAX - 1) /* stands for those of other architectures */

#define LAST_OWN_FAMILY AF_NETLINK /* by number */

/* Calls that are refused whatever their arguments. libseccomp leaves out those that the processor does not have. */
static const int refused_calls[] = {
    /* other programs and processes */
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise), SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
#if !MEM_IS_SANITIZED /* it looks for leaks by tracing, from a process of its own */
    SCMP_SYS(ptrace),
#endif
    /* who it is */
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
    SCMP_SYS(setresgid), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(setgroups), SCMP_SYS(setuid32),
    SCMP_SYS(setgid32), SCMP_SYS(setreuid32), SCMP_SYS(setregid32), SCMP_SYS(setresuid32), SCMP_SYS(setresgid32),
    SCMP_SYS(setfsuid32), SCMP_SYS(setfsgid32), SCMP_SYS(setgroups32), SCMP_SYS(capset), SCMP_SYS(personality),
    /* where it is */
    SCMP_SYS(chroot), SCMP_SYS(pivot_root), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount), SCMP_SYS(umount),
    SCMP_SYS(umount2), SCMP_SYS(mount_setattr), SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(open_by_handle_at), SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    /* the machine */
    SCMP_SYS(reboot), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(init_module), SCMP_SYS(finit_module),
    SCMP_SYS(delete_module), SCMP_SYS(create_module), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct),
    SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(syslog),
    SCMP_SYS(vhangup), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(settimeofday), SCMP_SYS(stime),
    SCMP_SYS(clock_settime), SCMP_SYS(clock_settime64), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_adjtime64),
    /* large parts of the kernel that faults were found in */
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl),
    SCMP_SYS(fanotify_init), SCMP_SYS(fanotify_mark), SCMP_SYS(lookup_dcookie), SCMP_SYS(modify_ldt),
};

/* What netlink is for is getaddrinfo(3). */
static const int own_families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

static const unsigned namespace_flags[] = { CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                            CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET };

enum state { QUIET, REFUSED, LOGGED };

/* What the signal handler shares with the loop. */
static atomic_uchar calls[CALLS_MAX]; /* enum state, by number */
static atomic_int wakeup_fd = -1;

static struct loop_io wakeup;

#ifdef RESULT
/* Any thread may be in any function: nothing but atomic operations and write(2). */
static void refuse(int number, siginfo_t *info, void *context)
{
    static const uint64_t one = 1;
    int saved_errno = errno;
    (void)number;

    if (info->si_code != BY_FILTER)
        return; /* kill(2), which refuses nothing */
    RESULT((ucontext_t *)context) = -EPERM;
    bool own = info->si_arch == OWN_ARCHITECTURE && info->si_syscall >= 0 && info->si_syscall < FOREIGN;
    unsigned char quiet = QUIET;
    int fd = atomic_load(&wakeup_fd);
    if (atomic_compare_exchange_strong(&calls[own ? info->si_syscall : FOREIGN], &quiet, REFUSED) && fd >= 0 &&
        write(fd, &one, sizeof(one)) < 0)
        atomic_store(&wakeup_fd, -1); /* never: the counter of an eventfd is full */
    errno = saved_errno;
}

static bool catch_refused(void)
{
    struct sigaction action = { .sa_sigaction = refuse, .sa_flags = SA_SIGINFO | SA_RESTART };
    return sigaction(SIGSYS, &action, NULL) == 0;
}
#else
static bool catch_refused(void)
{
    return true;
}
#endif

static void log_refused(struct loop_io *io, uint32_t events)
{
    eventfd_t count;
    (void)events;

    eventfd_read(io->fd, &count);
    for (int i = 0; i < CALLS_MAX; i++) {
        unsigned char refused = REFUSED;
        if (!atomic_compare_exchange_strong(&calls[i], &refused, LOGGED))
            continue;
        char *name = i == FOREIGN ? NULL : seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
        log_warning("sandbox: refused the system call %s", name == NULL ? "of another architecture" : name);
        free(name);
    }
}

static bool watch(struct loop *loop)
{
    wakeup = (struct loop_io){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .events = EPOLLIN, .ready = log_refused };
    if (wakeup.fd < 0)
        return false;
    if (loop_add(loop, &wakeup)) {
        atomic_store(&wakeup_fd, wakeup.fd);
        return true;
    }
    close(wakeup.fd);
    return false;
}

/*
 * A new process, but a thread is none. clone3(2) has its flags where no filter can look: the C library then takes
 * clone(2). posix_spawn(3), known by CLONE_VFORK, holds all signals back: the signal of a refusal would kill.
 */
static int refuse_processes(scmp_filter_ctx filter)
{
    const scmp_datum_t kinds = CLONE_THREAD | CLONE_VFORK;
    int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, kinds, CLONE_VFORK));
#if !MEM_IS_SANITIZED
    if (failed == 0)
        failed = seccomp_rule_add(filter, REFUSE, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, kinds, 0));
#endif
    for (size_t i = 0; failed == 0 && i < sizeof(namespace_flags) / sizeof(*namespace_flags); i++)
        failed = seccomp_rule_add(filter, REFUSE, SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, namespace_flags[i], namespace_flags[i]));
    return failed;
}

static bool is_own_family(int family)
{
    size_t i = 0;

    while (i < sizeof(own_families) / sizeof(*own_families) && own_families[i] != family)
        i++;
    return i < sizeof(own_families) / sizeof(*own_families);
}

/* A filter knows no "none of these": each family below the last of ours, and all above. */
static int refuse_families(scmp_filter_ctx filter)
{
    int failed = seccomp_rule_add(filter, REFUSE, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, LAST_OWN_FAMILY, 0));

    for (int family = 0; failed == 0 && family < LAST_OWN_FAMILY; family++)
        if (!is_own_family(family))
            failed = seccomp_rule_add(filter, REFUSE, SCMP_SYS(socket), 1,
                                      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0));
    return failed;
}

static int add_rules(scmp_filter_ctx filter)
{
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, REFUSE);

    for (size_t i = 0; failed == 0 && i < sizeof(refused_calls) / sizeof(*refused_calls); i++)
        failed = seccomp_rule_add(filter, REFUSE, refused_calls[i], 0);
    if (failed == 0)
        failed = refuse_processes(filter);
    if (failed == 0)
        failed = refuse_families(filter);
    return failed;
}

static int load_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (filter == NULL)
        return -ENOMEM;
    int failed = add_rules(filter);
    if (failed == 0)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    return failed;
}

bool sandbox_enter(struct loop *loop, const char **why)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !catch_refused() || !watch(loop)) {
        *why = strerror(errno);
        return false;
    }
    int failed = load_filter();
    if (failed != 0)
        *why = strerror(-failed);
    return failed == 0;
}

void sandbox_leave(struct loop *loop)
{
    int fd = atomic_exchange(&wakeup_fd, -1);

    if (fd < 0)
        return;
    loop_remove(loop, &wakeup);
    close(fd);
}
