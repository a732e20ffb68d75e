#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config_fixture.h"

static struct listener_set set;
static char why[LISTENER_REASON_MAX_BYTES];

static char *unix_spec(const char *options)
{
    return mem_format("unix:%s/socket%s", fixture_directory, options);
}

static bool open_unix(const char *options)
{
    char *spec = unix_spec(options);
    bool opened = listener_open(&set, spec, why);

    mem_free(spec);
    return opened;
}

static int connect_unix(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", fixture_directory);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void expect_flags(int fd, bool close_on_exec)
{
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    ck_assert_int_eq(fcntl(fd, F_GETFD), close_on_exec ? FD_CLOEXEC : 0);
}

START_TEST(listener_unix_listens_with_its_mode)
{
    struct stat status;
    char *path = fixture_path("socket");
    mode_t before = umask(0);

    umask(before);
    ck_assert_msg(open_unix(",mode=0602"), "%s", why);
    ck_assert_uint_eq(set.count, 1);
    ck_assert_str_eq(set.paths[0], path);
    expect_flags(set.fds[0], true);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0602);
    ck_assert_uint_eq(umask(before), before);
    int client = connect_unix();
    ck_assert_int_ge(client, 0);
    close(client);
    listener_unlink(&set);
    listener_close(&set);
    ck_assert_int_eq(stat(path, &status), -1);
    mem_free(path);
}
END_TEST

START_TEST(listener_unix_belongs_to_user_and_group)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("daemon") : getpwuid(geteuid());
    uid_t uid = user->pw_uid;
    char *options = mem_format(",user=%s,group=%s", user->pw_name, getgrgid(user->pw_gid)->gr_name);
    char *path = fixture_path("socket");
    struct stat status;

    ck_assert_msg(open_unix(options), "%s", why);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_uid, uid);
    ck_assert_uint_eq(status.st_gid, getpwuid(uid)->pw_gid);
    ck_assert_uint_eq(status.st_mode & 07777, 0660);
    listener_close(&set);
    mem_free(options);
    mem_free(path);
}
END_TEST

START_TEST(listener_unix_replaces_a_stale_socket)
{
    ck_assert(open_unix(""));
    listener_close(&set);
    ck_assert_int_eq(connect_unix(), -1);
    ck_assert_msg(open_unix(""), "%s", why);
    int client = connect_unix();
    ck_assert_int_ge(client, 0);
    close(client);
    listener_close(&set);
}
END_TEST

START_TEST(listener_unix_leaves_a_live_socket_alone)
{
    ck_assert(open_unix(""));
    ck_assert(!open_unix(""));
    ck_assert_ptr_nonnull(strstr(why, "the socket is in use"));
    ck_assert_uint_eq(set.count, 1);
    int client = connect_unix();
    ck_assert_int_ge(client, 0);
    close(client);
    listener_close(&set);
}
END_TEST

START_TEST(listener_unix_leaves_a_file_alone)
{
    fixture_write("socket", "precious");
    ck_assert(!open_unix(""));
    ck_assert_ptr_nonnull(strstr(why, "the file exists and is no socket"));
    char *path = fixture_path("socket");
    ck_assert_int_eq(access(path, F_OK), 0);
    mem_free(path);
}
END_TEST

START_TEST(listener_unix_leaves_a_link_alone)
{
    char *path = fixture_path("socket");
    struct stat status;

    ck_assert_int_eq(symlink("elsewhere", path), 0);
    ck_assert(!open_unix(""));
    ck_assert_int_eq(lstat(path, &status), 0);
    mem_free(path);
}
END_TEST

START_TEST(listener_unix_refuses_a_path_that_is_too_long)
{
    char spec[200] = "unix:/";

    memset(spec + 6, 'x', sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
    ck_assert(!listener_open(&set, spec, why));
    ck_assert_ptr_nonnull(strstr(why, "too long"));
    ck_assert_uint_eq(set.count, 0);
}
END_TEST

static unsigned port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);

    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    ck_assert_int_eq(address.sin_family, AF_INET);
    return ntohs(address.sin_port);
}

START_TEST(listener_inet_listens_on_one_address)
{
    ck_assert_msg(listener_open(&set, "inet:127.0.0.1:0", why), "%s", why);
    ck_assert_uint_eq(set.count, 1);
    ck_assert_ptr_null(set.paths[0]);
    expect_flags(set.fds[0], true);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
                                   .sin_port = htons((in_port_t)port_of(set.fds[0])) };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(client);
    listener_unlink(&set);
    listener_close(&set);
    ck_assert_uint_eq(set.count, 0);
}
END_TEST

START_TEST(listener_inet_port_alone_is_all_addresses)
{
    ck_assert_msg(listener_open(&set, "inet:0", why), "%s", why);
    ck_assert_uint_ge(set.count, 1);
    listener_close(&set);
}
END_TEST

START_TEST(listener_inet_refuses_a_port_that_is_taken)
{
    ck_assert(listener_open(&set, "inet:127.0.0.1:0", why));
    char *spec = mem_format("inet:127.0.0.1:%u", port_of(set.fds[0]));
    ck_assert(!listener_open(&set, spec, why));
    ck_assert_ptr_nonnull(strstr(why, strerror(EADDRINUSE)));
    ck_assert_uint_eq(set.count, 1);
    listener_close(&set);
    mem_free(spec);
}
END_TEST

static const char *const mistakes[] = {
    "tcp:25",
    "25",
    "",
    "unix:",
    "unix:,mode=0600",
    "unix:/nonexistent/socket",
    "unix:/nonexistent/socket,mode=9",
    "unix:/nonexistent/socket,mode=",
    "unix:/nonexistent/socket,mode=01000",
    "unix:/nonexistent/socket,mode=-1",
    "unix:/nonexistent/socket,user=no-such-user",
    "unix:/nonexistent/socket,group=no-such-group",
    "unix:/nonexistent/socket,colour=red",
    "unix:/nonexistent/socket,",
    "inet:",
    "inet:127.0.0.1:",
    "inet:127.0.0.1:no-such-port",
    "inet:127.0.0.1:65536",
    "inet:127.0.0.1:-1",
    "inet:127.0.0.1",
    "inet:[127.0.0.1:0",
    "inet:192.0.2.1:0",
};

START_TEST(listener_open_refuses_and_names_the_option)
{
    char *begins = mem_format("-L %s: ", mistakes[_i]);

    unit_expect(!listener_open(&set, mistakes[_i], why), mistakes[_i]);
    ck_assert_msg(strncmp(why, begins, strlen(begins)) == 0 && why[strlen(begins)] != '\0', "%s: %s", mistakes[_i],
                  why);
    unit_expect(set.count == 0, mistakes[_i]);
    mem_free(begins);
    listener_close(&set);
}
END_TEST

START_TEST(listener_inherited_descriptors_are_non_blocking_and_not_handed_on)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    listener_inherit(&set, fd, 1);
    ck_assert_uint_eq(set.count, 1);
    ck_assert_int_eq(set.fds[0], fd);
    ck_assert_ptr_null(set.paths[0]);
    expect_flags(fd, true);
    ck_assert_uint_ne(port_of(fd), 0); /* listen(2) was called: it has a port */
    listener_close(&set);
}
END_TEST

START_TEST(listener_hand_over_and_take_over_keep_descriptors_and_paths)
{
    struct listener_set taken = { 0 };
    char *path = fixture_path("socket");

    ck_assert(open_unix(",mode=0600"));
    ck_assert(listener_open(&set, "inet:127.0.0.1:0", why));
    listener_hand_over(&set, true);
    expect_flags(set.fds[0], false);
    expect_flags(set.fds[1], false);
    ck_assert(listener_take_over(&taken));
    ck_assert_uint_eq(taken.count, 2);
    ck_assert_int_eq(taken.fds[0], set.fds[0]);
    ck_assert_int_eq(taken.fds[1], set.fds[1]);
    ck_assert_str_eq(taken.paths[0], path);
    ck_assert_ptr_null(taken.paths[1]);
    expect_flags(taken.fds[0], true);
    expect_flags(taken.fds[1], true);
    struct listener_set again = { 0 };
    ck_assert(!listener_take_over(&again));
    listener_close(&taken);
    listener_close(&set);
    mem_free(path);
}
END_TEST

START_TEST(listener_hand_over_of_systemds_needs_no_names)
{
    struct listener_set taken = { 0 };

    ck_assert(listener_open(&set, "inet:127.0.0.1:0", why));
    listener_hand_over(&set, false);
    expect_flags(set.fds[0], false);
    ck_assert(!listener_take_over(&taken));
    ck_assert_uint_eq(taken.count, 0);
    listener_close(&set);
}
END_TEST

START_TEST(listener_take_over_leaves_what_was_meant_for_another_process)
{
    struct listener_set taken = { 0 };
    char *other = mem_format("%ld\n1:", (long)getpid() + 1);

    setenv("PFX_LISTENERS", other, 1);
    ck_assert(!listener_take_over(&taken));
    ck_assert_uint_eq(taken.count, 0);
    ck_assert_ptr_null(getenv("PFX_LISTENERS"));
    mem_free(other);
}
END_TEST

static const struct {
    const char *name;
    int pid_offset;
    const char *count; /* NULL: not set */
    size_t expected;
} activations[] = {
    { "two", 0, "2", 2 },    { "none", 0, "0", 0 },     { "not set", 0, NULL, 0 }, { "another's", 1, "2", 0 },
    { "negative", 0, "-1", 0 }, { "no number", 0, "x", 0 }, { "absurd", 0, "99999", 0 },
};

START_TEST(listener_systemd_count_is_for_this_process)
{
    char *pid = mem_format("%ld", (long)getpid() + activations[_i].pid_offset);

    setenv("LISTEN_PID", pid, 1);
    unsetenv("LISTEN_FDS");
    if (activations[_i].count != NULL)
        setenv("LISTEN_FDS", activations[_i].count, 1);
    unit_expect(listener_systemd_count() == activations[_i].expected, activations[_i].name);
    unsetenv("LISTEN_PID");
    unit_expect(listener_systemd_count() == 0, activations[_i].name);
    mem_free(pid);
}
END_TEST

/* name: "@..." is one in the abstract name space. */
static void expect_notified(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char received[20] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    listener_notify("READY=1");
    ck_assert_int_eq(recv(fd, received, sizeof(received) - 1, 0), strlen("READY=1"));
    ck_assert_str_eq(received, "READY=1");
    close(fd);
}

START_TEST(listener_notify_tells_systemd)
{
    char *path = fixture_path("notify");
    char *abstract = mem_format("@pfx-test-%ld", (long)getpid());

    expect_notified(path);
    expect_notified(abstract);
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    listener_notify("READY=1");
    mem_free(path);
    mem_free(abstract);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listener");

    fixture_add(suite, "unix",
                (const TTest *const[]){ listener_unix_listens_with_its_mode, listener_unix_belongs_to_user_and_group,
                                        listener_unix_replaces_a_stale_socket, listener_unix_leaves_a_live_socket_alone,
                                        listener_unix_leaves_a_file_alone, listener_unix_leaves_a_link_alone,
                                        listener_unix_refuses_a_path_that_is_too_long, NULL });
    unit_add(suite, "inet",
             (const TTest *const[]){ listener_inet_listens_on_one_address, listener_inet_port_alone_is_all_addresses,
                                     listener_inet_refuses_a_port_that_is_taken, NULL });
    unit_add_loop(suite, "listener_open", listener_open_refuses_and_names_the_option, UNIT_ROWS(mistakes));
    fixture_add(suite, "inherited",
                (const TTest *const[]){ listener_inherited_descriptors_are_non_blocking_and_not_handed_on,
                                        listener_hand_over_and_take_over_keep_descriptors_and_paths,
                                        listener_hand_over_of_systemds_needs_no_names,
                                        listener_take_over_leaves_what_was_meant_for_another_process,
                                        listener_notify_tells_systemd, NULL });
    unit_add_loop(suite, "listener_systemd_count", listener_systemd_count_is_for_this_process, UNIT_ROWS(activations));
    return unit_run(suite);
}
