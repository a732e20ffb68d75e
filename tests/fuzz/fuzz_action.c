/*
 * What a service says that Postfix shall do; and text that may hold secrets, made fit for a person's eyes. The first
 * byte chooses; before a mask comes the secret, a line.
 */
#include "fuzz.h"

#include "action.h"
#include "json.h"
#include "mask.h"
#include "policy.h"
#include "utf8.h"

typedef size_t mask_function(char *out, size_t size, struct span text);

static void check_action(struct span action, bool restrictions)
{
    size_t size = policy_encode(NULL, 0, action);

    action_is_temporary(action);
    action_stops_mail(action);
    if (action_check(action, restrictions) != NULL)
        return;
    FUZZ_HOLDS(action.n > 0 && action.n <= ACTION_MAX_BYTES && action.p[0] != ' ');
    FUZZ_HOLDS(utf8_valid(action) && !utf8_has_control(action));
    FUZZ_HOLDS(restrictions || action_check(action, true) == NULL);
    char *out = fuzz_memory(size);
    FUZZ_HOLDS(policy_encode(out, size, action) == size);
    FUZZ_HOLDS(span_find(span_make(out, size), '\n') == size - 2 && out[size - 1] == '\n');
    free(out);
}

static struct span masked(mask_function *mask, struct span text)
{
    size_t size = mask(NULL, 0, text);
    char *out = fuzz_memory(size), *half = fuzz_memory(size / 2);

    FUZZ_HOLDS(mask(out, size, text) == size && mask(half, size / 2, text) == size);
    free(half);
    return span_make(out, size);
}

static struct span secret;

static size_t mask_secret(char *out, size_t size, struct span text)
{
    return mask_value(out, size, text, secret);
}

static bool is_container(struct span text)
{
    while (text.n > 0 && strchr(" \t\r\n", text.p[0]) != NULL)
        text = span_skip(text, 1);
    return text.n > 0 && (text.p[0] == '{' || text.p[0] == '[');
}

static void check_masks(struct span text)
{
    struct span header = masked(mask_header, text), body = masked(mask_body, text);
    const char *why;

    if (json_check(text, &why) && is_container(text)) /* the mask takes nothing else for JSON */
        FUZZ_HOLDS(json_check(body, &why));
    free((char *)(size_t)header.p);
    free((char *)(size_t)body.p);
    if (secret.n == 0)
        return;
    struct span without = masked(mask_secret, text);
    if (span_find(secret, '*') == secret.n)
        FUZZ_HOLDS(memmem(without.p, without.n, secret.p, secret.n) == NULL);
    free((char *)(size_t)without.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    unsigned choice = fuzz_take_byte(&in) % 3;

    if (choice < 2) {
        check_action(in, choice == 1);
        return 0;
    }
    secret = fuzz_take_until(&in, '\n');
    check_masks(in);
    return 0;
}
