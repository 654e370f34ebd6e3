/* SPDX-License-Identifier: Apache-2.0
 * A borrowed, read-only run of bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct span {
	const uint8_t *ptr; /* borrowed: valid as long as the buffer it points into */
	size_t len;
};
