/*
 * The keys that the backend knows.
 *
 * Shape:  a file of lines KEY TAB VALUE, sorted or not; lines without TAB are passed over. Of a key that stands twice
 *         any value counts.
 * Errors: data_open() ends the program when the file cannot be read; later the last good contents stay.
 * Owner:  the data owns its copy of the file; spans borrow it until the next data_find(), which reads the file again
 *         when its inode, size or time of change differ.
 */
#ifndef BACKEND_DATA_H
#define BACKEND_DATA_H

#include <sys/stat.h>

#include "text.h"

struct data_row {
    struct span key;
    struct span value;
};

struct data {
    const char *path; /* NULL: no file */
    struct stat seen;
    struct text contents;
    struct data_row *rows;
    size_t count;
};

void data_open(struct data *d, const char *path);
bool data_find(struct data *d, struct span key, struct span *value);
void data_close(struct data *d);

#endif
