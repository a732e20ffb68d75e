#include "lookup_keys.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pfxctl.h"
#include "utf8.h"

#define SHOWN_MAX_BYTES 256

void lookup_keys_open(struct lookup_keys *keys, char **arguments, bool tells_nothing)
{
    *keys = (struct lookup_keys){ .arguments = arguments, .tells_nothing = tells_nothing };
    keys->is_single = arguments[1] == NULL && strcmp(arguments[0], "-") != 0;
    keys->is_stdin = arguments[1] == NULL && !keys->is_single;
    lines_open(&keys->lines, STDIN_FILENO);
}

void lookup_keys_close(struct lookup_keys *keys)
{
    lines_close(&keys->lines);
}

bool lookup_keys_take(struct lookup_keys *keys, struct span *key)
{
    if (keys->is_stdin)
        return lines_take(&keys->lines, key);
    if (*keys->arguments == NULL)
        return false;
    *key = span_text(*keys->arguments++);
    return true;
}

bool lookup_keys_ready(struct lookup_keys *keys)
{
    return !keys->is_stdin || lines_is_ready(&keys->lines);
}

static void complain(struct span key, const char *kind, struct span text)
{
    char shown_key[SHOWN_MAX_BYTES];
    char shown_text[SHOWN_MAX_BYTES];

    utf8_printable(shown_key, sizeof(shown_key), key);
    utf8_printable(shown_text, sizeof(shown_text), text);
    fflush(stdout);
    pfxctl_complain("key=<%s>: %s%s%s", shown_key, kind, text.n == 0 ? "" : ": ", shown_text);
}

void lookup_keys_print(const struct lookup_keys *keys, struct span key, int status, struct span text)
{
    if (status == PFXCTL_NOT) {
        if (keys->tells_nothing)
            complain(key, "not found", SPAN(""));
        return;
    }
    if (status != PFXCTL_GOOD) {
        complain(key, status == PFXCTL_DATA ? "unusable answer" : "temporary error", text);
        return;
    }
    if (!keys->is_single) {
        pfxctl_print(key);
        putchar('\t');
    }
    pfxctl_print(text);
    putchar('\n');
}
