/*
 * A target of a fuzzer: one function that takes any bytes. libFuzzer's own main() calls it, or replay.c with files.
 *
 * Shape:  a target takes what it needs to decide out of the front of the input, and gives the rest to what it tests.
 *         Beside what a sanitizer sees, it says what must hold: FUZZ_HOLDS().
 * Limits: FUZZ_INPUT_MAX_BYTES, what libFuzzer gives (make fuzz); a replayed file may be larger.
 * Owner:  nothing outlives a call, but for what a target makes once.
 */
#ifndef PFX_FUZZ_H
#define PFX_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"
#include "span.h"

/* Some property of what is tested; the process ends where it does not hold, which is what a fuzzer looks for. */
#define FUZZ_HOLDS(property) ((property) ? (void)0 : fuzz_fail(#property, __FILE__, __LINE__))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn static inline void fuzz_fail(const char *property, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
    abort();
}

/* The first byte of *rest, which is then without it; 0 at the end. */
static inline unsigned fuzz_take_byte(struct span *rest)
{
    if (rest->n == 0)
        return 0;
    unsigned char byte = (unsigned char)rest->p[0];
    *rest = span_skip(*rest, 1);
    return byte;
}

/* What stands before the separator, or all of it. */
static inline struct span fuzz_take_until(struct span *rest, char separator)
{
    struct span part = span_first(*rest, span_find(*rest, separator));

    *rest = span_skip(*rest, part.n < rest->n ? part.n + 1 : part.n);
    return part;
}

/* Memory of exactly that size, so that a sanitizer sees its end; free(3). */
static inline char *fuzz_memory(size_t bytes)
{
    char *memory = malloc(bytes == 0 ? 1 : bytes);

    FUZZ_HOLDS(memory != NULL);
    return memory;
}

static inline char *fuzz_copy(struct span bytes)
{
    char *copy = fuzz_memory(bytes.n);

    if (bytes.n > 0)
        memcpy(copy, bytes.p, bytes.n);
    return copy;
}

static inline bool fuzz_lies_in(struct span part, struct span whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static inline bool fuzz_begins_with(struct span text, const char *word)
{
    return text.n >= strlen(word) && memcmp(text.p, word, strlen(word)) == 0;
}

/* words: NULL behind the last. */
static inline bool fuzz_holds_any(struct span text, const char *const *words)
{
    while (*words != NULL && memmem(text.p, text.n, *words, strlen(*words)) == NULL)
        words++;
    return *words != NULL;
}

/* What a decoder said of the beginning of a message, and of more of it: it must not have spoken too early. */
struct fuzz_decoded {
    enum codec_result result;
    size_t used;
};

static inline void fuzz_check_parts(struct fuzz_decoded part, size_t part_bytes, struct fuzz_decoded whole)
{
    FUZZ_HOLDS((part.result == CODEC_OK) == (part.used > 0) && (whole.result == CODEC_OK) == (whole.used > 0));
    FUZZ_HOLDS(part.used <= part_bytes);
    FUZZ_HOLDS(part.result != CODEC_OK || (whole.result == CODEC_OK && whole.used == part.used));
    FUZZ_HOLDS(part.result != CODEC_BAD || whole.result == CODEC_BAD);
    FUZZ_HOLDS(part.result != CODEC_MORE || whole.used == 0 || whole.used > part_bytes);
}

#endif
