/* SPDX-License-Identifier: Apache-2.0
 * Memory for secrets: pages of its own between two that cannot be touched, not in a core dump, not
 * in a child after fork(), not in swap where the limit of locked memory allows it, wiped at the
 * end. Nothing here prints one. */
#pragma once

#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret;

/* Room for <room> bytes, aligned to 16, and a NUL behind them; all zero, length 0. -ENOMEM; other
 * -errno: the kernel does not promise to keep it out of core dumps. */
int secret_new(size_t room, struct secret **ret_secret);
/* Wipes all of it. NULL is nothing. Sets *s to NULL. */
void secret_free(struct secret **s);
/* Wipes all of it, length 0. */
void secret_wipe(struct secret *s);

uint8_t *secret_bytes(struct secret *s); /* borrowed */
size_t secret_room(const struct secret *s);
/* <len> is at most the room. What is behind it is wiped. */
void secret_set_len(struct secret *s, size_t len);
struct span secret_span(const struct secret *s); /* borrowed; a NUL follows */
/* Takes as long for any two of one length. */
bool secret_is_equal(const struct secret *s, struct span other);
/* Could it be locked into memory (mlock(2), RLIMIT_MEMLOCK)? */
bool secret_is_locked(const struct secret *s);
