#include "nearest.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters to add, drop or change to make b of a. */
static size_t distance_of(const char *a, const char *b)
{
    size_t row[NEAREST_NAME_MAX_BYTES + 1];
    size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

struct nearest nearest_of(const char *written)
{
    return (struct nearest){ .written = written, .distance = strlen(written) / 3 + 1 };
}

void nearest_try(struct nearest *nearest, const char *name)
{
    if (strlen(nearest->written) > NEAREST_NAME_MAX_BYTES || strlen(name) > NEAREST_NAME_MAX_BYTES)
        return;
    size_t distance = distance_of(nearest->written, name);
    if (distance < nearest->distance || (distance == nearest->distance && nearest->best == NULL)) {
        nearest->best = name;
        nearest->distance = distance;
    }
}
