#include "keys.h"

#define WORD_MAX_BYTES 20
#define WORD_FORMS_MAX 8
#define IPV4_OCTETS 4
#define IPV4_OCTET_DIGITS 3
#define IPV4_OCTET_MAX 255
#define IPV6_GROUPS 8
#define IPV6_GROUP_DIGITS 4
#define IPV6_GROUPS_OF_IPV4 2

/* Two forms make many candidates of a name, one of an IP address, which has a separator more with "::" at its end. */
_Static_assert(KEYS_MAX >= KEYS_FORMS - 2 + 2 * KEYS_PARENTS_MAX, "room for all forms of a name");
_Static_assert(KEYS_MAX >= KEYS_FORMS - 1 + IPV6_GROUPS + 1, "room for all forms of an IP address");

/* Arrays, because pointers would need relocation. */
static const struct {
    char word[WORD_MAX_BYTES];
    size_t count;
    enum keys_form forms[WORD_FORMS_MAX];
} words[] = {
    { "exact", 1, { KEYS_FULL } },
    { "virtual", 5, { KEYS_FULL, KEYS_UNEXTENDED, KEYS_LOCALPART_FULL, KEYS_LOCALPART, KEYS_CATCHALL } },
    { "mailbox", 3, { KEYS_FULL, KEYS_UNEXTENDED, KEYS_CATCHALL } },
    { "transport", 4, { KEYS_FULL, KEYS_UNEXTENDED, KEYS_DOMAIN, KEYS_PARENT_DOMAINS } },
    { "access",
      6,
      { KEYS_FULL, KEYS_UNEXTENDED, KEYS_PARENTS, KEYS_LOCALPART_FULL_AT, KEYS_LOCALPART_AT, KEYS_IP_PREFIXES } },
    { "sender_login", 5, { KEYS_FULL, KEYS_UNEXTENDED, KEYS_LOCALPART_FULL, KEYS_LOCALPART, KEYS_CATCHALL } },
    { "full", 1, { KEYS_FULL } },
    { "unextended", 1, { KEYS_UNEXTENDED } },
    { "localpart_full", 1, { KEYS_LOCALPART_FULL } },
    { "localpart", 1, { KEYS_LOCALPART } },
    { "localpart_full_at", 1, { KEYS_LOCALPART_FULL_AT } },
    { "localpart_at", 1, { KEYS_LOCALPART_AT } },
    { "catchall", 1, { KEYS_CATCHALL } },
    { "domain", 1, { KEYS_DOMAIN } },
    { "parents", 1, { KEYS_PARENTS } },
    { "parent_domains", 1, { KEYS_PARENT_DOMAINS } },
    { "ip_prefixes", 1, { KEYS_IP_PREFIXES } },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

const char keys_words[] = "exact, virtual, mailbox, transport, access, sender_login, domain, full, unextended, "
                          "localpart_full, localpart, localpart_full_at, localpart_at, catchall, parents, "
                          "parent_domains, ip_prefixes";

/* What the forms take of a key. */
struct parts {
    struct span key;
    struct address whole;
    struct span bare_key; /* without the extension */
    struct address bare;
    bool is_local;
    bool is_ip;
    struct span domain; /* the key's own name when it has no '@' */
    bool has_parents;
};

static bool is_octet(struct span text)
{
    unsigned value = 0;

    if (text.n == 0 || text.n > IPV4_OCTET_DIGITS || (text.p[0] == '0' && text.n > 1))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    return value <= IPV4_OCTET_MAX;
}

static bool is_ipv4(struct span text)
{
    for (unsigned octets = 1;; octets++) {
        size_t n = span_find(text, '.');
        if (!is_octet(span_first(text, n)))
            return false;
        if (n == text.n)
            return octets == IPV4_OCTETS;
        text = span_skip(text, n + 1);
    }
}

static bool is_group(struct span text)
{
    size_t i = 0;
    while (i < text.n && text.p[i] != '\0' && strchr("0123456789abcdefABCDEF", text.p[i]) != NULL)
        i++;
    return i == text.n && i > 0 && i <= IPV6_GROUP_DIGITS;
}

/* How many groups stand between colons, of which the last may be an IPv4 address; false: something else does. */
static bool count_groups(struct span text, bool is_end, size_t *groups)
{
    *groups = 0;
    if (text.n == 0)
        return true;
    for (;; ++*groups) {
        size_t n = span_find(text, ':');
        if (n == text.n && is_end && is_ipv4(text)) {
            *groups += IPV6_GROUPS_OF_IPV4;
            return true;
        }
        if (!is_group(span_first(text, n)))
            return false;
        if (n == text.n)
            break;
        text = span_skip(text, n + 1);
    }
    ++*groups;
    return true;
}

static bool is_ipv6(struct span text)
{
    const char *gap = text.n == 0 ? NULL : memmem(text.p, text.n, "::", 2);
    size_t head, tail;

    if (gap == NULL)
        return count_groups(text, true, &head) && head == IPV6_GROUPS;
    size_t before = (size_t)(gap - text.p);
    return count_groups(span_first(text, before), false, &head) &&
           count_groups(span_skip(text, before + 2), true, &tail) && head + tail < IPV6_GROUPS;
}

static bool is_ip(struct span text)
{
    return is_ipv4(text) || is_ipv6(text);
}

static void add(struct keys *keys, struct span text, bool lacks_extension)
{
    size_t i = 0;

    while (i < keys->count && !span_equal(keys->candidate[i].text, text))
        i++;
    if (i == keys->count)
        keys->candidate[keys->count++] = (struct keys_candidate){ text, lacks_extension };
}

/* Behind the next '.', or from it on; the first byte is never that '.'. */
static struct span parent_of(struct span name, bool with_dot)
{
    struct span rest = span_skip(name, 1);
    size_t dot = span_find(rest, '.');

    if (dot == rest.n)
        return span_make(NULL, 0);
    return span_skip(rest, with_dot ? dot : dot + 1);
}

static void add_names(struct keys *keys, struct span first, bool with_dot)
{
    size_t count = 0;

    for (struct span name = first; name.n > 0; name = parent_of(name, with_dot))
        count++;
    for (struct span name = first; name.n > 0; name = parent_of(name, with_dot)) {
        if (count-- <= KEYS_PARENTS_MAX)
            add(keys, name, false);
    }
}

static void add_prefixes(struct keys *keys, struct span address)
{
    char separator = span_find(address, ':') < address.n ? ':' : '.';

    while (address.n > 0) {
        add(keys, address, false);
        size_t end = span_find_last(address, separator);
        address = span_first(address, end < address.n ? end : 0);
    }
}

static void add_parents(struct keys *keys, const struct parts *parts, bool with_dot)
{
    if (parts->domain.n == 0)
        return;
    if (!parts->has_parents && !with_dot)
        add(keys, parts->domain, false);
    if (parts->has_parents)
        add_names(keys, with_dot ? parent_of(parts->domain, true) : parts->domain, with_dot);
}

/* The forms of an address with a local part. */
static void add_of_address(struct keys *keys, const struct parts *parts, enum keys_form form)
{
    const bool is_bare = keys->extension.n > 0;

    if (parts->whole.local.n == 0)
        return;
    if (form == KEYS_UNEXTENDED)
        add(keys, parts->bare_key, is_bare);
    if (form == KEYS_LOCALPART_FULL && parts->is_local)
        add(keys, parts->whole.local, false);
    if (form == KEYS_LOCALPART && parts->is_local)
        add(keys, parts->bare.local, is_bare);
    if (form == KEYS_LOCALPART_FULL_AT && parts->whole.has_domain)
        add(keys, span_first(parts->key, parts->whole.local.n + 1), false);
    if (form == KEYS_LOCALPART_AT && parts->whole.has_domain)
        add(keys, span_first(parts->bare_key, parts->bare.local.n + 1), is_bare);
}

static void add_form(struct keys *keys, const struct parts *parts, enum keys_form form)
{
    switch (form) {
    case KEYS_FULL:
        add(keys, parts->key, false);
        break;
    case KEYS_CATCHALL:
        if (parts->whole.domain.n > 0)
            add(keys, span_skip(parts->key, parts->whole.local.n), false);
        break;
    case KEYS_DOMAIN:
        if (parts->domain.n > 0)
            add(keys, parts->domain, false);
        break;
    case KEYS_PARENTS:
    case KEYS_PARENT_DOMAINS:
        add_parents(keys, parts, form == KEYS_PARENT_DOMAINS);
        break;
    case KEYS_IP_PREFIXES:
        if (parts->is_ip)
            add_prefixes(keys, parts->key);
        break;
    default:
        add_of_address(keys, parts, form);
    }
}

/* In such a table a key without '@' is the name of a domain, in which '-' begins nothing. */
static bool takes_names(const struct keys_rules *rules)
{
    for (size_t i = 0; i < rules->form_count; i++) {
        if (rules->forms[i] >= KEYS_DOMAIN && rules->forms[i] <= KEYS_IP_PREFIXES)
            return true;
    }
    return false;
}

static bool is_local_domain(const struct keys_rules *rules, struct span domain)
{
    for (size_t i = 0; i < rules->local_domain_count; i++) {
        if (address_name_equal(domain, span_text(rules->local_domains[i])))
            return true;
    }
    return false;
}

static struct parts take_apart(const struct keys_rules *rules, struct span key, char *memory, struct span *extension)
{
    struct parts parts = { .key = key, .whole = address_split(key), .bare_key = key };
    const bool is_address = parts.whole.has_domain;
    struct address_stripped stripped;

    parts.is_local = is_address && is_local_domain(rules, parts.whole.domain);
    parts.is_ip = !is_address && is_ip(key);
    if (!parts.is_ip)
        parts.domain = is_address ? parts.whole.domain : key;
    parts.has_parents = parts.domain.n > 0 && parts.domain.p[0] != '[' && !is_ip(parts.domain);
    *extension = span_make(NULL, 0);
    if ((is_address || !takes_names(rules)) && address_strip(key, rules->delimiters, memory, &stripped)) {
        parts.bare_key = stripped.text;
        *extension = stripped.extension;
    }
    parts.bare = address_split(parts.bare_key);
    return parts;
}

void keys_expand(const struct keys_rules *rules, struct span key, char *memory, struct keys *keys)
{
    keys->count = 0;
    if (rules->form_count == 1 && rules->forms[0] == KEYS_FULL) { /* of most maps: nothing to take apart */
        keys->extension = span_make(NULL, 0);
        add(keys, key, false);
        return;
    }
    const struct parts parts = take_apart(rules, key, memory, &keys->extension);
    for (size_t i = 0; i < rules->form_count; i++)
        add_form(keys, &parts, rules->forms[i]);
}

const enum keys_form *keys_of_word(struct span word, size_t *count)
{
    for (size_t i = 0; i < WORDS; i++) {
        if (span_equal(word, span_text(words[i].word))) {
            *count = words[i].count;
            return words[i].forms;
        }
    }
    return NULL;
}

const char *keys_form_name(enum keys_form form)
{
    size_t i = WORDS - 1; /* from the end: tables of one form stand before */

    while (i > 0 && !(words[i].count == 1 && words[i].forms[0] == form))
        i--;
    return words[i].word;
}
