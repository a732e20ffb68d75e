#include "pool.h"

#include "mem.h"

static const size_t kept_max = MEM_IS_SANITIZED ? 0 : POOL_IDLE_MAX;

static void end(const struct pool *pool, void *one)
{
    if (pool->end != NULL)
        pool->end(one);
    mem_free(one);
}

void *pool_take(struct pool *pool)
{
    return pool->count > 0 ? pool->idle[--pool->count] : mem_alloc(pool->bytes);
}

void pool_give(struct pool *pool, void *one)
{
    if (pool->count < kept_max)
        pool->idle[pool->count++] = one;
    else
        end(pool, one);
}

void pool_free(struct pool *pool)
{
    while (pool->count > 0)
        end(pool, pool->idle[--pool->count]);
}
