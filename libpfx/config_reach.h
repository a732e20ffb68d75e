/*
 * The groups http and tls, once all levels of them are read.
 *
 * Errors: told to the reader.
 * Owner:  the configuration.
 */
#ifndef PFX_CONFIG_REACH_H
#define PFX_CONFIG_REACH_H

#include "config_reader.h"

/* Takes the proxy apart, and looks at what several keys decide; at: whose groups these are. */
void config_reach_finish(struct config_reader *r, const config_setting_t *at, struct config_http *http,
                         const struct config_tls *tls);

#endif
