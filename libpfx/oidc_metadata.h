/*
 * The configuration that an OpenID provider publishes (discovery).
 *
 * Shape:  issuer, token_endpoint, introspection_endpoint and jwks_uri as they are published, and what the provider says
 *         about methods and algorithms of clients at the first two.
 * Limits: of a list the first OIDC_METADATA_LIST_MAX words are looked at.
 * Errors: NULL and a constant reason: not JSON; an issuer that is not the URL of the configuration without
 *         "/.well-known/openid-configuration" (published elsewhere, or on a socket, it may be any).
 * Owner:  the caller frees it; spans borrow it.
 * Source: OpenID Connect Discovery 1.0 sections 3 and 4.3, RFC 8414.
 */
#ifndef PFX_OIDC_METADATA_H
#define PFX_OIDC_METADATA_H

#include "config.h"
#include "crypto.h"

#define OIDC_METADATA_LIST_MAX 64

struct oidc_metadata;

struct oidc_metadata *oidc_metadata_parse(const struct config_oidc *group, struct span body, const char **why);
void oidc_metadata_free(struct oidc_metadata **metadata);

enum oidc_endpoint { OIDC_TOKEN_ENDPOINT, OIDC_INTROSPECTION_ENDPOINT, OIDC_ENDPOINTS };

/* p NULL: there is none. */
struct span oidc_metadata_issuer(const struct oidc_metadata *metadata);
struct span oidc_metadata_url(const struct oidc_metadata *metadata, enum oidc_endpoint endpoint);
struct span oidc_metadata_jwks_uri(const struct oidc_metadata *metadata);

enum oidc_support { OIDC_SILENT, OIDC_SUPPORTED, OIDC_UNSUPPORTED };

enum oidc_support oidc_metadata_has_method(const struct oidc_metadata *metadata, enum oidc_endpoint endpoint,
                                           enum config_oidc_method method);
enum oidc_support oidc_metadata_has_algorithm(const struct oidc_metadata *metadata, enum oidc_endpoint endpoint,
                                              enum crypto_algorithm algorithm);

#endif
