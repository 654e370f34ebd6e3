/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL conversations in short words, built by code that shares nothing with the codec. */
#pragma once

#include "parsers/codec.h"

#include <stddef.h>
#include <stdint.h>

enum {
	TALK_MAX = 8192, /* bytes of one message */
};

/* Writes the message that <spec> says to <out>; its length. Aborts on words it does not know.
 *
 * client: "start 3.0 user=a", "ssl", "gss", "cancel 7 keyk", "Q text", "P name|text",
 *   "B portal|statement|value|value", "Bb ..." (binary results), "D Sname", "D Pname", "E portal|rows",
 *   "C Sname", "F 2101|value", "d data", "c", "f why", "p bytes", "S", "H", "X"
 * server: "R 0", "R 10 SCRAM-SHA-256", "K 7 keyk", "S name=value", "v 3.0 option", "Z I", "T a,b",
 *   "D 1,2" ("~" is NULL), "C tag", "I", "E ERROR 42601 words", "N NOTICE 00000 words", "A 7 chan|text",
 *   "1", "2", "3", "s", "n", "t 25,23", "G", "H", "W", "d data", "c", "V value" */
size_t talk_build(enum codec_dir dir, const char *spec, uint8_t *out);

/* A heap that counts: all of it is given back in the end, or talk_heap_check() aborts. */
struct talk_heap {
	struct alloc alloc;
	size_t n_blocks, n_bytes;
	size_t fail_after; /* the n-th block from now cannot be had; 0: never */
};

void talk_heap_init(struct talk_heap *h);
void talk_heap_check(const struct talk_heap *h);

/* A copy in a block of its size, so that AddressSanitizer sees a byte read beyond it. */
uint8_t *talk_copy(const void *bytes, size_t len);
