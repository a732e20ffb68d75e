/*
 * Texts as files.
 *
 * Errors: false, and errno.
 * Owner:  textfile_close(), also after an error.
 */
#ifndef PFX_TEXTFILE_H
#define PFX_TEXTFILE_H

#include "span.h"

/* A file that is nowhere but in memory, for what reads files by their path. */
struct textfile {
    int fd;
    char *path;
};

bool textfile_open(struct textfile *file, struct span text);
void textfile_close(struct textfile *file);

/* All of it, whatever write(2) makes of it. */
bool textfile_write(int fd, struct span text);

#endif
