/* SPDX-License-Identifier: Apache-2.0
 * The list of errors, kept in the file's order, and the "did you mean" of wrong names. */
#include "ctrlplane/conf/conf_priv.h"

#include <stdarg.h>
#include <string.h>

enum {
	ERRORS_MAX = sizeof(((struct conf_errors *)0)->at) / sizeof(struct conf_error),
	NAME_MAX_COMPARED = 40,
};

static bool is_before(const struct conf_error *a, const struct conf_error *b)
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
static void insert(struct conf_errors *e, const struct conf_error *new)
{
	size_t used = e->n < ERRORS_MAX ? e->n : ERRORS_MAX, at = used;

	e->n++;
	while (at > 0 && is_before(new, &e->at[at - 1]))
		at--;
	if (at == ERRORS_MAX)
		return;
	if (used == ERRORS_MAX)
		used--;
	memmove(&e->at[at + 1], &e->at[at], (used - at) * sizeof(e->at[0]));
	e->at[at] = *new;
}

static void add(struct conf_errors *e, size_t line, size_t column, const char *fmt, va_list args)
		__attribute__((format(printf, 4, 0)));

static void add(struct conf_errors *e, size_t line, size_t column, const char *fmt, va_list args)
{
	struct conf_error new = { .line = (uint32_t)line, .column = (uint32_t)column };

	vsnprintf(new.text, sizeof(new.text), fmt, args);
	make_printable(new.text);
	insert(e, &new);
}

void conf_error_at(struct conf_errors *e, size_t line, size_t column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(e, line, column, fmt, args);
	va_end(args);
}

void conf_error(struct conf_reader *r, const yaml_node_t *at, const char *fmt, ...)
{
	va_list args;

	if (r->last != NULL)
		r->last->bad = true;
	va_start(args, fmt);
	add(r->errors, at->start_mark.line + 1, at->start_mark.column + 1, fmt, args);
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

const char *conf_nearest(
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

void conf_errors_print(FILE *to, const char *path, const struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n && i < ERRORS_MAX; i++) {
		const struct conf_error *e = &errors->at[i];

		if (e->line == 0)
			fprintf(to, "%s: %s\n", path, e->text);
		else
			fprintf(to, "%s:%u:%u: %s\n", path, e->line, e->column, e->text);
	}
	if (errors->n > ERRORS_MAX)
		fprintf(to, "%s: and %zu more\n", path, errors->n - ERRORS_MAX);
}
