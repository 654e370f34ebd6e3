/* SPDX-License-Identifier: Apache-2.0
 * See rows.h. */
#include "tests/unit/catalog/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1 << 20 };

static uint8_t bytes[ROWS_MAX];
static uint64_t *memory;

static const char *put_row(const char *text, struct outbuf *o)
{
	struct span fields[64];
	const bool is_view = text[0] == 'v'; /* the text of which may have any sign */
	size_t n = 0;

	for (bool more = true; more && n < 64; n++) {
		const bool is_definition = is_view && n == CATALOG_FIELDS - 1;
		const size_t len = strcspn(text, is_definition ? "\n" : "|\n");

		fields[n] = (struct span){ len == 0 ? NULL : (const uint8_t *)text, len };
		more = text[len] == '|';
		text += len + (text[len] != '\0');
	}
	catalog_row_put(fields, n, o);
	return text;
}

struct span rows_of(const char *text)
{
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	while (*text != '\0')
		text = put_row(text, &o);
	return ob_span(&o);
}

int rows_build(const struct policy *policy, const char *text, size_t len,
		const struct catalog **ret)
{
	const struct catalog_source source = { policy, rows_of(text), { SQL_ENC_UTF8, true },
		&sql_limits_default };
	size_t used = 0;
	int rc;

	free(memory);
	memory = aligned_alloc(8, (len + 7) / 8 * 8);
	rc = catalog_build(&source, (struct sql_memory){ memory, len }, ret, &used);
	return rc != 0 ? rc : (int)used;
}

const char *rows_shown(const struct catalog *c)
{
	static char text[4096];
	size_t at = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < c->n && at < sizeof(text); i++) {
		const struct catalog_column *col = &c->columns[i];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u.%d %u%c",
				i == 0 ? "" : " ", col->oid, col->attnum, col->data,
				col->is_derived ? '~' : '=');
	}
	return text;
}
