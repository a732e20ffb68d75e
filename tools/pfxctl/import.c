#include "import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "pfxctl.h"
#include "textfile.h"
#include "yamldoc.h"

#define READ_BYTES 65536

/* The names of the parts in a directory; pfx.cfg may hold secrets. */
static const struct {
    const char *name;
    mode_t mode;
} files[IMPORT_PARTS] = {
    [IMPORT_CFG] = { "pfx.cfg", 0600 },
    [IMPORT_MASTER] = { "master.cf.add", 0644 },
    [IMPORT_MAIN] = { "main.cf.add", 0644 },
};

/* What went wrong with a file, told, as an exit status. */
static int tell(const char *path)
{
    int error = errno;

    pfxctl_complain("%s: %s", path, strerror(error));
    if (error == EACCES || error == EPERM || error == EROFS)
        return PFXCTL_NO_PERMISSION;
    return error == ENOENT || error == ENOTDIR || error == EISDIR || error == EEXIST ? PFXCTL_USAGE : PFXCTL_TEMPORARY;
}

static bool read_file(FILE *file, struct buf *text)
{
    bool fits = true;
    size_t n = 1;

    while (fits && n > 0) {
        char *to = buf_reserve(text, READ_BYTES);
        fits = to != NULL;
        n = fits ? fread(to, 1, READ_BYTES, file) : 0;
        text->n += n;
    }
    return ferror(file) == 0;
}

/* One byte more than is allowed, for whoever judges it. */
static int read_source(const char *path, struct buf *text)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return tell(path);
    bool ok = read_file(file, text);
    int status = ok ? PFXCTL_GOOD : tell(path);
    fclose(file);
    return status;
}

/* A file that is not there yet. */
static int write_file(const char *path, mode_t mode, struct span text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return tell(path);
    bool ok = textfile_write(fd, text);
    int status = ok ? PFXCTL_GOOD : tell(path);
    if (close(fd) != 0 && ok)
        status = tell(path);
    if (status != PFXCTL_GOOD)
        unlink(path);
    return status;
}

/* All three or none, and the directory if it is not there. */
static int write_directory(const char *directory, const struct buf parts[IMPORT_PARTS])
{
    bool is_new = mkdir(directory, 0700) == 0;
    char *paths[IMPORT_PARTS];
    size_t made = 0;

    if (!is_new && errno != EEXIST)
        return tell(directory);
    int status = PFXCTL_GOOD;

    for (size_t i = 0; i < IMPORT_PARTS; i++)
        paths[i] = mem_format("%s/%s", directory, files[i].name);
    while (status == PFXCTL_GOOD && made < IMPORT_PARTS) {
        status = write_file(paths[made], files[made].mode, buf_span(&parts[made]));
        made += status == PFXCTL_GOOD;
    }
    if (status != PFXCTL_GOOD)
        while (made > 0)
            unlink(paths[--made]);
    if (status != PFXCTL_GOOD && is_new)
        rmdir(directory);
    for (size_t i = 0; i < IMPORT_PARTS; i++)
        mem_free(paths[i]);
    return status;
}

static int print_parts(const struct buf parts[IMPORT_PARTS])
{
    for (size_t i = 0; i < IMPORT_PARTS; i++) {
        printf("%s# ==> %s <==\n", i == 0 ? "" : "\n", files[i].name);
        fwrite(parts[i].p, 1, parts[i].n, stdout);
    }
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? PFXCTL_GOOD : tell("standard output");
}

static int import_file(const char *path, const char *directory)
{
    struct buf text, parts[IMPORT_PARTS];

    buf_init(&text, (size_t)YAMLDOC_MAX_BYTES + 2 * READ_BYTES);
    text.secret = true;
    int status = read_source(path, &text);
    if (status == PFXCTL_GOOD) {
        if (!import_text(path, buf_span(&text), stderr, parts))
            status = PFXCTL_DATA;
        else
            status = directory == NULL ? print_parts(parts) : write_directory(directory, parts);
        import_free_parts(parts);
    }
    buf_free(&text);
    return status;
}

int import_command(const struct pfxctl *ctl, int argc, char **argv)
{
    const char *directory = NULL;
    int option;

    (void)ctl;
    while ((option = pfxctl_option(argc, argv, "+:o:", NULL)) == 'o')
        directory = optarg;
    return option == -1 && argc - optind == 1 ? import_file(argv[optind], directory) : pfxctl_usage();
}
