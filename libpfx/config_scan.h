/*
 * A first look at the text of a configuration file, before libconfig parses it: finds what libconfig would get wrong
 * without a word.
 *
 * Shape:  libconfig's lexical rules: "strings" with backslash escapes, comments from # or // to the end of the line and
 *         between slash-star and star-slash, names, decimal integers with a sign, 0x hexadecimal ones, a final L or LL
 *         for 64 bits, floating point numbers, and @include "FILE" at the start of a line.
 * Units:  bytes; lines count from 1.
 * Errors: none; what is no libconfig at all is left to libconfig.
 * Owner:  finds borrow the text.
 * Source: the libconfig manual, "Configuration Files".
 */
#ifndef PFX_CONFIG_SCAN_H
#define PFX_CONFIG_SCAN_H

#include "span.h"

enum config_scan_what {
    CONFIG_SCAN_END,
    CONFIG_SCAN_INCLUDE,      /* [begin, end) is @include "FILE", name is FILE */
    CONFIG_SCAN_LONG,         /* [begin, end) is an integer of more than 32 bits that lacks its L */
    CONFIG_SCAN_TOO_LONG,     /* [begin, end) is one of more than 64 bits */
    CONFIG_SCAN_NUL,          /* a NUL byte, or \x00 in a string: the text would end there */
    CONFIG_SCAN_OPEN_STRING,  /* a string or a comment that begins here has no end */
    CONFIG_SCAN_OPEN_COMMENT,
};

struct config_scan {
    struct span text;
    size_t at;
    unsigned line;
};

struct config_scan_find {
    enum config_scan_what what;
    unsigned line; /* where it begins */
    size_t begin;
    size_t end;
    struct span name;
};

void config_scan_begin(struct config_scan *scan, struct span text);

/* The next find; CONFIG_SCAN_END again and again at the end. */
struct config_scan_find config_scan_next(struct config_scan *scan);

#endif
