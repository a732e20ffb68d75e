/*
 * What is being read, and how a mistake in it is told.
 *
 * Shape:  a problem is "FILE:LINE: KEY: what is wrong", KEY with all that it stands in ("socket_maps.m.http.proxy").
 *         The text never holds a value: it may be a secret.
 * Errors: the first mistake becomes *error, where error points to the `error` of the smallest thing that is hurt. While
 *         `foreign` is set (another daemon's section), mistakes are counted and make one warning at its end.
 * Owner:  texts belong to the configuration.
 */
#ifndef PFX_CONFIG_READER_H
#define PFX_CONFIG_READER_H

#include <libconfig.h>

#include "config.h"

struct config_reader {
    struct config *config;
    const char **error;
    enum template_dialect dialect; /* of the section that is being read */
    size_t problem_room;
    bool without_secrets; /* their files are not read */
    bool is_partial; /* a file could not be parsed: what is missing may stand there */
    bool foreign;
    size_t foreign_count;
    char *foreign_first;
};

void config_reader_error(struct config_reader *r, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void config_reader_warn(struct config_reader *r, const config_setting_t *at, const char *text);

/* A mistake outside of any setting; takes over text, a block of mem.h. */
void config_reader_fail(struct config_reader *r, char *text);

/* Another daemon's section begins, ends. */
void config_reader_begin_foreign(struct config_reader *r);
void config_reader_end_foreign(struct config_reader *r);

#endif
