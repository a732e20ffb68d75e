#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool failed(char *why, const char *what, const char *name)
{
    snprintf(why, PRIVILEGES_REASON_MAX_BYTES, "%s %s: %s", what, name, errno == 0 ? "not found" : strerror(errno));
    return false;
}

static bool become(const struct passwd *account, bool keep_saved)
{
    uid_t saved_uid = keep_saved ? geteuid() : account->pw_uid;
    gid_t saved_gid = keep_saved ? getegid() : account->pw_gid;

    return setresgid(account->pw_gid, account->pw_gid, saved_gid) == 0 &&
           setresuid(account->pw_uid, account->pw_uid, saved_uid) == 0;
}

/* What programs that it executes could still get; as long as it is root. */
static void shrink_bounds(void)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static bool give_up_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0;
}

bool privileges_drop(const char *user, bool change_root, bool keep_saved, char why[PRIVILEGES_REASON_MAX_BYTES])
{
    const struct passwd *account = NULL;

    errno = 0;
    if (user != NULL && (account = getpwnam(user)) == NULL)
        return failed(why, "user", user);
    if (account != NULL && initgroups(user, account->pw_gid) != 0)
        return failed(why, "groups of", user);
    if (change_root && (chroot(".") != 0 || chdir("/") != 0))
        return failed(why, "chroot to", "the queue directory");
    if (!keep_saved)
        shrink_bounds();
    if (account != NULL && !become(account, keep_saved))
        return failed(why, "become user", user);
    if (!keep_saved && !give_up_capabilities())
        return failed(why, "give up", "capabilities");
    privileges_hide_memory();
    return true;
}

void privileges_return(void)
{
    uid_t real, effective, saved;

    if (getresuid(&real, &effective, &saved) != 0 || saved == effective)
        return;
    if (setresuid(saved, saved, saved) == 0 && setresgid(0, 0, 0) == 0)
        setgroups(0, NULL);
}

void privileges_borrow(void)
{
    uid_t real, effective, saved;

    if (getresuid(&real, &effective, &saved) == 0 && saved != effective && seteuid(saved) != 0)
        return; /* then what is read tells */
}

void privileges_give_back(void)
{
    if (seteuid(getuid()) != 0)
        abort();
}

void privileges_act_as(const char *user)
{
    const struct passwd *account = user == NULL ? NULL : getpwnam(user);

    if (account != NULL && setegid(account->pw_gid) == 0 && seteuid(account->pw_uid) != 0)
        privileges_act_as_self();
}

void privileges_act_as_self(void)
{
    if (seteuid(getuid()) != 0 || setegid(getgid()) != 0)
        abort();
}

bool privileges_forget(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    privileges_borrow();
    shrink_bounds();
    bool done = setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0 && give_up_capabilities();
    privileges_hide_memory();
    return done;
}

void privileges_hide_memory(void)
{
    const struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

size_t privileges_open_files(size_t needed)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return needed;
    if (limit.rlim_cur >= needed)
        return limit.rlim_cur;
    rlim_t most = limit.rlim_max;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed)
        limit.rlim_max = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return needed;
    limit.rlim_cur = limit.rlim_max = most;
    setrlimit(RLIMIT_NOFILE, &limit);
    return most;
}
