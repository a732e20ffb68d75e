#include "jwks.h"

#include <stdio.h>

#include "base64.h"
#include "jsondoc.h"
#include "mem.h"

#define PATH_BYTES 64
#define NAME_BYTES 32 /* of a member, and an index */
#define NUMBER_MAX_BYTES (CRYPTO_RSA_MAX_BITS / 8)
#define KEY_OPS_MAX 16 /* RFC 7517 knows eight */

struct entry {
    struct crypto_key *key;
    char *kid; /* NULL: it has none */
    bool has_algorithm;
    enum crypto_algorithm algorithm;
};

struct jwks {
    struct entry *entries;
    size_t count;
};

/* One key of the document. */
struct source {
    const struct jsondoc *doc;
    size_t index;
};

static void write_path(char path[PATH_BYTES], struct source source, const char *name)
{
    snprintf(path, PATH_BYTES, "keys.%zu.%s", source.index, name);
}

/* p NULL: it is no string. */
static struct span text_of(struct source source, const char *name)
{
    char path[PATH_BYTES];

    write_path(path, source, name);
    return jsondoc_string(source.doc, path);
}

static bool is_given(struct source source, const char *name)
{
    char path[PATH_BYTES];

    write_path(path, source, name);
    enum jsondoc_type type = jsondoc_type(source.doc, path);
    return type != JSONDOC_ABSENT && type != JSONDOC_NULL;
}

/* No bytes: it is no base64url, or too long. */
static struct span number_of(struct source source, const char *name, char memory[NUMBER_MAX_BYTES])
{
    size_t n;

    if (!base64_url_decode(memory, NUMBER_MAX_BYTES, text_of(source, name), &n) || n > NUMBER_MAX_BYTES)
        n = 0;
    return span_make(memory, n);
}

static struct crypto_key *read_key(struct source source)
{
    struct span kty = text_of(source, "kty");
    struct span curve = text_of(source, "crv");
    char first[NUMBER_MAX_BYTES];
    char second[NUMBER_MAX_BYTES];
    const char *why;

    if (span_equal(kty, SPAN("RSA")))
        return crypto_key_of_rsa(number_of(source, "n", first), number_of(source, "e", second), &why);
    if (span_equal(kty, SPAN("EC")))
        return crypto_key_of_ec(curve, number_of(source, "x", first), number_of(source, "y", second), &why);
    if (span_equal(kty, SPAN("OKP")) && span_equal(curve, SPAN("Ed25519")))
        return crypto_key_of_ed25519(number_of(source, "x", first), &why);
    return NULL;
}

static bool has_operation(struct source source, struct span operation)
{
    char path[PATH_BYTES];
    char name[NAME_BYTES];

    write_path(path, source, "key_ops");
    size_t count = jsondoc_length(source.doc, path);
    for (size_t i = 0; i < count && i < KEY_OPS_MAX; i++) {
        snprintf(name, sizeof(name), "key_ops.%zu", i);
        if (span_equal(text_of(source, name), operation))
            return true;
    }
    return false;
}

static bool is_to_verify(struct source source)
{
    return (!is_given(source, "use") || span_equal(text_of(source, "use"), SPAN("sig"))) &&
           (!is_given(source, "key_ops") || has_operation(source, SPAN("verify")));
}

static bool entry_fits(const struct entry *entry, enum crypto_algorithm algorithm)
{
    return crypto_key_fits(entry->key, algorithm) && (!entry->has_algorithm || entry->algorithm == algorithm);
}

/* False: it is of no use. */
static bool read_entry(struct source source, struct entry *entry)
{
    struct span kid = text_of(source, "kid");

    *entry = (struct entry){ .has_algorithm = is_given(source, "alg") };
    if ((entry->has_algorithm && !crypto_find(text_of(source, "alg"), &entry->algorithm)) ||
        (is_given(source, "kid") && kid.p == NULL) || !is_to_verify(source))
        return false;
    entry->key = read_key(source);
    if (entry->key == NULL)
        return false;
    if (entry->has_algorithm && !entry_fits(entry, entry->algorithm)) {
        crypto_key_free(&entry->key);
        return false;
    }
    entry->kid = kid.p == NULL ? NULL : mem_copy(kid.p, kid.n);
    return true;
}

static struct jwks *read_set(const struct jsondoc *doc, const char **why)
{
    size_t listed = jsondoc_length(doc, "keys");

    if (jsondoc_type(doc, "keys") != JSONDOC_ARRAY) {
        *why = "the key set has no \"keys\"";
        return NULL;
    }
    if (listed > JWKS_KEYS_MAX) {
        *why = "the key set has more than " SPAN_NUMBER_TEXT(JWKS_KEYS_MAX) " keys";
        return NULL;
    }
    struct jwks *set = mem_alloc(sizeof(*set));
    set->entries = mem_array(listed, sizeof(*set->entries));
    for (size_t i = 0; i < listed; i++)
        if (read_entry((struct source){ doc, i }, &set->entries[set->count]))
            set->count++;
    return set;
}

struct jwks *jwks_parse(struct span body, const char **why)
{
    if (body.n > JWKS_MAX_BYTES) {
        *why = "the key set is longer than the limit";
        return NULL;
    }
    struct jsondoc *doc = jsondoc_parse(body, why);
    if (doc == NULL)
        return NULL;
    struct jwks *set = read_set(doc, why);
    jsondoc_free(&doc);
    return set;
}

void jwks_free(struct jwks **set)
{
    if (*set == NULL)
        return;
    for (size_t i = 0; i < (*set)->count; i++) {
        crypto_key_free(&(*set)->entries[i].key);
        mem_free((*set)->entries[i].kid);
    }
    mem_free((*set)->entries);
    mem_free(*set);
    *set = NULL;
}

size_t jwks_count(const struct jwks *set)
{
    return set->count;
}

static bool entry_is_meant(const struct entry *entry, struct span kid)
{
    return kid.p == NULL || (entry->kid != NULL && span_equal(span_text(entry->kid), kid));
}

size_t jwks_find(const struct jwks *set, struct span kid, enum crypto_algorithm algorithm,
                 const struct crypto_key *keys[JWKS_TRIED_MAX])
{
    const struct crypto_key *found[JWKS_TRIED_MAX];
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (!entry_is_meant(&set->entries[i], kid) || !entry_fits(&set->entries[i], algorithm))
            continue;
        if (count < JWKS_TRIED_MAX)
            found[count] = set->entries[i].key;
        count++;
    }
    if (count > 0 && count <= JWKS_TRIED_MAX)
        memcpy(keys, found, count * sizeof(*found));
    return count;
}
