/* SPDX-License-Identifier: Apache-2.0
 * What of a database's catalogue the rules of columns need: the columns that they speak of. Immutable
 * once made; any thread. */
#pragma once

#include "parsers/base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct catalog_column {
	uint32_t oid;    /* of its table, view, ... */
	int16_t attnum;  /* from 1 */
	int16_t copy_at; /* its place among what COPY <table> TO sends without a list, from 0; -1: it
			  * is not sent */
	uint32_t data;   /* its rule: model_data_at(policy, data) */
	bool is_derived; /* of a view: an expression over such a column, or not to be told */
	struct span schema, table, column; /* borrowed: the catalogue's own block */
};

struct catalog {
	const struct catalog_column
			*columns; /* owned; in the order of oid, attnum, data: a column may
					       * be there for several rules */
	uint32_t n;
	uint32_t newest_oid; /* relations above it were made after the catalogue was read */
};

/* The columns of <oid>, <attnum>: the first one; *ret_n how many follow one another, itself included.
 * NULL, 0: no rule speaks of it. */
const struct catalog_column *catalog_find(
		const struct catalog *c, uint32_t oid, int16_t attnum, uint32_t *ret_n);
