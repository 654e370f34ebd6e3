/* SPDX-License-Identifier: Apache-2.0
 * See table.h. Texts are ASCII: one byte is one column. */
#include "tools/text/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_MAX = 280, COLUMNS_MAX = 32, GAP = 2, LAST_MIN = 16, ELASTIC_MIN = 20, SPARE_MAX = 20 };

struct cell {
	char *text; /* owned */
	enum style style;
};

struct table {
	const struct column *columns; /* borrowed */
	size_t n_columns;
	struct cell *cells; /* owned */
	size_t n_cells, room;
};

struct layout {
	size_t width[COLUMNS_MAX];
	bool shown[COLUMNS_MAX];
};

static const char *const style_codes[STYLES] = {
	[STYLE_PLAIN] = "",
	[STYLE_DIM] = "\033[2m",
	[STYLE_GOOD] = "\033[32m",
	[STYLE_WARN] = "\033[33m",
	[STYLE_BAD] = "\033[31m",
};

struct table *table_new(const struct column *columns, size_t n_columns)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL || n_columns > COLUMNS_MAX) {
		free(t);
		return NULL;
	}
	t->columns = columns;
	t->n_columns = n_columns;
	return t;
}

void table_free(struct table **table)
{
	struct table *t = *table;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
	*table = NULL;
}

static bool make_room(struct table *t)
{
	size_t room = t->room == 0 ? 64 : t->room * 2;
	struct cell *larger;

	if (t->n_cells < t->room)
		return true;
	larger = reallocarray(t->cells, room, sizeof(*larger));
	if (larger == NULL)
		return false;
	t->cells = larger;
	t->room = room;
	return true;
}

void table_cell(struct table *t, enum style style, const char *fmt, ...)
{
	char text[CELL_MAX];
	va_list args;

	if (!make_room(t))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	t->cells[t->n_cells] = (struct cell){ .text = strdup(text), .style = style };
	if (t->cells[t->n_cells].text != NULL)
		t->n_cells++;
}

size_t table_rows(const struct table *t)
{
	return t->n_cells / t->n_columns;
}

static const struct cell *cell_at(const struct table *t, size_t row, size_t column)
{
	return &t->cells[row * t->n_columns + column];
}

static size_t needed(const struct table *t, const struct layout *l)
{
	size_t sum = 0;

	for (size_t c = 0; c < t->n_columns; c++) {
		size_t w = l->width[c];

		if (t->columns[c].is_last && w > LAST_MIN)
			w = LAST_MIN;
		if (l->shown[c])
			sum += w + (sum > 0 ? GAP : 0);
	}
	return sum;
}

/* The one that goes next; n_columns: none may. Of equals, the rightmost. */
static size_t most_spare(const struct table *t, const struct layout *l)
{
	size_t found = t->n_columns;
	unsigned spare = 1;

	for (size_t c = 0; c < t->n_columns; c++) {
		if (l->shown[c] && t->columns[c].spare >= spare) {
			spare = t->columns[c].spare;
			found = c;
		}
	}
	return found;
}

/* Once enough has gone there may be place for a narrow one again. */
static void show_what_fits(const struct table *t, size_t width, struct layout *l)
{
	for (unsigned spare = 1; spare <= SPARE_MAX; spare++) {
		for (size_t c = 0; c < t->n_columns; c++) {
			if (l->shown[c] || t->columns[c].spare != spare)
				continue;
			l->shown[c] = true;
			l->shown[c] = needed(t, l) <= width;
		}
	}
}

/* Nothing may go any more: the elastic columns give what is missing, the widest first. */
static void squeeze(const struct table *t, size_t width, struct layout *l)
{
	while (needed(t, l) > width) {
		size_t widest = t->n_columns;

		for (size_t c = 0; c < t->n_columns; c++) {
			if (l->shown[c] && t->columns[c].is_elastic && l->width[c] > ELASTIC_MIN &&
					(widest == t->n_columns || l->width[c] > l->width[widest]))
				widest = c;
		}
		if (widest == t->n_columns)
			return;
		l->width[widest]--;
	}
}

static void lay_out(const struct table *t, size_t width, struct layout *l)
{
	size_t gone;

	for (size_t c = 0; c < t->n_columns; c++) {
		l->shown[c] = true;
		l->width[c] = strlen(t->columns[c].title);
		for (size_t r = 0; r < table_rows(t); r++) {
			size_t w = strlen(cell_at(t, r, c)->text);

			l->width[c] = w > l->width[c] ? w : l->width[c];
		}
	}
	while (needed(t, l) > width && (gone = most_spare(t, l)) < t->n_columns)
		l->shown[gone] = false;
	show_what_fits(t, width, l);
	squeeze(t, width, l);
}

/* "[2001:db8:12..:2222]:40035": an end that does not fit shows less of its middle. */
static void middle_print(FILE *to, size_t width, const char *text)
{
	size_t len = strlen(text), tail = width * 3 / 5;

	fprintf(to, "%.*s..%s", (int)(width - tail - 2), text, text + len - tail);
}

static void cell_print(
		FILE *to, const struct column *c, size_t width, const char *text, size_t room)
{
	size_t len = strlen(text);

	if (len > width)
		middle_print(to, width, text);
	else if (c->is_last && len > room)
		fprintf(to, "%.*s", (int)room, text);
	else if (c->is_last)
		fputs(text, to);
	else
		fprintf(to, c->is_left ? "%-*s" : "%*s", (int)width, text);
}

/* One line: the titles when <row> is table_rows(). */
static void line_print(const struct table *t, const struct layout *l, size_t row, FILE *to,
		size_t width, bool colour)
{
	bool is_title = row == table_rows(t);
	size_t at = 0;

	for (size_t c = 0; c < t->n_columns; c++) {
		const char *text = is_title ? t->columns[c].title : cell_at(t, row, c)->text;
		const char *code = is_title ? "\033[1m" : style_codes[cell_at(t, row, c)->style];

		if (!l->shown[c])
			continue;
		if (at > 0)
			at += (size_t)fprintf(to, "%*s", GAP, "");
		if (colour)
			fputs(code, to);
		cell_print(to, &t->columns[c], l->width[c], text, width > at ? width - at : 0);
		if (colour && *code != '\0')
			fputs("\033[0m", to);
		at += l->width[c];
	}
	fputc('\n', to);
}

static void hidden_print(
		const struct table *t, const struct layout *l, FILE *to, size_t width, bool colour)
{
	char text[256] = "(too narrow for:";
	const size_t room = width + 1 < sizeof(text) ? width + 1 : sizeof(text);
	size_t used = strlen(text);
	bool any = false;

	for (size_t c = 0; c < t->n_columns; c++) {
		if (l->shown[c] || used + strlen(t->columns[c].title) + (any ? 4 : 3) > room)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s", any ? "," : "",
				t->columns[c].title);
		any = true;
	}
	if (!any)
		return;
	snprintf(text + used, sizeof(text) - used, ")");
	style_print(to, colour, STYLE_DIM, text);
	fputc('\n', to);
}

void table_print(const struct table *t, FILE *to, size_t width, bool colour)
{
	struct layout l;

	lay_out(t, width, &l);
	line_print(t, &l, table_rows(t), to, width, colour);
	for (size_t r = 0; r < table_rows(t); r++)
		line_print(t, &l, r, to, width, colour);
	hidden_print(t, &l, to, width, colour);
}

void style_print(FILE *to, bool colour, enum style style, const char *text)
{
	if (colour && style != STYLE_PLAIN)
		fprintf(to, "%s%s\033[0m", style_codes[style], text);
	else
		fputs(text, to);
}

void title_print(FILE *to, bool colour, const char *text)
{
	fprintf(to, "%s%s%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}
