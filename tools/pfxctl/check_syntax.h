/*
 * Why a file is no libconfig, told in a way that says what to do.
 *
 * Shape:  reads the text as libconfig's grammar has it, and names the first place where it does not follow it, or the
 *         quote that was lost before. Pure: bytes in, a constant text out.
 * Units:  lines and columns count from 1; a column is a byte.
 * Limits: CHECK_SYNTAX_DEPTH_MAX brackets inside each other; deeper ones are not looked at.
 * Errors: false: nothing is found that it knows of.
 * Source: the libconfig manual, "Configuration File Grammar"; libconfig 1.5, which takes no comma after a last element.
 */
#ifndef PFX_CHECK_SYNTAX_H
#define PFX_CHECK_SYNTAX_H

#include "span.h"

#define CHECK_SYNTAX_DEPTH_MAX 100

struct check_syntax_fault {
    unsigned line;
    unsigned column;
    const char *cure;
};

bool check_syntax(struct span text, struct check_syntax_fault *fault);

#endif
