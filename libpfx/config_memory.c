#include "config_memory.h"

#include <string.h>

#include "mem.h"

struct block {
    void *start;
    size_t text_bytes; /* to wipe; 0: no text */
};

struct config_memory {
    struct block *blocks;
    size_t count;
    size_t room;
};

static void *keep(struct config_memory *memory, void *start, size_t text_bytes)
{
    memory->blocks = mem_grow(memory->blocks, memory->count, &memory->room, sizeof(*memory->blocks));
    memory->blocks[memory->count++] = (struct block){ start, text_bytes };
    return start;
}

struct config_memory *config_memory_new(void)
{
    return mem_alloc(sizeof(struct config_memory));
}

void config_memory_free(struct config_memory **memory)
{
    struct config_memory *m = *memory;

    *memory = NULL;
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++) {
        mem_wipe(m->blocks[i].start, m->blocks[i].text_bytes);
        mem_free(m->blocks[i].start);
    }
    mem_free(m->blocks);
    mem_free(m);
}

void *config_memory_array(struct config_memory *memory, size_t count, size_t bytes)
{
    return keep(memory, mem_array(count, bytes), 0);
}

char *config_memory_text(struct config_memory *memory, struct span text)
{
    return keep(memory, mem_copy(text.p, text.n), text.n);
}

char *config_memory_keep(struct config_memory *memory, char *text)
{
    return keep(memory, text, strlen(text));
}
