/*
 * Runs a fuzz target over the files that are given: what a fuzzer once found stays found, without one.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define FILE_MAX_BYTES ((size_t)1024 * 1024)

static void replay(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        err(1, "%s", path);
    size_t n = fread(bytes, 1, FILE_MAX_BYTES, file);
    fclose(file);
    uint8_t *copy = malloc(n == 0 ? 1 : n); /* so that a sanitizer sees its end */
    if (copy == NULL)
        err(1, "malloc");
    for (size_t i = 0; i < n; i++)
        copy[i] = bytes[i];
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

int main(int argc, char **argv)
{
    uint8_t *bytes = malloc(FILE_MAX_BYTES);

    if (bytes == NULL)
        err(1, "malloc");
    for (int i = 1; i < argc; i++)
        replay(argv[i], bytes);
    printf("%d inputs\n", argc - 1);
    free(bytes);
    return argc > 1 ? 0 : 1;
}
