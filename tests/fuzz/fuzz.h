/*
 * A target of a fuzzer: one function that takes any bytes. libFuzzer's own main() calls it, or replay.c with files.
 */
#ifndef PFX_FUZZ_H
#define PFX_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
