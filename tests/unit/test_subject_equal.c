#include "subject.h"

#include "unit.h"

#define ATTRIBUTES_MAX 3
#define ATTRIBUTE(name, value) { UNIT_BYTES(name), UNIT_BYTES(value) }

static const struct {
    const char *name;
    bool folds;
    struct span a, b;
    bool is_same;
} keys[] = {
    { "the same", false, UNIT_BYTES("k"), UNIT_BYTES("k"), true },
    { "empty", false, UNIT_BYTES(""), UNIT_BYTES(""), true },
    { "another", false, UNIT_BYTES("k"), UNIT_BYTES("l"), false },
    { "longer", false, UNIT_BYTES("k"), UNIT_BYTES("kk"), false },
    { "empty and not", false, UNIT_BYTES(""), UNIT_BYTES("k"), false },
    { "case", false, UNIT_BYTES("K"), UNIT_BYTES("k"), false },
    { "case that is folded", true, UNIT_BYTES("User@X"), UNIT_BYTES("uSER@x"), true },
    { "case that is not ASCII", true, UNIT_BYTES("\xC3\x89"), UNIT_BYTES("\xC3\xA9"), false },
    { "after a NUL", false, UNIT_BYTES("a\0b"), UNIT_BYTES("a\0c"), false },
};

START_TEST(subject_equal_keys_have_the_same_bytes)
{
    struct config_entry entry = { .section = CONFIG_SOCKET_MAPS, .fold_case = keys[_i].folds };
    struct subject a = { .attributes = NULL }, b = { .attributes = NULL };

    subject_of_key(&a, &entry, keys[_i].a);
    subject_of_key(&b, &entry, keys[_i].b);
    unit_expect(subject_equal(&a, &b) == keys[_i].is_same, keys[_i].name);
    unit_expect(subject_equal(&b, &a) == keys[_i].is_same, keys[_i].name);
    unit_expect(subject_equal(&a, &a), keys[_i].name);
    subject_free(&a);
    subject_free(&b);
}
END_TEST

static const struct {
    const char *name;
    struct attribute a[ATTRIBUTES_MAX], b[ATTRIBUTES_MAX]; /* as many as have a name */
    bool is_same;
} policies[] = {
    { "none", { { .name = { NULL, 0 } } }, { { .name = { NULL, 0 } } }, true },
    { "the same", { ATTRIBUTE("a", "1"), ATTRIBUTE("b", "2") }, { ATTRIBUTE("a", "1"), ATTRIBUTE("b", "2") }, true },
    { "another value", { ATTRIBUTE("a", "1") }, { ATTRIBUTE("a", "2") }, false },
    { "another name", { ATTRIBUTE("a", "1") }, { ATTRIBUTE("b", "1") }, false },
    { "one more", { ATTRIBUTE("a", "1") }, { ATTRIBUTE("a", "1"), ATTRIBUTE("b", "") }, false },
    { "some and none", { ATTRIBUTE("a", "") }, { { .name = { NULL, 0 } } }, false },
    { "another order", { ATTRIBUTE("a", "1"), ATTRIBUTE("b", "2") }, { ATTRIBUTE("b", "2"), ATTRIBUTE("a", "1") },
      false },
    { "from name to value", { ATTRIBUTE("ab", "c") }, { ATTRIBUTE("a", "bc") }, false },
    { "from value to value", { ATTRIBUTE("a", "xb"), ATTRIBUTE("b", "") }, { ATTRIBUTE("a", "x"), ATTRIBUTE("bb", "") },
      false },
    { "from one value to the next", { ATTRIBUTE("a", "x"), ATTRIBUTE("a", "") },
      { ATTRIBUTE("a", ""), ATTRIBUTE("x", "a") }, false },
    { "bytes that are not UTF-8", { ATTRIBUTE("a", "\xFF") }, { ATTRIBUTE("a", "\xEF\xBF\xBD") }, true },
    { "case", { ATTRIBUTE("a", "x") }, { ATTRIBUTE("a", "X") }, false },
};

static size_t count(const struct attribute *attributes)
{
    size_t n = 0;
    while (n < ATTRIBUTES_MAX && attributes[n].name.n > 0)
        n++;
    return n;
}

START_TEST(subject_equal_policies_have_all_attributes_alike)
{
    struct config_entry entry = { .section = CONFIG_POLICY_SERVICES, .fold_case = true };
    struct subject a = { .attributes = NULL }, b = { .attributes = NULL };

    subject_of_policy(&a, &entry, policies[_i].a, count(policies[_i].a));
    subject_of_policy(&b, &entry, policies[_i].b, count(policies[_i].b));
    unit_expect(subject_equal(&a, &b) == policies[_i].is_same, policies[_i].name);
    unit_expect(subject_equal(&b, &a) == policies[_i].is_same, policies[_i].name);
    subject_free(&a);
    subject_free(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("subject_equal");

    unit_add_loop(suite, "keys", subject_equal_keys_have_the_same_bytes, UNIT_ROWS(keys));
    unit_add_loop(suite, "policies", subject_equal_policies_have_all_attributes_alike, UNIT_ROWS(policies));
    return unit_run(suite);
}
