/*
 * What import writes: settings in the syntax of libconfig, comments, and notes about what has no counterpart.
 *
 * Shape:  all goes to the part `out` at the depth of groups that are open. Comments are wrapped at IMPORT_OUT_COLUMNS,
 *         control bytes in them shown as '?'. A value of the source stands in no comment: it may be a secret.
 * Errors: none are returned; is_full says that a part met its ceiling.
 */
#ifndef PFX_IMPORT_OUT_H
#define PFX_IMPORT_OUT_H

#include "config.h"
#include "import.h"
#include "yamldoc.h"

#define IMPORT_OUT_COLUMNS 120

/* Where Postfix reaches what a listener of pfxhttp did. */
struct import_service {
    enum config_section_id section;
    char *path;  /* "private/pfx-policy" */
    char *entry; /* NULL: any of the section */
    char *old;   /* what main.cf had in its place, as "inet:HOST:23451" */
};

struct import {
    const char *source;
    FILE *log;
    const struct yamldoc_node *root;
    const struct yamldoc_node *server; /* NULL: none */
    struct buf *parts;
    struct buf *out;
    unsigned depth;
    bool is_full;

    char **names[CONFIG_SECTIONS]; /* of the members of a section, as pfx.cfg has them */
    struct import_service *services;
    size_t service_count;
    size_t service_room;

    enum config_section_id section;      /* being written, like what follows */
    const struct yamldoc_node *defaults; /* NULL: none */
    const struct yamldoc_node *entry;    /* or the defaults themselves */
    const char *path[4];                 /* what the next key stands in, for messages; NULL: nothing */
    bool drops_basic;                    /* pfxhttp sends another Authorization in the place of http_auth_basic */
    bool drops_header;                   /* and of such a header */
};

void import_out_line(struct import *im, const char *format, ...) __attribute__((format(printf, 2, 3)));
void import_out_blank(struct import *im); /* one, not two, and none where a group begins */
void import_out_open(struct import *im, const char *name);
void import_out_close(struct import *im);
void import_out_string(struct import *im, const char *name, const char *text);
void import_out_comment(struct import *im, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A comment, and the same on the log with the line and the name of the key. */
void import_out_note(struct import *im, unsigned line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* text as a string of libconfig, with its quotes. */
void import_out_quote(struct buf *b, const char *text);

/* A copy with each percent sign doubled, as templates want it; the caller's. */
char *import_out_percent(const char *text);

#endif
