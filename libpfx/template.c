#include "template.h"

static const char key_word[] = "Key";

/* The template being read: [at, end) is still to come, [text, at) is literal text not yet in a piece. */
struct reader {
    const char *text;
    const char *at;
    const char *end;
    enum template_dialect dialect;
    struct template_piece *pieces;
    size_t count;
    const char *why;
};

static bool add_piece(struct reader *r, struct template_piece piece)
{
    if (r->count == TEMPLATE_PIECES_MAX) {
        r->why = "more than " SPAN_NUMBER_TEXT(TEMPLATE_PIECES_MAX) " pieces of text and placeholders";
        return false;
    }
    r->pieces[r->count++] = piece;
    return true;
}

static bool add_text(struct reader *r, const char *end)
{
    struct span text = span_make(r->text, (size_t)(end - r->text));
    return text.n == 0 || add_piece(r, (struct template_piece){ .what = TEMPLATE_TEXT, .text = text });
}

/* Ends the literal text before a placeholder of `length` bytes, and adds that. */
static bool add_placeholder(struct reader *r, size_t length, struct template_piece piece)
{
    if (!add_text(r, r->at) || !add_piece(r, piece))
        return false;
    r->at += length;
    r->text = r->at;
    return true;
}

static bool is_label(char c)
{
    return c >= '1' && c <= '9';
}

static struct template_piece label_piece(char digit)
{
    return (struct template_piece){ .what = TEMPLATE_LABEL, .label = (unsigned char)(digit - '0') };
}

/* The first of the two percent signs becomes the last byte of the literal text before it. */
static bool read_percent_sign(struct reader *r)
{
    if (!add_text(r, r->at + 1))
        return false;
    r->at += 2;
    r->text = r->at;
    return true;
}

static bool read_braced_label(struct reader *r)
{
    const struct span keys = SPAN("%{keys}");
    struct span rest = span_make(r->at, (size_t)(r->end - r->at));
    if (rest.n >= 4 && is_label(rest.p[2]) && rest.p[3] == '}')
        return add_placeholder(r, 4, label_piece(rest.p[2]));
    if (r->dialect == TEMPLATE_OF_MAP && rest.n >= keys.n && span_equal(span_first(rest, keys.n), keys))
        return add_placeholder(r, keys.n, (struct template_piece){ .what = TEMPLATE_KEYS });
    r->why = r->dialect == TEMPLATE_OF_MAP
                 ? "unknown placeholder %{...} (%{1} to %{9} and %{keys} are known; a percent sign is written %%)"
                 : "unknown placeholder %{...} (%{1} to %{9} are known; a percent sign is written %%)";
    return false;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Those that every login has; the password goes into a payload only. */
static bool is_of_login(struct span name, enum template_dialect dialect)
{
    static const char names[][sizeof("mechanism")] = { "user", "service", "mechanism", "rip", "lip", "rport", "lport",
                                                       "session" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal(name, span_text(names[i])))
            return true;
    return dialect == TEMPLATE_OF_LOGIN_PAYLOAD && span_equal(name, SPAN("password"));
}

static bool check_name(struct reader *r, struct span name)
{
    if (r->dialect == TEMPLATE_OF_POLICY || is_of_login(name, r->dialect))
        return true;
    r->why = span_equal(name, SPAN("password"))
                 ? "%{password} may stand in payload only"
                 : "unknown placeholder (%{user}, %{service}, %{mechanism}, %{rip}, %{lip}, %{rport}, %{lport} and "
                   "%{session} are known, in payload also %{password}; a percent sign is written %%)";
    return false;
}

static bool read_attribute(struct reader *r)
{
    const char *name = r->at + 2;
    const char *at = name;

    while (at < r->end && is_name(*at))
        at++;
    if (at == name || at == r->end || *at != '}') {
        r->why = "no %{NAME} with a name of letters, digits and _ (a percent sign is written %%)";
        return false;
    }
    struct span text = span_make(name, (size_t)(at - name));
    return check_name(r, text) && add_placeholder(r, (size_t)(at + 1 - r->at),
                           (struct template_piece){ .what = TEMPLATE_ATTRIBUTE, .text = text });
}

static bool read_percent_of_attributes(struct reader *r, char c)
{
    if (c == '{')
        return read_attribute(r);
    r->why = r->dialect == TEMPLATE_OF_POLICY
                 ? "unknown placeholder (%{NAME} and {{ .Key }} are known; a percent sign is written %%)"
                 : "unknown placeholder (%{NAME} is known; a percent sign is written %%)";
    return false;
}

/* In a result_format small letters are of the value; in a query they are, as capitals everywhere, of the key. */
static bool read_percent_of_map(struct reader *r, char c)
{
    static const struct {
        char letter;
        enum template_what in_query;
        enum template_what in_result;
    } known[] = {
        { 's', TEMPLATE_KEY, TEMPLATE_VALUE },
        { 'u', TEMPLATE_LOCALPART, TEMPLATE_VALUE_LOCALPART },
        { 'd', TEMPLATE_DOMAIN, TEMPLATE_VALUE_DOMAIN },
        { 'S', TEMPLATE_KEY, TEMPLATE_KEY },
        { 'U', TEMPLATE_LOCALPART, TEMPLATE_LOCALPART },
        { 'D', TEMPLATE_DOMAIN, TEMPLATE_DOMAIN },
    };

    if (is_label(c))
        return add_placeholder(r, 2, label_piece(c));
    if (c == '{')
        return read_braced_label(r);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        enum template_what what = r->dialect == TEMPLATE_OF_RESULT ? known[i].in_result : known[i].in_query;
        if (c == known[i].letter)
            return add_placeholder(r, 2, (struct template_piece){ .what = what });
    }
    r->why = r->dialect == TEMPLATE_OF_RESULT
                 ? "unknown placeholder (%s, %u, %d, %S, %U, %D and %1 to %9 are known; a percent sign is written %%)"
                 : "unknown placeholder (%s, %u, %d and %1 to %9 are known; a percent sign is written %%)";
    return false;
}

static bool is_of_map(enum template_dialect dialect)
{
    return dialect == TEMPLATE_OF_MAP || dialect == TEMPLATE_OF_RESULT;
}

static bool read_percent(struct reader *r)
{
    char c = r->end - r->at > 1 ? r->at[1] : '\0';

    if (c == '%')
        return read_percent_sign(r);
    return is_of_map(r->dialect) ? read_percent_of_map(r, c) : read_percent_of_attributes(r, c);
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

/* "{{" begins a placeholder only when a dot follows: JSON may hold two braces in a row, but no dot after them. */
static bool read_braces(struct reader *r)
{
    const size_t length = sizeof(key_word) - 1;
    enum template_what what = r->dialect == TEMPLATE_OF_MAP ? TEMPLATE_KEY : TEMPLATE_ATTRIBUTES;
    bool is_known = r->dialect == TEMPLATE_OF_MAP || r->dialect == TEMPLATE_OF_POLICY;
    const char *at = r->at + 1;

    if (at == r->end || *at != '{' || (at = skip_blanks(at + 1, r->end)) == r->end || *at != '.') {
        r->at++;
        return true;
    }
    at++;
    if (is_known && (size_t)(r->end - at) >= length && memcmp(at, key_word, length) == 0) {
        at = skip_blanks(at + length, r->end);
        if (r->end - at >= 2 && at[0] == '}' && at[1] == '}')
            return add_placeholder(r, (size_t)(at + 2 - r->at), (struct template_piece){ .what = what });
    }
    r->why = is_known ? "unknown placeholder {{ ... }} ({{ .Key }} is known)" : "unknown placeholder {{ ... }}";
    return false;
}

static bool read_next(struct reader *r)
{
    if (*r->at == '%')
        return read_percent(r);
    if (*r->at == '{')
        return read_braces(r);
    r->at++;
    return true;
}

bool template_parse(struct span text, enum template_dialect dialect, struct template_piece *pieces, size_t *count,
                    const char **why)
{
    *count = 0;
    if (text.n == 0)
        return true;

    struct reader r = { .text = text.p, .at = text.p, .end = text.p + text.n, .dialect = dialect, .pieces = pieces };
    while (r.at < r.end && r.why == NULL)
        read_next(&r);
    if (r.why != NULL || !add_text(&r, r.end)) {
        *why = r.why;
        return false;
    }
    *count = r.count;
    return true;
}

bool template_has(const struct template_piece *pieces, size_t count, enum template_what what)
{
    for (size_t i = 0; i < count; i++)
        if (pieces[i].what == what)
            return true;
    return false;
}

bool template_is_dynamic(const struct template_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].what != TEMPLATE_TEXT)
            return true;
    }
    return false;
}
