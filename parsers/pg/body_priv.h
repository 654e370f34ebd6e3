/* SPDX-License-Identifier: Apache-2.0
 * What the readers of both directions share. */
#pragma once

#include "parsers/pg/body.h"

#include <errno.h>

static inline struct reader rd_span(struct span s)
{
	return (struct reader){ .in = s };
}

/* Takes the list of format codes: 0 or 1 each. */
struct pg_formats pg_take_formats(struct reader *r);
/* Takes <n> values. */
struct span pg_take_values(struct reader *r, uint16_t n);
