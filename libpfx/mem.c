#include "mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROW_FIRST_ELEMENTS 8
#define SMALL_BYTES         16384 /* up to here glibc's calloc(3) takes longer than malloc(3) and memset(3) */
#define TEXT_FIRST_BYTES    248   /* of what is made by realloc(3) and grows by doubling, as libcurl's texts do */

static void report_to_stderr(const char *text)
{
    fprintf(stderr, "fatal: %s\n", text);
}

static void (*report_exhausted)(const char *text) = report_to_stderr;

static _Noreturn void exhausted(void)
{
    report_exhausted("out of memory");
    _exit(1);
}

/* Zero bytes still make a block of its own: NULL from malloc(3) then has one meaning only. */
static size_t at_least_one(size_t bytes)
{
    return bytes == 0 ? 1 : bytes;
}

MEM_NEVER_NULL static void *checked(void *block)
{
    if (block == NULL)
        exhausted();
    return block;
}

void *mem_alloc(size_t bytes)
{
    if (bytes > SMALL_BYTES)
        return checked(calloc(1, bytes));
    void *block = checked(malloc(at_least_one(bytes)));
    memset(block, 0, bytes);
    return block;
}

void *mem_resize(void *block, size_t bytes)
{
    return checked(realloc(block, at_least_one(bytes)));
}

void *mem_array(size_t count, size_t bytes)
{
    if (bytes != 0 && count > SIZE_MAX / bytes)
        exhausted();
    return mem_alloc(count * bytes);
}

char *mem_copy(const char *p, size_t n)
{
    if (n == SIZE_MAX)
        exhausted();
    char *copy = mem_alloc(n + 1);
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

char *mem_string(const char *text)
{
    return text == NULL ? NULL : mem_copy(text, strlen(text));
}

char *mem_format(const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        exhausted();
    return text;
}

void mem_free(void *block)
{
    free(block);
}

void mem_wipe(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}

void *mem_grow(void *array, size_t count, size_t *room, size_t bytes)
{
    if (count < *room)
        return array;
    size_t more = count < GROW_FIRST_ELEMENTS ? GROW_FIRST_ELEMENTS : count;
    if (count > SIZE_MAX - more || (bytes != 0 && count + more > SIZE_MAX / bytes))
        exhausted();
    char *grown = mem_resize(array, (count + more) * bytes);
    memset(grown + *room * bytes, 0, (count + more - *room) * bytes);
    *room = count + more;
    return grown;
}

void mem_on_exhausted(void (*report)(const char *text))
{
    report_exhausted = report == NULL ? report_to_stderr : report;
}

void *mem_wiping_alloc(size_t bytes)
{
    return checked(malloc(at_least_one(bytes)));
}

void mem_wiping_free(void *block)
{
    if (block == NULL)
        return;
    mem_wipe(block, malloc_usable_size(block));
    free(block);
}

void *mem_wiping_realloc(void *block, size_t bytes)
{
    size_t held = block == NULL ? 0 : malloc_usable_size(block);

    if (block != NULL && bytes <= held)
        return block;
    void *moved = mem_wiping_alloc(bytes < TEXT_FIRST_BYTES ? TEXT_FIRST_BYTES : bytes);
    if (held > 0)
        memcpy(moved, block, held);
    mem_wiping_free(block);
    return moved;
}
