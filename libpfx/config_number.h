/*
 * Times and sizes as text.
 *
 * Errors: false: no such thing, or it does not fit.
 */
#ifndef PFX_CONFIG_NUMBER_H
#define PFX_CONFIG_NUMBER_H

#include <stdint.h>

#include "span.h"

#define CONFIG_NUMBER_TEXT_BYTES 24

enum config_unit { CONFIG_UNIT_NONE, CONFIG_UNIT_TIME, CONFIG_UNIT_SIZE };

/* "10s" as 10000 milliseconds, "10" too; "64K" as 65536 bytes. */
bool config_number_parse(struct span text, enum config_unit unit, int64_t *value);

/* An integer of pfx.cfg in that unit (seconds to milliseconds). */
bool config_number_scale(int64_t integer, enum config_unit unit, int64_t *value);

/* The shortest such text for a value. */
void config_number_format(char out[CONFIG_NUMBER_TEXT_BYTES], enum config_unit unit, int64_t value);

#endif
