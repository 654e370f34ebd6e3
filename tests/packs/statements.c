/* SPDX-License-Identifier: Apache-2.0
 * Reads statements; each "{{a | b}}" is a choice, "{{1}}" what was chosen at the first one. */
#include "tests/packs/statements.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct statement at;
	char raw[STATEMENT_MAX]; /* a statement before its choices are made */
	size_t raw_len;
	char text[STATEMENT_MAX];
	void (*each)(void *ctx, const struct statement *s);
	void *ctx;
};

struct choices {
	unsigned int n;                            /* found so far in this text */
	unsigned int of[STATEMENT_CHOICES_MAX];    /* how many there are in each */
	unsigned int taken[STATEMENT_CHOICES_MAX]; /* which one */
	struct span chosen[STATEMENT_CHOICES_MAX];
};

static void fail(const struct reader *r, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", r->at.file, r->at.line, what);
	exit(EXIT_FAILURE);
}

static void put(struct reader *r, const char *from, size_t n)
{
	if (n >= sizeof(r->text) - r->at.len)
		fail(r, "the statement is too long");
	memcpy(r->text + r->at.len, from, n);
	r->at.len += n;
	r->text[r->at.len] = '\0';
}

/* The part of "a | b | c" that is taken; counts them. */
static void choose(struct reader *r, struct choices *c, const char *from, const char *to)
{
	unsigned int n = 0;

	if (c->n == STATEMENT_CHOICES_MAX)
		fail(r, "too many choices");
	for (const char *part = from; part <= to; n++) {
		const char *bar = memmem(part, (size_t)(to - part), " | ", 3);
		const char *end = bar == NULL ? to : bar;

		if (n == c->taken[c->n])
			c->chosen[c->n] = (struct span){ (const uint8_t *)part,
				(size_t)(end - part) };
		part = bar == NULL ? to + 1 : bar + 3;
	}
	c->of[c->n] = n;
	put(r, (const char *)c->chosen[c->n].ptr, c->chosen[c->n].len);
	c->n++;
}

/* What stands in braces: a number alone is a choice made before. */
static void fill(struct reader *r, struct choices *c, const char *from, const char *to)
{
	const unsigned int number = (unsigned int)(*from - '1');

	if (to - from != 1 || number >= STATEMENT_CHOICES_MAX)
		choose(r, c, from, to);
	else if (number >= c->n)
		fail(r, "no such choice before");
	else
		put(r, (const char *)c->chosen[number].ptr, c->chosen[number].len);
}

static void make(struct reader *r, struct choices *c)
{
	const char *at = r->raw, *open;

	c->n = 0;
	r->at.len = 0;
	while ((open = strstr(at, "{{")) != NULL) {
		const char *close = strstr(open, "}}");

		if (close == NULL)
			fail(r, "'{{' without '}}'");
		put(r, at, (size_t)(open - at));
		fill(r, c, open + 2, close);
		at = close + 2;
	}
	put(r, at, strlen(at));
}

/* The next combination of all choices. False: that was the last. */
static bool turn(struct choices *c)
{
	for (unsigned int i = 0; i < c->n; i++) {
		if (++c->taken[i] < c->of[i])
			return true;
		c->taken[i] = 0;
	}
	return false;
}

static void flush(struct reader *r)
{
	struct choices c = { 0 };

	if (r->raw_len == 0)
		return;
	r->at.which = 0;
	do {
		make(r, &c);
		r->at.text = r->text;
		r->each(r->ctx, &r->at);
		r->at.which++;
	} while (turn(&c));
	r->raw_len = 0;
}

static void section(struct reader *r, const char *title)
{
	static const char *const titles[] = { "reads", "unproven", "other", "held " };

	for (unsigned int i = 0; i < STATEMENT_CLASSES; i++) {
		if (strncmp(title, titles[i], strlen(titles[i])) != 0)
			continue;
		r->at.is = (enum statement_class)i;
		snprintf(r->at.rule, sizeof(r->at.rule), "%s", title + strlen(titles[i]));
		return;
	}
	fail(r, "no such section");
}

static void add_line(struct reader *r, const char *line, unsigned int number)
{
	const size_t n = strlen(line);

	if (r->raw_len == 0)
		r->at.line = number;
	if (r->raw_len + n + 2 > sizeof(r->raw))
		fail(r, "the statement is too long");
	if (r->raw_len > 0)
		r->raw[r->raw_len++] = '\n';
	memcpy(r->raw + r->raw_len, line, n + 1);
	r->raw_len += n;
}

void statements_read(
		const char *file, void (*each)(void *ctx, const struct statement *s), void *ctx)
{
	static struct reader r;
	FILE *f = fopen(file, "re");
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;

	r = (struct reader){
		.at = { .file = file, .is = STATEMENT_OTHER }, .each = each, .ctx = ctx
	};
	if (f == NULL)
		fail(&r, "cannot be read");
	while (getline(&line, &room, f) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		number++;
		if (*line == '\0' || strncmp(line, "== ", 3) == 0)
			flush(&r);
		if (strncmp(line, "== ", 3) == 0)
			section(&r, line + 3);
		else if (*line != '\0' && (r.raw_len > 0 || *line != '#'))
			add_line(&r, line, number);
	}
	flush(&r);
	free(line);
	fclose(f);
}
