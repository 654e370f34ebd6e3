/* SPDX-License-Identifier: Apache-2.0
 * What a server answers about its catalogue. Input: flags (1: rows as bytes of messages, else lines of
 * fields with '|' between them; 2: rules without exceptions; 4: client_encoding is not safe), KiB of memory less one,
 * then the rows. What is refused leaves nothing; what is accepted keeps the promises of catalog.h, lies in its block
 * alone, and is the same in a larger one and in a copy. */
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "ruleset/load/load.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/catalog/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 4096, ROOM = 512 << 10, N_RULES = 4 };

static const char *const texts[] = {
	"pack: p\npatterns: [{id: x, regex: abc}]\ndata:\n"
	"  - {id: a, pattern: x, mask: redact}\n"
	"  - {id: b, column: '*.people.ssn', mask: redact, unless: [{when: {groups: [a]}, reason: x}]}\n"
	"  - {id: c, column: '*.people.ssn', json: '$.a', mask: redact, derived: allow,\n"
	"     unless: [{when: {groups: [a]}, reason: x}]}\n"
	"  - {id: d, column: '*.*.mail', mask: redact, unless: [{when: {groups: [a]}, reason: x}]}\n",
	"pack: p\npatterns: [{id: x, regex: abc}]\ndata:\n"
	"  - {id: a, pattern: x, mask: redact}\n"
	"  - {id: b, column: '*.people.ssn', mask: redact}\n"
	"  - {id: c, column: '*.people.ssn', json: '$.a', mask: redact, derived: allow}\n"
	"  - {id: d, column: '*.*.mail', mask: redact, derived: deny}\n",
};

static struct policy *policies[2];

static void set_up(void)
{
	static struct load_report report;

	for (size_t i = 0; i < 2 && policies[i] == NULL; i++) {
		const struct span text = { (const uint8_t *)texts[i], strlen(texts[i]) };

		must(load_policy(&text, 1, &policies[i], &report) == 0);
	}
}

static bool is_inside(struct span s, const void *block, size_t bytes)
{
	const uint8_t *from = block;

	return s.len > 0 && s.len <= CATALOG_NAME_MAX && s.ptr >= from &&
			s.ptr + s.len <= from + bytes;
}

static bool is_before(const struct catalog_column *a, const struct catalog_column *b)
{
	if (a->oid != b->oid)
		return a->oid < b->oid;
	return a->attnum != b->attnum ? a->attnum < b->attnum : a->data < b->data;
}

static void check(const struct catalog *c, size_t bytes)
{
	must(c->newest_oid != 0);
	must(c->n == 0 ||
			((const uint8_t *)(c->columns + c->n) <= (const uint8_t *)c + bytes &&
					(const uint8_t *)c->columns > (const uint8_t *)c));
	for (uint32_t i = 0; i < c->n; i++) {
		const struct catalog_column *col = &c->columns[i];

		must(i == 0 || is_before(col - 1, col));
		must(col->oid != 0 && col->attnum > 0 && col->copy_at >= -1);
		must(col->data > 0 && col->data < N_RULES); /* rule 0 is a pattern's */
		must(is_inside(col->schema, c, bytes) && is_inside(col->table, c, bytes) &&
				is_inside(col->column, c, bytes));
	}
}

static bool is_same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static void check_equal(const struct catalog *a, const struct catalog *b)
{
	must(a->n == b->n && a->newest_oid == b->newest_oid);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct catalog_column *x = &a->columns[i], *y = &b->columns[i];

		must(x->oid == y->oid && x->attnum == y->attnum && x->copy_at == y->copy_at);
		must(x->data == y->data && x->is_derived == y->is_derived);
		must(is_same(x->schema, y->schema) && is_same(x->table, y->table) &&
				is_same(x->column, y->column));
	}
}

static void check_copy(const struct catalog *c, size_t bytes)
{
	void *block = malloc(bytes);
	const struct catalog *copy;

	must(block != NULL);
	copy = catalog_copy(c, bytes, block);
	check(copy, bytes);
	check_equal(c, copy);
	free(block);
}

/* The larger block has room for all that fits into the lesser one. */
static void run(const struct catalog_source *source, size_t len)
{
	static uint64_t room[ROOM / 8];
	void *block = malloc(len);
	const struct catalog *c = NULL, *larger = NULL;
	size_t bytes = 0, larger_bytes = 0;
	int rc, larger_rc;

	must(block != NULL);
	rc = catalog_build(source, (struct sql_memory){ block, len }, &c, &bytes);
	larger_rc = catalog_build(
			source, (struct sql_memory){ room, ROOM }, &larger, &larger_bytes);
	must(rc == 0 || rc == -EBADMSG || rc == -ENOSPC);
	must(rc == larger_rc || rc == -ENOSPC);
	must((rc == 0) == (c != NULL) && (larger_rc == 0) == (larger != NULL));
	if (larger_rc == 0)
		check(larger, larger_bytes);
	if (rc == 0) {
		must((const void *)c == block && bytes <= len);
		check(c, bytes);
		check_copy(c, bytes);
	}
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char lines[INPUT_MAX + 1];
	struct reader r = rd_of(data, size);
	const uint8_t flags = rd_u8(&r);
	const size_t len = ((size_t)rd_u8(&r) + 1) << 10;
	struct catalog_source source = { .limits = &sql_limits_default };

	if (r.bad || size > INPUT_MAX)
		return 0;
	set_up();
	source.policy = policies[(flags & 2) != 0];
	source.settings = (struct sql_settings){ (flags & 4) != 0 ? SQL_ENC_UNSAFE : SQL_ENC_UTF8,
		true };
	source.rows = rd_take(&r, rd_left(&r));
	if ((flags & 1) == 0) {
		memcpy(lines, source.rows.ptr, source.rows.len);
		lines[source.rows.len] = '\0';
		source.rows = rows_of(lines);
	}
	run(&source, len);
	return 0;
}
