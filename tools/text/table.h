/* SPDX-License-Identifier: Apache-2.0
 * A table that fits the terminal: columns as wide as their text; when all do not fit, those with
 * the highest <spare> go first and a line below names them. A cell is never broken over two lines. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum style {
	STYLE_PLAIN,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLES,
};

struct column {
	const char *title;
	bool is_left;    /* texts are, numbers are not */
	bool is_elastic; /* when nothing more can go, its texts lose their middle */
	bool is_last;    /* takes what is left of the line and is cut there */
	unsigned spare;  /* 0: never left out */
};

struct table;

/* <columns> are borrowed until table_free(). NULL: out of memory. */
struct table *table_new(const struct column *columns, size_t n_columns);
void table_free(struct table **t);

/* The next cell, row by row. Cells that memory has no room for are left out. */
void table_cell(struct table *t, enum style style, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
size_t table_rows(const struct table *t);

void table_print(const struct table *t, FILE *to, size_t width, bool colour);

/* <text> in a colour, or as it is. */
void style_print(FILE *to, bool colour, enum style style, const char *text);
/* A heading. */
void title_print(FILE *to, bool colour, const char *text);
