/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/packs/pack.h"

#include "parsers/base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t pack_unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p != 0; p++) {
		if (p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0) {
			*to++ = (char)(hex(p[2]) * 16 + hex(p[3]));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = 0;
	return (size_t)(to - text);
}

static char *copy(const char *text)
{
	char *c = strdup(text);

	must(c != NULL);
	return c;
}

/* ID FLAGS VALIDATOR DIGITS REGEX */
static void read_pattern(struct pack *pack, char *line)
{
	struct scan_pattern *p = &pack->patterns[pack->n];
	char *at[5];

	for (int i = 0; i < 5; i++)
		at[i] = strsep(&line, "\t");
	must(at[4] != NULL && pack->n < PACK_PATTERNS_MAX);
	pack_unescape(at[4]);
	*p = (struct scan_pattern){ .id = copy(at[0]),
		.regex = copy(at[4]),
		.flags = (uint32_t)strtoul(at[1], NULL, 10),
		.needs_digits = at[3][0] == '1' };
	if (strcmp(at[2], "none") != 0 && scan_validator_of(at[2], &p->validator) != 0) {
		fprintf(stderr, "pattern %s: no validator is called %s\n", at[0], at[2]);
		exit(EXIT_FAILURE);
	}
	pack->n++;
}

static void read_example(struct pack *pack, char *text, bool matches)
{
	const size_t len = pack_unescape(text);
	uint8_t *bytes = malloc(len > 0 ? len : 1);

	must(pack->n > 0 && pack->n_examples < PACK_EXAMPLES_MAX && bytes != NULL);
	memcpy(bytes, text, len);
	pack->examples[pack->n_examples++] =
			(struct pack_example){ { bytes, len }, pack->n - 1, matches };
}

void pack_read(struct pack *pack, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (f == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	while ((len = getline(&line, &room, f)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = 0;
		must(strchr("PMN", line[0]) != NULL && line[1] == '\t');
		if (line[0] == 'P')
			read_pattern(pack, line + 2);
		else
			read_example(pack, line + 2, line[0] == 'M');
	}
	free(line);
	fclose(f);
}

void pack_done(struct pack *pack)
{
	for (uint32_t i = 0; i < pack->n; i++) {
		free((void *)(uintptr_t)pack->patterns[i].id);
		free((void *)(uintptr_t)pack->patterns[i].regex);
	}
	for (uint32_t i = 0; i < pack->n_examples; i++)
		free((void *)(uintptr_t)pack->examples[i].text.ptr);
}
