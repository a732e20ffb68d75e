#include "oauth.h"

#include "address_fixture.h"
#include "sasl.h"
#include "unit.h"
#include "utf8.h"

#define CHANGES_MAX 4
#define MESSAGE_MAX_BYTES 256

static const struct span meant[] = { UNIT_BYTES("\x01"), UNIT_BYTES("="), UNIT_BYTES(","), UNIT_BYTES("\0"),
                                     UNIT_BYTES("\n"),   UNIT_BYTES("n"), UNIT_BYTES("a"), UNIT_BYTES("\xC3"),
                                     UNIT_BYTES(" "),    UNIT_BYTES("2"), UNIT_BYTES("C"), UNIT_BYTES("p") };

static const struct span good[] = {
    UNIT_BYTES("user=someuser@example.com\x01" "auth=Bearer ya29.vF9dft4qmTc2Nv\x01\x01"),
    UNIT_BYTES("auth=bearer  a-b_c~d+/==\x01other\x01user=j\xC3\xBCrgen\x01\x01"),
    UNIT_BYTES("n,a=user=2Cname=3D@example.com,\x01host=h\x01port=143\x01" "auth=Bearer vF9dft4qmTc2Nv==\x01\x01"),
    UNIT_BYTES("y,,\x01" "auth=Bearer t\x01qs=a b\x01\x01"),
};

/* Whatever came: what is taken is fit for use, and what is refused has a reason and no token. */
static void expect_sane(bool is_taken, struct span message, const struct oauth_message *parsed, const char *why)
{
    static const char token_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

    ck_assert(utf8_valid(parsed->name));
    ck_assert(!utf8_has_control(parsed->name));
    ck_assert_uint_le(parsed->name.n, SASL_NAME_MAX_BYTES);
    ck_assert_msg((parsed->token.n > 0) == is_taken, "%zu bytes of a token", parsed->token.n);
    if (!is_taken) {
        ck_assert_ptr_nonnull(why);
        return;
    }
    for (size_t i = 0; i < parsed->token.n; i++)
        ck_assert(memchr(token_bytes, parsed->token.p[i], sizeof(token_bytes) - 1) != NULL);
    ck_assert(message.n > 2 && memcmp(message.p + message.n - 2, "\x01\x01", 2) == 0);
}

/* Is it good for XOAUTH2, and is it for OAUTHBEARER? memory ends at an unreadable page. */
static int take(struct span message, char *memory)
{
    struct oauth_message parsed;
    const char *why = NULL;
    bool is_xoauth2 = oauth_xoauth2(message, &parsed, &why);

    expect_sane(is_xoauth2, message, &parsed, why);
    why = NULL;
    bool is_bearer = oauth_bearer(message, memory, &parsed, &why);
    expect_sane(is_bearer, message, &parsed, why);
    return is_xoauth2 + is_bearer;
}

START_TEST(oauth_every_prefix_is_refused)
{
    char *end = unit_guard(MESSAGE_MAX_BYTES) + MESSAGE_MAX_BYTES;
    char *memory_end = unit_guard(MESSAGE_MAX_BYTES) + MESSAGE_MAX_BYTES;

    for (size_t n = 0; n <= good[_i].n; n++) {
        if (n > 0)
            memcpy(end - n, good[_i].p, n);
        ck_assert_msg(take(span_make(end - n, n), memory_end - n) == (n == good[_i].n), "%zu bytes of row %d", n, _i);
    }
}
END_TEST

static size_t pick(uint64_t *seed, size_t count)
{
    return (size_t)(fixture_random(seed) % count);
}

/* Changes, removes or adds a byte: any one, or one that means something. Returns the new size. */
static size_t change(uint64_t *seed, char *bytes, size_t n)
{
    char c = pick(seed, 2) == 0 ? (char)pick(seed, 256) : meant[pick(seed, sizeof(meant) / sizeof(meant[0]))].p[0];
    size_t at = pick(seed, n);

    switch (pick(seed, 3)) {
    case 0:
        bytes[at] = c;
        return n;
    case 1:
        memmove(bytes + at, bytes + at + 1, n - at - 1);
        return n - 1;
    default:
        memmove(bytes + at + 1, bytes + at, n - at);
        bytes[at] = c;
        return n + 1;
    }
}

START_TEST(oauth_what_is_changed_at_random_is_refused_or_fit_for_use)
{
    uint64_t seed = 20250707;
    char *end = unit_guard(MESSAGE_MAX_BYTES) + MESSAGE_MAX_BYTES;
    char *memory_end = unit_guard(MESSAGE_MAX_BYTES) + MESSAGE_MAX_BYTES;
    int taken = 0;

    for (int round = 0; round < FIXTURE_ROUNDS; round++) {
        char bytes[MESSAGE_MAX_BYTES];
        size_t n = good[_i].n;
        memcpy(bytes, good[_i].p, n);
        for (size_t changes = 1 + pick(&seed, CHANGES_MAX); changes > 0; changes--)
            n = change(&seed, bytes, n);
        memcpy(end - n, bytes, n);
        taken += take(span_make(end - n, n), memory_end - n);
    }
    ck_assert_msg(taken > 0 && taken < FIXTURE_ROUNDS, "%d of %d were taken", taken, FIXTURE_ROUNDS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oauth_random");

    unit_add_loop(suite, "prefixes", oauth_every_prefix_is_refused, UNIT_ROWS(good));
    unit_add_loop(suite, "changes", oauth_what_is_changed_at_random_is_refused_or_fit_for_use, UNIT_ROWS(good));
    return unit_run(suite);
}
