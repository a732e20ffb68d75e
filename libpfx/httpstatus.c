#include "httpstatus.h"

#define ANY_DIGIT   '#'
#define FIRST_DIGIT '+' /* not 0 */

static const char meant[] = "http/";
static const char form[] = "HTTP/1.# +##";

static bool is_meant(struct span line)
{
    size_t i = 0;

    while (i < line.n && meant[i] != '\0' && span_lower(line.p[i]) == meant[i])
        i++;
    return meant[i] == '\0';
}

static bool fits(char c, char wanted)
{
    if (wanted == ANY_DIGIT || wanted == FIRST_DIGIT)
        return c >= (wanted == ANY_DIGIT ? '0' : '1') && c <= '9';
    return c == wanted;
}

enum httpstatus httpstatus_of(struct span line)
{
    const size_t length = sizeof(form) - 1;
    size_t i = 0;

    if (!is_meant(line))
        return HTTPSTATUS_NONE;
    while (i < length && i < line.n && fits(line.p[i], form[i]))
        i++;
    bool ends = i == line.n || line.p[i] == ' ' || line.p[i] == '\r' || line.p[i] == '\n';
    return i == length && ends ? HTTPSTATUS_GOOD : HTTPSTATUS_BAD;
}
