/*
 * payload: a string, or a group that is sent as a JSON object.
 *
 * Shape:  in a group, strings are templates; numbers, true and false, nested groups, [ ] and ( ) become what they are
 *         in JSON. The string "" is no payload. A policy without the key has the payload "{{ .Key }}"; a member of a
 *         group whose whole text is that becomes the object, and a map's "%{keys}" the array.
 * Limits: CONFIG_PAYLOAD_MAX_BYTES.
 * Errors: told to the reader: with application/json the text, with a word in each placeholder's place, must be JSON,
 *         and placeholders stand inside string literals only, a policy's {{ .Key }} and a map's %{keys} outside of
 *         them only; a group cannot be sent as a form, nor can the default.
 * Owner:  the configuration.
 */
#ifndef PFX_CONFIG_PAYLOAD_H
#define PFX_CONFIG_PAYLOAD_H

#include "config_reader.h"

#define CONFIG_PAYLOAD_MAX_BYTES (1024 * 1024)

void config_payload_read(struct config_reader *r, const config_setting_t *setting, const char *content_type,
                         struct config_template *payload);

/* Of a policy that has none; at: the entry. */
void config_payload_default(struct config_reader *r, const config_setting_t *at, const char *content_type,
                            struct config_template *payload);

/* Only what does not depend on the content type; of a section's defaults. */
void config_payload_check(struct config_reader *r, const config_setting_t *setting);

#endif
