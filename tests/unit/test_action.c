#include "action.h"

#include "unit.h"

enum takes { ANY_TEXT, NEEDS_TEXT };

static const struct {
    const char *name; /* the word */
    enum takes takes;
    const char *text; /* a good one */
} words[] = {
    { "DUNNO", ANY_TEXT, "why" },
    { "OK", ANY_TEXT, "why" },
    { "RELAY", ANY_TEXT, "why" },
    { "REJECT", ANY_TEXT, "5.7.1 no, thank you: 100%" },
    { "DEFER", ANY_TEXT, "4.7.1 later" },
    { "DEFER_IF_PERMIT", ANY_TEXT, "4.3.0 later" },
    { "DEFER_IF_REJECT", ANY_TEXT, "4.3.0 later" },
    { "DISCARD", ANY_TEXT, "gone" },
    { "HOLD", ANY_TEXT, "for a look" },
    { "INFO", ANY_TEXT, "seen" },
    { "WARN", ANY_TEXT, "seen" },
    { "FILTER", NEEDS_TEXT, "smtp:[192.0.2.1]:10025" },
    { "REDIRECT", NEEDS_TEXT, "user@example.com" },
    { "BCC", NEEDS_TEXT, "user@example.com" },
    { "PREPEND", NEEDS_TEXT, "X-Policy: seen" },
    { "450", NEEDS_TEXT, "4.7.1 later" },
    { "554", NEEDS_TEXT, "5.7.1 no" },
    { "400", NEEDS_TEXT, "x" },
    { "599", NEEDS_TEXT, "x" },
};

static const char *check(struct span action, bool restrictions)
{
    const char *why = action_check(unit_guarded_span(action), restrictions);
    ck_assert_msg(why == NULL || *why != '\0', "refused without a reason");
    return why;
}

static const char *check_text(const char *word, const char *blanks, const char *text)
{
    char action[ACTION_MAX_BYTES];
    int n = snprintf(action, sizeof(action), "%s%s%s", word, blanks, text);
    const char *why = check(span_make(action, (size_t)n), false);
    const char *with_restrictions = check(span_make(action, (size_t)n), true);

    ck_assert_msg((why == NULL) == (with_restrictions == NULL), "%s: the flag makes a difference", action);
    return why;
}

START_TEST(action_check_of_a_word_alone)
{
    bool is_good = check_text(words[_i].name, "", "") == NULL;
    unit_expect(is_good == (words[_i].takes != NEEDS_TEXT), words[_i].name);
    is_good = check_text(words[_i].name, "  ", "") == NULL;
    unit_expect(is_good == (words[_i].takes != NEEDS_TEXT), words[_i].name);
}
END_TEST

START_TEST(action_check_of_a_word_with_text)
{
    bool is_good = check_text(words[_i].name, " ", words[_i].text) == NULL;
    unit_expect(is_good, words[_i].name);
    is_good = check_text(words[_i].name, "   ", words[_i].text) == NULL;
    unit_expect(is_good, words[_i].name);
}
END_TEST

START_TEST(action_check_of_a_word_in_any_case)
{
    const char *text = words[_i].text;
    char word[32] = "";

    for (size_t i = 0; words[_i].name[i] != '\0'; i++) {
        char c = words[_i].name[i];
        word[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    unit_expect(check_text(word, " ", text) == NULL, words[_i].name);
    word[0] = words[_i].name[0];
    unit_expect(check_text(word, " ", text) == NULL, words[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span action;
} good[] = {
    { "a reject in UTF-8", UNIT_BYTES("REJECT nicht f\xC3\xBCr dich") },
    { "a filter without destination", UNIT_BYTES("FILTER smtp:") },
    { "a redirection of one letter each", UNIT_BYTES("REDIRECT a@b") },
    { "a redirection of a quoted local part", UNIT_BYTES("REDIRECT \"a@b\"@c") },
    { "a header without text", UNIT_BYTES("PREPEND X-Seen:") },
    { "a header without space", UNIT_BYTES("PREPEND X:y") },
    { "a reply code and one byte", UNIT_BYTES("450 x") },
    { "a reply code and digits", UNIT_BYTES("450 1") },
};

START_TEST(action_check_good_is_good_with_and_without_restrictions)
{
    unit_expect(check(good[_i].action, false) == NULL, good[_i].name);
    unit_expect(check(good[_i].action, true) == NULL, good[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span action;
} bad[] = {
    { "empty", UNIT_BYTES("") },
    { "one space", UNIT_BYTES(" ") },
    { "leading space", UNIT_BYTES(" REJECT foo") },
    { "leading space, DUNNO", UNIT_BYTES(" DUNNO") },
    { "leading space, a restriction", UNIT_BYTES(" reject_unauth_destination") },
    { "leading tab", UNIT_BYTES("\tREJECT foo") },
    { "digits alone", UNIT_BYTES("554") },
    { "digits alone, a time stamp", UNIT_BYTES("1700000000") },
    { "one digit", UNIT_BYTES("0") },
    { "four digits", UNIT_BYTES("4501") },
    { "four digits and text", UNIT_BYTES("4501 x") },
    { "two digits and text", UNIT_BYTES("45 x") },
    { "a code that permits", UNIT_BYTES("250 ok") },
    { "a code of another class", UNIT_BYTES("650 x") },
    { "a code with blank text", UNIT_BYTES("450 ") },
    { "a code with more blank text", UNIT_BYTES("450    ") },
    { "a code with a letter", UNIT_BYTES("45x no") },
    { "a code and a minus", UNIT_BYTES("450-no") },
    { "a code with other digits", UNIT_BYTES("4\xD9\xA5\xD9\xA0 no") },
    { "LF at the end", UNIT_BYTES("DUNNO\n") },
    { "LF that adds a line", UNIT_BYTES("REJECT no\naction=OK") },
    { "CR", UNIT_BYTES("REJECT no\r") },
    { "NUL", UNIT_BYTES("REJECT\0 no") },
    { "NUL after a word", UNIT_BYTES("DUNNO\0") },
    { "tab", UNIT_BYTES("REJECT\tno") },
    { "escape", UNIT_BYTES("REJECT \x1B[2J") },
    { "DEL", UNIT_BYTES("REJECT \x7F") },
    { "not UTF-8", UNIT_BYTES("REJECT caf\xE9") },
    { "half a character", UNIT_BYTES("REJECT caf\xC3") },
    { "HANGUP", UNIT_BYTES("HANGUP") },
    { "HANGUP in small letters", UNIT_BYTES("hangup now") },
    { "FILTER without colon", UNIT_BYTES("FILTER smtp") },
    { "FILTER without transport", UNIT_BYTES("FILTER :[192.0.2.1]") },
    { "FILTER with a space in the transport", UNIT_BYTES("FILTER to smtp:x") },
    { "REDIRECT without at sign", UNIT_BYTES("REDIRECT user") },
    { "REDIRECT without domain", UNIT_BYTES("REDIRECT user@") },
    { "REDIRECT without local part", UNIT_BYTES("REDIRECT @example.com") },
    { "REDIRECT to an at sign", UNIT_BYTES("REDIRECT @") },
    { "BCC without at sign", UNIT_BYTES("BCC user") },
    { "PREPEND without colon", UNIT_BYTES("PREPEND hello") },
    { "PREPEND without name", UNIT_BYTES("PREPEND : text") },
    { "PREPEND with a space in the name", UNIT_BYTES("PREPEND X Header: text") },
    { "PREPEND with UTF-8 in the name", UNIT_BYTES("PREPEND \xC3\xBC: text") },
};

START_TEST(action_check_bad_is_refused_with_and_without_restrictions)
{
    unit_expect(check(bad[_i].action, false) != NULL, bad[_i].name);
    unit_expect(check(bad[_i].action, true) != NULL, bad[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span action;
    bool is_restriction;
} others[] = {
    { "an unknown word", UNIT_BYTES("ACCEPT"), true },
    { "the beginning of a word", UNIT_BYTES("REJ"), true },
    { "a word with a letter more", UNIT_BYTES("REJECTED"), true },
    { "a longer word than any", UNIT_BYTES("DEFER_IF_PERMITTED_BY_NOBODY"), true },
    { "a restriction", UNIT_BYTES("reject_unauth_destination"), true },
    { "a restriction class", UNIT_BYTES("Class_1"), true },
    { "restrictions and spaces", UNIT_BYTES("permit_mynetworks  reject"), true },
    { "restrictions and commas", UNIT_BYTES("permit_mynetworks, reject_unauth_destination,"), true },
    { "a restriction with an argument", UNIT_BYTES("reject_rbl_client bl.example.org=127.0.0.2"), true },
    { "an action before a comma", UNIT_BYTES("reject, permit"), true },
    { "a table", UNIT_BYTES("check_client_access hash:/etc/postfix/access"), false },
    { "a colon", UNIT_BYTES("reject:"), false },
    { "a word with a colon", UNIT_BYTES("REJECT: no"), false },
    { "quotes", UNIT_BYTES("\"REJECT\""), false },
    { "braces", UNIT_BYTES("{ reject }"), false },
    { "braces after a name", UNIT_BYTES("check_policy_service { x }"), false },
    { "the whole line of a reply", UNIT_BYTES("action=DUNNO"), true },
    { "UTF-8", UNIT_BYTES("r\xC3\xA9" "ject"), false },
    { "a leading comma", UNIT_BYTES(",reject"), false },
    { "a leading underscore", UNIT_BYTES("_x"), false },
};

START_TEST(action_check_of_restrictions_needs_the_flag)
{
    unit_expect(check(others[_i].action, false) != NULL, others[_i].name);
    unit_expect((check(others[_i].action, true) == NULL) == others[_i].is_restriction, others[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span action;
    const char *says;
} reasons[] = {
    { "empty", UNIT_BYTES(""), "takes as permit" },
    { "digits", UNIT_BYTES("554"), "takes as permit" },
    { "leading space", UNIT_BYTES(" REJECT"), "takes as a list of restrictions" },
    { "code without text", UNIT_BYTES("450 "), "without text" },
    { "unknown", UNIT_BYTES("ACCEPT"), "access(5)" },
    { "filter", UNIT_BYTES("FILTER x"), "transport:destination" },
    { "redirect", UNIT_BYTES("REDIRECT x"), "user@domain" },
    { "prepend", UNIT_BYTES("PREPEND x"), "Name: text" },
};

START_TEST(action_check_says_what_is_wrong)
{
    const char *why = check(reasons[_i].action, false);
    unit_expect(why != NULL && strstr(why, reasons[_i].says) != NULL, reasons[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span action;
    bool is_temporary;
} answers[] = {
    { "DEFER", UNIT_BYTES("DEFER"), true },
    { "DEFER with text", UNIT_BYTES("DEFER later"), true },
    { "DEFER and a space", UNIT_BYTES("DEFER "), true },
    { "DEFER_IF_PERMIT", UNIT_BYTES("DEFER_IF_PERMIT"), true },
    { "DEFER_IF_REJECT with text", UNIT_BYTES("DEFER_IF_REJECT 4.3.0 later"), true },
    { "small letters", UNIT_BYTES("defer_If_permit x"), true },
    { "450", UNIT_BYTES("450 4.7.1 later"), true },
    { "499", UNIT_BYTES("499 x"), true },
    { "a restriction", UNIT_BYTES("defer"), true },
    { "among restrictions", UNIT_BYTES("permit_mynetworks, defer_if_permit"), true },
    { "among restrictions, no spaces", UNIT_BYTES("permit_mynetworks,defer,reject"), true },
    { "first of restrictions", UNIT_BYTES("defer,reject"), true },
    { "after an argument", UNIT_BYTES("reject_rbl_client bl.example.org  Defer_If_Reject"), true },
    { "550", UNIT_BYTES("550 5.7.1 no"), false },
    { "OK", UNIT_BYTES("OK"), false },
    { "DUNNO with text", UNIT_BYTES("DUNNO defer"), false },
    { "REJECT and the word in its text", UNIT_BYTES("REJECT DEFER_IF_PERMIT 450"), false },
    { "550 and the word in its text", UNIT_BYTES("550 defer"), false },
    { "INFO and a code in its text", UNIT_BYTES("INFO 450 x"), false },
    { "PREPEND", UNIT_BYTES("PREPEND X: DEFER"), false },
    { "FILTER", UNIT_BYTES("FILTER defer:x"), false },
    { "a word that begins so", UNIT_BYTES("defer_unauth_destination"), false },
    { "a word that ends so", UNIT_BYTES("class_defer"), false },
    { "the beginning of the word", UNIT_BYTES("DEFE"), false },
    { "restrictions", UNIT_BYTES("permit_mynetworks, reject"), false },
    { "four digits", UNIT_BYTES("4500 x"), false },
};

START_TEST(action_is_temporary_when_it_says_come_back_later)
{
    struct span action = unit_guarded_span(answers[_i].action);

    unit_expect(check(action, true) == NULL || !answers[_i].is_temporary, answers[_i].name);
    unit_expect(action_is_temporary(action) == answers[_i].is_temporary, answers[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span action;
    bool stops;
} ways[] = {
    { "REJECT", UNIT_BYTES("REJECT"), true },
    { "reject with text", UNIT_BYTES("reject 5.7.1 no"), true },
    { "DISCARD", UNIT_BYTES("Discard x"), true },
    { "DEFER", UNIT_BYTES("DEFER"), true },
    { "DEFER_IF_REJECT", UNIT_BYTES("DEFER_IF_REJECT x"), true },
    { "450", UNIT_BYTES("450 x"), true },
    { "554", UNIT_BYTES("554 x"), true },
    { "OK", UNIT_BYTES("OK"), false },
    { "DUNNO and the word in its text", UNIT_BYTES("DUNNO REJECT"), false },
    { "HOLD", UNIT_BYTES("HOLD"), false },
    { "PREPEND", UNIT_BYTES("PREPEND X: REJECT"), false },
    { "a word that begins so", UNIT_BYTES("reject_unauth_destination"), false },
    { "a list of restrictions", UNIT_BYTES("permit_mynetworks, reject"), false },
    { "a code that is none", UNIT_BYTES("250 x"), false },
};

START_TEST(action_stops_mail_when_the_message_does_not_go_on)
{
    unit_expect(action_stops_mail(unit_guarded_span(ways[_i].action)) == ways[_i].stops, ways[_i].name);
}
END_TEST

START_TEST(action_check_at_the_limit_is_good_and_beyond_is_not)
{
    char action[ACTION_MAX_BYTES + 1];

    memset(action, 'x', sizeof(action));
    memcpy(action, "REJECT ", 7);
    ck_assert_ptr_null(check(span_make(action, ACTION_MAX_BYTES), false));
    ck_assert_ptr_nonnull(check(span_make(action, ACTION_MAX_BYTES + 1), false));
    memset(action, 'x', sizeof(action));
    ck_assert_ptr_null(check(span_make(action, ACTION_MAX_BYTES), true));
    ck_assert_ptr_nonnull(check(span_make(action, ACTION_MAX_BYTES + 1), true));
}
END_TEST

START_TEST(action_check_of_one_byte_is_good_only_for_letters_as_restrictions)
{
    char byte = (char)_i;
    bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

    ck_assert_ptr_nonnull(check(span_make(&byte, 1), false));
    ck_assert_int_eq(check(span_make(&byte, 1), true) == NULL, is_letter);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("action");

    unit_add_loop(suite, "check, word", action_check_of_a_word_alone, UNIT_ROWS(words));
    unit_add_loop(suite, "check, text", action_check_of_a_word_with_text, UNIT_ROWS(words));
    unit_add_loop(suite, "check, case", action_check_of_a_word_in_any_case, UNIT_ROWS(words));
    unit_add_loop(suite, "check, good", action_check_good_is_good_with_and_without_restrictions, UNIT_ROWS(good));
    unit_add_loop(suite, "check, bad", action_check_bad_is_refused_with_and_without_restrictions, UNIT_ROWS(bad));
    unit_add_loop(suite, "check, restrictions", action_check_of_restrictions_needs_the_flag, UNIT_ROWS(others));
    unit_add_loop(suite, "check, reasons", action_check_says_what_is_wrong, UNIT_ROWS(reasons));
    unit_add_loop(suite, "check, bytes", action_check_of_one_byte_is_good_only_for_letters_as_restrictions, 256);
    unit_add_loop(suite, "temporary", action_is_temporary_when_it_says_come_back_later, UNIT_ROWS(answers));
    unit_add_loop(suite, "stops", action_stops_mail_when_the_message_does_not_go_on, UNIT_ROWS(ways));
    unit_add(suite, "check", (const TTest *const[]){ action_check_at_the_limit_is_good_and_beyond_is_not, NULL });
    return unit_run(suite);
}
