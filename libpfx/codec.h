/*
 * What every decoder returns.
 *
 * CODEC_OK    exactly one message was read; *used > 0 bytes of the input are consumed; spans in the result
 *             point into the input.
 * CODEC_MORE  what is there can still become a message; *used is 0; nothing is remembered.
 * CODEC_BAD   no continuation can help; *why is a constant text that names the broken rule and never quotes input.
 *
 * Codecs are pure: no I/O, no clock, no allocation, no state, no log. An encoder returns the size that it needs
 * and writes only what fits into the caller's memory, so a second call with that much room always succeeds.
 */
#ifndef PFX_CODEC_H
#define PFX_CODEC_H

enum codec_result { CODEC_OK, CODEC_MORE, CODEC_BAD };

#endif
