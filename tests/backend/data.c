#include "data.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)

static int compare_spans(struct span a, struct span b)
{
    int order = a.n == 0 || b.n == 0 ? 0 : memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_rows(const void *a, const void *b)
{
    const struct data_row *left = a, *right = b;
    return compare_spans(left->key, right->key);
}

static bool read_file(const char *path, struct text *contents, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;

    if (fd < 0)
        return false;
    if (fstat(fd, st) == 0) {
        do {
            text_reserve(contents, READ_BYTES);
            n = read(fd, contents->p + contents->n, READ_BYTES);
            contents->n += n > 0 ? (size_t)n : 0;
        } while (n > 0);
    }
    close(fd);
    return n == 0;
}

static void index_rows(struct data *d)
{
    struct span rest = text_span(&d->contents);
    size_t lines = 1;

    for (size_t i = 0; i < rest.n; i++)
        lines += rest.p[i] == '\n';
    d->rows = calloc(lines, sizeof(*d->rows));
    if (d->rows == NULL)
        err(1, "calloc");
    d->count = 0;
    while (rest.n > 0) {
        struct span line = span_first(rest, span_find(rest, '\n'));
        size_t tab = span_find(line, '\t');
        if (tab < line.n)
            d->rows[d->count++] = (struct data_row){ span_first(line, tab), span_skip(line, tab + 1) };
        rest = span_skip(rest, line.n < rest.n ? line.n + 1 : line.n);
    }
    qsort(d->rows, d->count, sizeof(*d->rows), compare_rows);
}

static bool load(struct data *d)
{
    struct text contents = { 0 };
    struct stat st;

    if (!read_file(d->path, &contents, &st)) {
        text_free(&contents);
        return false;
    }
    text_free(&d->contents);
    free(d->rows);
    d->contents = contents;
    d->seen = st;
    index_rows(d);
    return true;
}

static bool has_changed(const struct data *d)
{
    struct stat st;

    return stat(d->path, &st) == 0 &&
           (st.st_ino != d->seen.st_ino || st.st_size != d->seen.st_size ||
            st.st_mtim.tv_sec != d->seen.st_mtim.tv_sec || st.st_mtim.tv_nsec != d->seen.st_mtim.tv_nsec);
}

void data_open(struct data *d, const char *path)
{
    d->path = path;
    if (path != NULL && !load(d))
        err(1, "%s", path);
}

bool data_find(struct data *d, struct span key, struct span *value)
{
    struct data_row wanted = { .key = key };

    if (has_changed(d) && !load(d))
        warn("%s", d->path);
    const struct data_row *row = bsearch(&wanted, d->rows, d->count, sizeof(*d->rows), compare_rows);
    if (row != NULL)
        *value = row->value;
    return row != NULL;
}

void data_close(struct data *d)
{
    text_free(&d->contents);
    free(d->rows);
}
