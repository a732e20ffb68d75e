#include "check_syntax.h"

#include <strings.h>

#include "syntax_token.h"

enum state { WANT_NAME, WANT_EQUALS, WANT_VALUE, AFTER_VALUE };

struct parser {
    struct syntax_reader reader;
    enum state state;
    struct syntax_token token;
    struct syntax_token before;
    struct syntax_token long_string; /* the last one of several lines */
    struct syntax_token blamed;      /* where the fault is */
    struct syntax_token open[CHECK_SYNTAX_DEPTH_MAX];
    size_t depth;
};

static const char too_deep[] = "";
static const char byte_order_mark[] = "\xef\xbb\xbf";

static const char lost_quote[] = "a quote is missing: the string that begins here goes on over the end of the line";
static const char name_form[] = "a name begins with a letter, and holds letters, digits, \"-\", \"_\" and \"*\" only; "
                                "a payload with other names of members is written as a string of JSON";
static const char quoted_name[] = "a name stands without quotes; a payload with names that need them is written as a "
                                  "string of JSON";
static const char unquoted_text[] = "a text must be in double quotes";
static const char single_quotes[] = "texts stand in double quotes, not in single ones";

/* What comes after a token that nobody expects, by its first bytes. */
static const struct {
    const char *bytes;
    const char *cure;
} strangers[] = {
    { "'", single_quotes },
    { "`", single_quotes },
    { "\xe2\x80\x98", "a typographic quote: texts stand in plain double quotes" },
    { "\xe2\x80\x99", "a typographic quote: texts stand in plain double quotes" },
    { "\xe2\x80\x9c", "a typographic quote: texts stand in plain double quotes" },
    { "\xe2\x80\x9d", "a typographic quote: texts stand in plain double quotes" },
    { "\xe2\x80\x9e", "a typographic quote: texts stand in plain double quotes" },
    { "\xc2\xa0", "a no-break space: put a plain one" },
    { "\xef\xbb\xbf", "a byte order mark: remove it" },
};

static const char *stranger(const struct parser *p)
{
    struct span rest = span_skip(p->reader.text, p->token.at);

    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        struct span bytes = span_text(strangers[i].bytes);
        if (rest.n >= bytes.n && span_equal(span_first(rest, bytes.n), bytes))
            return strangers[i].cure;
    }
    return NULL;
}

static bool is_word(struct span text, const char *word)
{
    return text.n == strlen(word) && strncasecmp(text.p, word, text.n) == 0;
}

static bool is_one_of(struct span text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (is_word(text, *words))
            return true;
    return false;
}

/* Nothing stands between the token and the one before. */
static bool is_adjacent(const struct parser *p)
{
    return p->before.at + p->before.text.n == p->token.at && p->token.at > 0;
}

/* The bracket that everything stands in here; SYNTAX_END at top level. */
static int context(const struct parser *p)
{
    return p->depth == 0 ? SYNTAX_END : p->open[p->depth - 1].kind;
}

static bool is_in_group(const struct parser *p)
{
    return context(p) == SYNTAX_END || context(p) == '{';
}

static bool is_closing(int kind)
{
    return kind == '}' || kind == ']' || kind == ')';
}

static const char *open_bracket(struct parser *p)
{
    if (p->depth == CHECK_SYNTAX_DEPTH_MAX)
        return too_deep;
    p->open[p->depth++] = p->token;
    p->state = p->token.kind == '{' ? WANT_NAME : WANT_VALUE;
    return NULL;
}

static const char *close_bracket(struct parser *p)
{
    int opened = context(p);

    if (opened == SYNTAX_END)
        return "this bracket closes none: it is one too many, or the one that opens is missing above";
    if (p->token.kind != (opened == '{' ? '}' : opened == '[' ? ']' : ')')) {
        p->blamed = p->open[p->depth - 1];
        return "this bracket is not closed before one of another kind is";
    }
    p->depth--;
    p->state = AFTER_VALUE;
    return NULL;
}

static const char *end(struct parser *p)
{
    if (p->depth == 0)
        return NULL;
    p->blamed = p->open[p->depth - 1];
    return "this bracket is never closed: its counterpart is missing, below or at the end of the file";
}

static const char *want_name(struct parser *p)
{
    switch (p->token.kind) {
    case SYNTAX_NAME:
        p->state = WANT_EQUALS;
        return NULL;
    case SYNTAX_END:
        return end(p);
    case SYNTAX_STRING:
        return quoted_name;
    case ';':
    case ',':
        return "one sign too many: a setting ends with one \";\", and a name comes next";
    case '=':
        return "a name is missing before \"=\"";
    case '{':
    case '[':
    case '(':
        return "a name and \"=\" are missing before the bracket";
    default:
        return is_closing(p->token.kind) ? close_bracket(p) : name_form;
    }
}

static const char *want_equals(struct parser *p)
{
    bool is_name_cut = is_adjacent(p) && (p->token.kind == SYNTAX_OTHER || p->token.kind == SYNTAX_NUMBER);

    if (p->token.kind == '=') {
        p->state = WANT_VALUE;
        return NULL;
    }
    if (is_name_cut)
        return name_form;
    p->blamed = p->before;
    if (p->token.kind == SYNTAX_STRING)
        return "\"=\" is missing after this name; or, if it is part of a text: a quote inside a text is written \\\"";
    if (p->token.kind == '{' || p->token.kind == '[' || p->token.kind == '(')
        return "\"=\" is missing after this name";
    return "after a name \"=\" and a value must stand; if it is part of a text or a time, that must be in double "
           "quotes";
}

static const char *word_as_value(struct parser *p)
{
    static const char *const yes_no[] = { "yes", "no", "on", "off", NULL };
    static const char *const nothing[] = { "null", "none", "nil", NULL };

    if (is_word(p->token.text, "true") || is_word(p->token.text, "false")) {
        p->state = AFTER_VALUE;
        return NULL;
    }
    if (is_one_of(p->token.text, yes_no))
        return "write true or false";
    if (is_one_of(p->token.text, nothing))
        return "there is no such value: leave the key out";
    return unquoted_text;
}

static const char *no_value(struct parser *p)
{
    bool is_empty = p->before.kind == context(p);

    if (is_closing(p->token.kind) && is_empty)
        return close_bracket(p);
    if (p->before.kind == ',') {
        p->blamed = p->before;
        return "no comma may stand after the last element";
    }
    if (p->token.kind == '=')
        return "one \"=\" too many";
    return p->token.kind == SYNTAX_OTHER ? unquoted_text : "a value is missing";
}

static const char *any_value(struct parser *p)
{
    switch (p->token.kind) {
    case SYNTAX_NUMBER:
    case SYNTAX_STRING:
        p->state = AFTER_VALUE;
        return NULL;
    case SYNTAX_NAME:
        return word_as_value(p);
    case '{':
    case '[':
    case '(':
        if (context(p) == '[')
            return "[ ] holds plain values of one kind only: use ( ) for groups and lists";
        return open_bracket(p);
    default:
        return no_value(p);
    }
}

static const char *want_value(struct parser *p)
{
    bool is_commented_out = p->before.kind == '=' && p->token.after_comment && p->token.line > p->before.line;
    const char *cure = any_value(p);

    if (cure == NULL || !is_commented_out)
        return cure;
    p->blamed = p->before;
    return "the value is missing: what follows \"#\" or \"//\" is a comment, a text with it must be in double quotes";
}

static const char *after_element(struct parser *p)
{
    if (p->token.kind == ',') {
        p->state = WANT_VALUE;
        return NULL;
    }
    if (is_closing(p->token.kind))
        return close_bracket(p);
    if (p->token.kind == SYNTAX_END)
        return end(p);
    return p->token.kind == ';' || p->token.kind == '=' ? "the bracket of the list is not closed before this"
                                                        : "a comma is missing before this element";
}

static const char *after_value(struct parser *p)
{
    bool goes_on = p->before.kind == SYNTAX_STRING && p->token.kind == SYNTAX_STRING;

    if (goes_on)
        return NULL;
    if (p->before.kind == SYNTAX_NUMBER && is_adjacent(p) &&
        (p->token.kind == SYNTAX_NAME || p->token.kind == SYNTAX_NUMBER || p->token.kind == SYNTAX_OTHER)) {
        p->blamed = p->before;
        return "a time or a size with a unit, an address, and any other text must be in double quotes: \"10s\"";
    }
    if (!is_in_group(p))
        return after_element(p);
    if (p->token.kind == ';' || p->token.kind == ',') {
        p->state = WANT_NAME;
        return NULL;
    }
    return want_name(p);
}

static const char *step(struct parser *p)
{
    const char *cure = p->token.kind == SYNTAX_OTHER ? stranger(p) : NULL;

    if (cure != NULL)
        return cure;
    if (p->token.kind == SYNTAX_OPEN)
        return lost_quote;
    switch (p->state) {
    case WANT_NAME:
        return want_name(p);
    case WANT_EQUALS:
        return want_equals(p);
    case WANT_VALUE:
        return want_value(p);
    case AFTER_VALUE:
        break;
    }
    return after_value(p);
}

/* A quote that is lost turns what follows inside out: the string is to blame that ended where the fault is seen. */
static bool tell(struct parser *p, const char *cure, struct check_syntax_fault *fault)
{
    bool is_inside_out = p->long_string.kind == SYNTAX_STRING && p->long_string.last_line == p->blamed.line;
    const struct syntax_token *at = is_inside_out ? &p->long_string : &p->blamed;

    *fault = (struct check_syntax_fault){ at->line, at->column, is_inside_out ? lost_quote : cure };
    return cure != too_deep;
}

bool check_syntax(struct span text, struct check_syntax_fault *fault)
{
    struct parser p = { .state = WANT_NAME };
    struct span mark = span_text(byte_order_mark);

    if (text.n >= mark.n && span_equal(span_first(text, mark.n), mark)) {
        *fault = (struct check_syntax_fault){ 1, 1, "the file begins with a byte order mark: save it without" };
        return true;
    }
    syntax_begin(&p.reader, text);
    do {
        p.before = p.token;
        p.token = p.blamed = syntax_next(&p.reader);
        const char *cure = step(&p);
        if (cure != NULL)
            return tell(&p, cure, fault);
        if (p.token.kind == SYNTAX_STRING && p.token.last_line > p.token.line)
            p.long_string = p.token;
    } while (p.token.kind != SYNTAX_END);
    return false;
}
