/*
 * Keys and addresses: the candidates for a key, an extension that is taken off and put back, and a list of addresses
 * that gets one. The first byte chooses the form; then come lines: delimiters, a local domain, and the key.
 */
#include "fuzz.h"

#include "address.h"
#include "keys.h"

/* Nothing that would have to be quoted, or that separates addresses. */
static bool is_simple(struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = span_lower(text.p[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || strchr("+-_@", c) == NULL))
            return false;
    }
    return text.n > 0 && text.p[0] != '@' && span_find(text, '@') == span_find_last(text, '@');
}

static struct span extend(struct span list, struct span extension)
{
    size_t size = address_extend(NULL, 0, list, extension);
    char *out = fuzz_memory(size);

    FUZZ_HOLDS(address_extend(out, size, list, extension) == size);
    return span_make(out, size);
}

static void check_strip(struct span text, struct span delimiters)
{
    char *memory = fuzz_memory(ADDRESS_STRIP_BYTES(text.n));
    const struct span whole = span_make(memory, ADDRESS_STRIP_BYTES(text.n));
    struct address_stripped stripped;

    if (address_strip(text, delimiters, memory, &stripped)) {
        FUZZ_HOLDS(fuzz_lies_in(stripped.text, whole) && fuzz_lies_in(stripped.extension, whole));
        FUZZ_HOLDS(span_find(delimiters, stripped.extension.p[0]) < delimiters.n);
        struct span again = extend(stripped.text, stripped.extension);
        if (is_simple(text))
            FUZZ_HOLDS(span_equal(again, text));
        free((char *)(size_t)again.p);
    }
    free(memory);
}

static void check_candidates(const struct keys_rules *rules, struct span key)
{
    char *memory = fuzz_memory(KEYS_MEMORY_BYTES(key.n));
    const struct span whole = span_make(memory, KEYS_MEMORY_BYTES(key.n));
    static struct keys keys;

    keys_expand(rules, key, memory, &keys);
    FUZZ_HOLDS(keys.count <= KEYS_MAX && fuzz_lies_in(keys.extension, whole));
    for (size_t i = 0; i < keys.count; i++) {
        struct span text = keys.candidate[i].text;
        FUZZ_HOLDS(fuzz_lies_in(text, key) || fuzz_lies_in(text, whole));
        FUZZ_HOLDS(!keys.candidate[i].lacks_extension || keys.extension.n > 0);
        for (size_t j = 0; j < i; j++)
            FUZZ_HOLDS(!span_equal(text, keys.candidate[j].text));
    }
    if (rules->forms[0] == KEYS_FULL)
        FUZZ_HOLDS(keys.count > 0 && span_equal(keys.candidate[0].text, key));
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = { "exact", "virtual", "mailbox", "transport", "access", "sender_login" };
    struct span in = span_make((const char *)data, size);
    unsigned choice = fuzz_take_byte(&in);
    struct span delimiters = fuzz_take_until(&in, '\n'), domain = fuzz_take_until(&in, '\n');
    char *local_domain = strndup(domain.n == 0 ? "" : domain.p, domain.n);
    struct keys_rules rules = { .delimiters = delimiters, .local_domains = &local_domain, .local_domain_count = 1 };
    enum keys_form all[KEYS_FORMS];

    FUZZ_HOLDS(local_domain != NULL);
    for (int i = 0; i < KEYS_FORMS; i++)
        all[i] = (enum keys_form)((choice + (unsigned)i) % KEYS_FORMS);
    rules.forms = all;
    rules.form_count = KEYS_FORMS;
    check_candidates(&rules, in);
    rules.forms = keys_of_word(span_text(words[choice % (sizeof(words) / sizeof(words[0]))]), &rules.form_count);
    check_candidates(&rules, in);
    check_strip(in, delimiters);
    free((char *)(size_t)extend(in, delimiters).p);
    free(local_domain);
    return 0;
}
