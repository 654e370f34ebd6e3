/* SPDX-License-Identifier: Apache-2.0
 * Finding columns by what the server says of a result: pg_class.oid, pg_attribute.attnum. */
#include "ruleset/match/catalog.h"

#include <stddef.h>

static bool is_before(const struct catalog_column *c, uint32_t oid, int16_t attnum)
{
	return c->oid < oid || (c->oid == oid && c->attnum < attnum);
}

const struct catalog_column *catalog_find(
		const struct catalog *c, uint32_t oid, int16_t attnum, uint32_t *ret_n)
{
	uint32_t from = 0, to = c->n, n = 0;

	while (from < to) {
		const uint32_t middle = from + (to - from) / 2;

		if (is_before(&c->columns[middle], oid, attnum))
			from = middle + 1;
		else
			to = middle;
	}
	while (from + n < c->n && c->columns[from + n].oid == oid &&
			c->columns[from + n].attnum == attnum)
		n++;
	*ret_n = n;
	return n > 0 ? &c->columns[from] : NULL;
}
