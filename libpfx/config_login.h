/*
 * What is special about an entry of dovecot_sasl: its time, its mechanisms, and what its auth_style decides.
 *
 * Limits: CONFIG_LOGIN_TIMEOUT_MAX_MS for http.timeout: more is a mistake where it is written in the section, and cut
 *         with a warning where it comes from top level.
 * Errors: told to the reader.
 */
#ifndef PFX_CONFIG_LOGIN_H
#define PFX_CONFIG_LOGIN_H

#include "config_reader.h"

/* After a group http of the section was read into *http. */
void config_login_check_http(struct config_reader *r, const config_setting_t *group, struct config_http *http);

/*
 * Settles the mechanisms, also of an entry with mistakes: its client is answered, too. has_oidc: tokens of mail
 * programs can be checked.
 */
void config_login_take_mechanisms(struct config_reader *r, const config_setting_t *group, bool has_target,
                                  bool has_oidc, struct config_entry *entry);

/* Is a password asked for? */
bool config_login_has_password(const struct config_entry *entry);

/* Settles payload, content_type, failure_status and time. payload: the nearest setting, NULL: none. */
void config_login_finish(struct config_reader *r, const config_setting_t *group, const config_setting_t *payload,
                         struct config_entry *entry);

#endif
