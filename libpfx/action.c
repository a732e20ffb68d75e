#include "action.h"

#include "utf8.h"

#define WORD_MAX_BYTES 16
#define REPLY_CODE_BYTES 3

/* What follows a word. */
enum operand { TEXT, TRANSPORT, ADDRESS, HEADER, REFUSED };

/* Arrays, because pointers would need relocation. */
static const struct {
    char word[WORD_MAX_BYTES];
    enum operand operand;
} words[] = {
    { "DUNNO", TEXT },
    { "OK", TEXT },
    { "RELAY", TEXT },
    { "REJECT", TEXT },
    { "DEFER", TEXT },
    { "DEFER_IF_PERMIT", TEXT },
    { "DEFER_IF_REJECT", TEXT },
    { "DISCARD", TEXT },
    { "HOLD", TEXT },
    { "INFO", TEXT },
    { "WARN", TEXT },
    { "FILTER", TRANSPORT },
    { "REDIRECT", ADDRESS },
    { "BCC", ADDRESS },
    { "PREPEND", HEADER },
    { "HANGUP", REFUSED },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_graphic(char c)
{
    return c > ' ' && c < 0x7F;
}

static bool all_are_digits(struct span text)
{
    size_t i = 0;
    while (i < text.n && is_digit(text.p[i]))
        i++;
    return i == text.n;
}

/* known is in capitals. */
static bool word_is(struct span word, const char *known)
{
    if (word.n != strlen(known))
        return false;
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c != known[i])
            return false;
    }
    return true;
}

static size_t find_word(struct span word)
{
    size_t i = 0;
    while (i < WORDS && !word_is(word, words[i].word))
        i++;
    return i;
}

/* A name without spaces, then a ':'. */
static bool begins_with_name(struct span text)
{
    size_t colon = span_find(text, ':');
    size_t i = 0;

    while (i < colon && is_graphic(text.p[i]))
        i++;
    return colon > 0 && colon < text.n && i == colon;
}

static bool is_address(struct span text)
{
    size_t at = span_find_last(text, '@');
    return at > 0 && at + 1 < text.n;
}

static const char *check_operand(enum operand operand, struct span text)
{
    if (operand == REFUSED)
        return "HANGUP is for tests of Postfix";
    if (operand == TRANSPORT && !begins_with_name(text))
        return "FILTER needs transport:destination";
    if (operand == ADDRESS && !is_address(text))
        return "REDIRECT and BCC need user@domain";
    if (operand == HEADER && !begins_with_name(text))
        return "PREPEND needs a header, Name: text";
    return NULL;
}

static bool is_reply_code(struct span word)
{
    return word.n == REPLY_CODE_BYTES && all_are_digits(word) && (word.p[0] == '4' || word.p[0] == '5');
}

/* Restrictions, their arguments (a DNS list and its answers), what stands between them; no ':', which names a table. */
static bool belongs_to_restrictions(char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("_-.= ,", c) != NULL);
}

static const char *check_restrictions(struct span list)
{
    if (!is_letter(list.p[0]))
        return "neither an action nor a restriction";
    for (size_t i = 0; i < list.n; i++) {
        if (!belongs_to_restrictions(list.p[i]))
            return "a byte that no name of a restriction holds";
    }
    return NULL;
}

static const char *check_bytes(struct span action)
{
    if (action.n == 0)
        return "an empty action, which Postfix takes as permit";
    if (action.n > ACTION_MAX_BYTES)
        return "an action of more than " SPAN_NUMBER_TEXT(ACTION_MAX_BYTES) " bytes";
    if (utf8_has_control(action))
        return "an action with a control byte";
    if (!utf8_valid(action))
        return "an action that is not UTF-8";
    if (action.p[0] == ' ')
        return "an action with a space before it, which Postfix takes as a list of restrictions";
    if (all_are_digits(action))
        return "digits alone, which Postfix takes as permit";
    return NULL;
}

const char *action_check(struct span action, bool restrictions)
{
    const char *why = check_bytes(action);
    if (why != NULL)
        return why;

    struct span word = span_first(action, span_find(action, ' '));
    struct span text = span_skip(action, word.n);
    while (text.n > 0 && text.p[0] == ' ')
        text = span_skip(text, 1);
    size_t known = find_word(word);
    if (known < WORDS)
        return check_operand(words[known].operand, text);
    if (is_reply_code(word))
        return text.n > 0 ? NULL : "a reply code without text";
    return restrictions ? check_restrictions(action) : "a word that access(5) does not know";
}

static bool defers(struct span word)
{
    return word_is(word, "DEFER") || word_is(word, "DEFER_IF_PERMIT") || word_is(word, "DEFER_IF_REJECT") ||
           (is_reply_code(word) && word.p[0] == '4');
}

/* A list of restrictions may have it anywhere, the text of another action may not. */
bool action_is_temporary(struct span action)
{
    struct span first = span_first(action, span_find(action, ' '));
    struct span rest = find_word(first) < WORDS || is_reply_code(first) ? first : action;

    while (rest.n > 0) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != ',')
            n++;
        if (defers(span_first(rest, n)))
            return true;
        rest = span_skip(rest, n < rest.n ? n + 1 : n);
    }
    return false;
}

/* A list of restrictions decides later. */
bool action_stops_mail(struct span action)
{
    struct span word = span_first(action, span_find(action, ' '));

    return defers(word) || word_is(word, "REJECT") || word_is(word, "DISCARD") || is_reply_code(word);
}
