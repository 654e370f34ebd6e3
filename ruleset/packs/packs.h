/* SPDX-License-Identifier: Apache-2.0
 * The packs that come with the product, as the bytes of their files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pack_file {
	const char *name; /* also that of the pack in it */
	const uint8_t *bytes;
	size_t len;
};

extern const struct pack_file pack_files[]; /* NULL name ends */
/* All names, NULL after the last. */
extern const char *const policy_pack_names[];
