/*
 * Memory: allocation that succeeds or ends the process, and wiping of secrets.
 *
 * Shape:  every block comes zeroed, unless it says otherwise; sizes come from code or from configuration, never from
 *         a client (what a client sends lives in a struct buf, which has a ceiling).
 * Units:  bytes.
 * Errors: none are returned. When memory is exhausted the process logs one line and exits 1; its
 *         parent starts a new one.
 * Owner:  the caller; mem_free() takes any block of this module, or NULL.
 */
#ifndef PFX_MEM_H
#define PFX_MEM_H

#include <stddef.h>

#define MEM_NEVER_NULL __attribute__((returns_nonnull))

/* Is the address sanitizer of gcc or clang built in? */
#ifdef __SANITIZE_ADDRESS__
#define MEM_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEM_IS_SANITIZED 1
#endif
#endif
#ifndef MEM_IS_SANITIZED
#define MEM_IS_SANITIZED 0
#endif

MEM_NEVER_NULL void *mem_alloc(size_t bytes);
MEM_NEVER_NULL void *mem_resize(void *block, size_t bytes); /* the added part is not zeroed */
MEM_NEVER_NULL void *mem_array(size_t count, size_t bytes); /* an overflow of count * bytes ends the process */
MEM_NEVER_NULL char *mem_copy(const char *p, size_t n);     /* n bytes and a final NUL */
MEM_NEVER_NULL char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *mem_string(const char *text);                         /* a copy; NULL for NULL */
void  mem_free(void *block);
void  mem_wipe(void *p, size_t n);                        /* zeroes that no compiler removes */

/* malloc(3), free(3) and realloc(3) for a library that holds secrets in memory: what it gives up is wiped. */
MEM_NEVER_NULL void *mem_wiping_alloc(size_t bytes); /* not zeroed */
MEM_NEVER_NULL void *mem_wiping_realloc(void *block, size_t bytes); /* the added part is not zeroed */
void  mem_wiping_free(void *block);

/* Grows an array so that element `count` fits; *room is its capacity in elements. The added part is zeroed. */
MEM_NEVER_NULL void *mem_grow(void *array, size_t count, size_t *room, size_t bytes);

/* What to call with a constant text before the process ends (default: write it to stderr). */
void  mem_on_exhausted(void (*report)(const char *text));

#endif
