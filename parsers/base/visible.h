/* SPDX-License-Identifier: Apache-2.0
 * Text that reaches a person: what a terminal would obey and not show is written as an escape.
 *
 * Escaped: control characters (\x1B), those of C1, of bidirectional text, of no width, and the line
 * and paragraph separators (\u202E); bytes that are not UTF-8 (\xFF); and a backslash (\\), so that
 * an escape cannot be forged. */
#pragma once

#include "parsers/base/outbuf.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends <text> to <o>, at most <max_bytes> of output; what is longer ends in "...", never within a
 * character or an escape. <ascii>: whatever is not ASCII is escaped too, for readers of an encoding
 * that is not UTF-8. */
void visible_put(struct outbuf *o, struct span text, size_t max_bytes, bool ascii);
