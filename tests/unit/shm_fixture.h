/*
 * A directory for the files that processes share, gone afterwards, and children that wait for a word.
 */
#ifndef PFX_SHM_FIXTURE_H
#define PFX_SHM_FIXTURE_H

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "directory_fixture.h"

#define FIXTURE_PATH_MAX_BYTES 256

/* Until the next call. */
static inline const char *fixture_path(const char *name)
{
    static char path[FIXTURE_PATH_MAX_BYTES];

    snprintf(path, sizeof(path), "%s/%s", fixture_directory, name);
    return path;
}

static inline void fixture_write(const char *name, off_t at, const void *bytes, size_t n)
{
    int fd = open(fixture_path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
    close(fd);
}

/* 0 in the child, which ends with the test. Each has its end of the channel. */
static inline pid_t fixture_fork(int *channel)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    *channel = ends[child == 0];
    close(ends[child != 0]);
    return child;
}

static inline void fixture_say(int channel, const void *word, size_t n)
{
    ck_assert_int_eq(write(channel, word, n), (ssize_t)n);
}

static inline void fixture_hear(int channel, void *word, size_t n)
{
    ck_assert_int_eq(read(channel, word, n), (ssize_t)n);
}

static inline void fixture_ready(int channel)
{
    fixture_say(channel, "", 1);
}

static inline void fixture_await(int channel)
{
    char word;
    fixture_hear(channel, &word, 1);
}

static inline void fixture_kill(pid_t child)
{
    int status;

    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
}

/* It ends by itself, and well. */
static inline void fixture_join(pid_t child)
{
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}

#endif
