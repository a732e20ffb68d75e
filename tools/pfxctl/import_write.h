/*
 * The pieces of what import writes, each in a file of its own: import_server.c, import_section.c, and so on.
 *
 * Shape:  each writes to im->out what the source has for it, in the order of the source.
 */
#ifndef PFX_IMPORT_WRITE_H
#define PFX_IMPORT_WRITE_H

#include "import_value.h"

/* The keys of `server`, at top level of pfx.cfg. */
void import_server_write(struct import *im);

/* A group `tls`, and one `http` with the proxy, as they stand in `server`: a provider was reached the same way. */
void import_server_reach(struct import *im);

/* How long pfxhttp waits for an answer in all; 0: it is not said. */
int64_t import_server_timeout_ms(const struct import *im);

/* One of socket_maps, policy_services and dovecot_sasl; nothing when the source has none. */
void import_section_write(struct import *im, enum config_section_id id);

/* The names of entries: those of the source in lower case, with what libconfig cannot take replaced. */
void import_names_make(struct import *im);
void import_names_free(struct import *im);

/* The section of the source; NULL: none. The name in pfx.cfg of an entry of the source, NULL: there is none. */
const struct yamldoc_node *import_names_section(const struct import *im, enum config_section_id id);
const char *import_names_find(const struct import *im, enum config_section_id id, const char *name);

bool import_names_is_entry(const struct yamldoc_member *member);

/* The keys of an entry that need more than a line. */
void import_header_write(struct import *im, const struct yamldoc_member *member);
bool import_header_has(const struct yamldoc_node *entry, const char *name);
void import_payload_write(struct import *im, const struct yamldoc_member *member);
void import_oidc_write(struct import *im, const struct yamldoc_member *member);
bool import_oidc_is_enabled(const struct yamldoc_node *entry);
void import_oidc_write_login(struct import *im, const struct yamldoc_member *member);

/* A comment that tells how the secret below it may be read from a file. */
void import_section_secret(struct import *im, const char *key);

/* The listeners as services of master.cf, and what main.cf says in the place of each. */
void import_listen_write(struct import *im);
void import_main_write(struct import *im);

/* Loads the pfx.cfg that was made, as the daemons do, and tells on the log what is wrong with it. */
void import_check(struct import *im);

#endif
