/* SPDX-License-Identifier: Apache-2.0
 * See errors.h. */
#include "parsers/yaml/errors.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_COMPARED = 40 };

static bool is_before(const struct doc_error *a, const struct doc_error *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* The text may quote the file: what a terminal would act on must not reach it. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
	}
}

/* When the array is full, the errors that come first in the file stay. */
static void insert(struct doc_errors *e, const struct doc_error *new)
{
	size_t used = e->n < DOC_ERRORS_MAX ? e->n : DOC_ERRORS_MAX, at = used;

	e->n++;
	while (at > 0 && is_before(new, &e->at[at - 1]))
		at--;
	if (at == DOC_ERRORS_MAX)
		return;
	if (used == DOC_ERRORS_MAX)
		used--;
	memmove(&e->at[at + 1], &e->at[at], (used - at) * sizeof(e->at[0]));
	e->at[at] = *new;
}

void doc_error_va(struct doc_errors *e, size_t line, size_t column, const char *fmt, va_list args)
{
	struct doc_error new = { .line = (uint32_t)line, .column = (uint32_t)column };

	vsnprintf(new.text, sizeof(new.text), fmt, args);
	make_printable(new.text);
	insert(e, &new);
}

void doc_error_at(struct doc_errors *e, size_t line, size_t column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	doc_error_va(e, line, column, fmt, args);
	va_end(args);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Changes (insert, delete, replace, swap neighbours) that turn one name into the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][NAME_MAX_COMPARED + 1], n_a = strlen(a), n_b = strlen(b);

	for (size_t j = 0; j <= n_b; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			now[j] = least(up[j], now[j - 1]) + 1;
			now[j] = least(now[j], up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], up2[j - 2] + 1);
		}
	}
	return row[n_a % 3][n_b];
}

const char *doc_nearest(
		const char *typed, const char *(*next)(const void *ctx, size_t i), const void *ctx)
{
	const char *name, *found = NULL;
	size_t len = strlen(typed), best = len < 4 ? 2 : 3; /* not as far as these */

	if (len > NAME_MAX_COMPARED)
		return NULL;
	for (size_t i = 0; (name = next(ctx, i)) != NULL; i++) {
		size_t d = strlen(name) <= NAME_MAX_COMPARED ? distance(typed, name) : best;

		if (d < best) {
			best = d;
			found = name;
		}
	}
	return found;
}
