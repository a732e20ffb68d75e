#include "member.h"

#include <stdio.h>

#include "json.h"
#include "mem.h"
#include "utf8.h"

void member_text(const char *name, struct span text)
{
    char *printable = mem_alloc(text.n + 1);
    struct span shown = span_make(printable, utf8_printable(printable, text.n + 1, text));
    size_t n = json_escape(NULL, 0, shown);
    char *escaped = mem_alloc(n + 1);

    json_escape(escaped, n, shown);
    printf("\"%s\":\"%s\"", name, escaped);
    mem_free(escaped);
    mem_free(printable);
}
