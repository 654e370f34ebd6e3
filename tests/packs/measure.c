/* SPDX-License-Identifier: Apache-2.0
 * measure FLAT CORPUS: recall and precision of each pattern of the packs, all scanning together, as a
 * table. A value counts as found when detections cover all of it, whichever pattern they are of; a
 * false alarm is a detection that touches no value at all. */
#include "parsers/base/must.h"
#include "tests/packs/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_MAX = 8, FOUND_MAX = 256 };

struct label {
	uint64_t from, to;
	uint32_t pattern;
};

struct value { /* one line of the corpus */
	struct span text;
	struct label labels[LABELS_MAX];
	struct scan_found found[FOUND_MAX];
	uint32_t n_labels, n_found;
};

struct tally {
	uint32_t values, covered, alarms;
};

static struct pack pack;
static struct tally tallies[PACK_PATTERNS_MAX];
static uint32_t n_clean, n_clean_alarms;

static void on_found(void *ctx, const struct scan_found *found)
{
	struct value *v = ctx;

	must(v->n_found < FOUND_MAX);
	v->found[v->n_found++] = *found;
}

static uint32_t pattern_of(const char *id, size_t len)
{
	for (uint32_t i = 0; i < pack.n; i++) {
		if (strlen(pack.patterns[i].id) == len && memcmp(pack.patterns[i].id, id, len) == 0)
			return i;
	}
	fprintf(stderr, "no pattern is called %.*s\n", (int)len, id);
	exit(EXIT_FAILURE);
}

/* ID:FROM:TO,... */
static void read_labels(char *text, struct value *ret)
{
	for (char *label; (label = strsep(&text, ",")) != NULL && *label != 0;) {
		char *colon = strchr(label, ':'), *end;
		struct label *l = &ret->labels[ret->n_labels++];

		must(colon != NULL && ret->n_labels <= LABELS_MAX);
		l->pattern = pattern_of(label, (size_t)(colon - label));
		l->from = strtoull(colon + 1, &end, 10);
		l->to = strtoull(end + 1, NULL, 10);
	}
}

static bool is_covered(const struct value *v, const struct label *l)
{
	uint64_t at = l->from;

	for (uint32_t i = 0; i < v->n_found && at < l->to; i++) {
		if (v->found[i].from <= at && v->found[i].to > at)
			at = v->found[i].to;
	}
	return at >= l->to;
}

static bool is_alarm(const struct value *v, const struct scan_found *f)
{
	for (uint32_t i = 0; i < v->n_labels; i++) {
		if (f->from < v->labels[i].to && v->labels[i].from < f->to)
			return false;
	}
	return true;
}

static void tell(const char *what, const struct value *v, uint32_t pattern)
{
	if (getenv("MEASURE_VERBOSE") != NULL)
		fprintf(stderr, "%s %s: %.*s\n", what, pack.patterns[pattern].id, (int)v->text.len,
				v->text.ptr);
}

static void count(const struct value *v)
{
	for (uint32_t i = 0; i < v->n_labels; i++) {
		struct tally *t = &tallies[v->labels[i].pattern];
		const bool covered = is_covered(v, &v->labels[i]);

		t->values++;
		t->covered += covered;
		if (!covered)
			tell("missed", v, v->labels[i].pattern);
	}
	for (uint32_t i = 0; i < v->n_found; i++) {
		if (!is_alarm(v, &v->found[i]))
			continue;
		tallies[v->found[i].pattern].alarms++;
		tell("alarm", v, v->found[i].pattern);
	}
	n_clean += v->n_labels == 0;
	n_clean_alarms += v->n_labels == 0 && v->n_found > 0;
}

static void read_corpus(const char *path, struct scanner *s)
{
	static struct value v;
	FILE *f = fopen(path, "r");
	char *line = NULL, *tab;
	size_t room = 0;
	ssize_t len;

	must(f != NULL);
	while ((len = getline(&line, &room, f)) > 0) {
		const struct scan_sink sink = { on_found, &v };

		v.n_labels = v.n_found = 0;
		line[len - 1] = 0;
		tab = strrchr(line, '\t');
		must(tab != NULL);
		*tab = 0;
		read_labels(tab + 1, &v);
		v.text = (struct span){ (const uint8_t *)line, pack_unescape(line) };
		must(scan_fields(s, &v.text, 1, &sink) == 0);
		count(&v);
	}
	free(line);
	fclose(f);
}

/* Exit status: is every detector at or above the goal? */
static int print_table(void)
{
	uint32_t below = 0;

	printf("| detector | values | found | recall | false alarms | precision | |\n");
	printf("|---|---|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < pack.n; i++) {
		const struct tally *t = &tallies[i];
		const double recall = t->values > 0 ? (double)t->covered / t->values : 0;
		const double precision =
				t->covered > 0 ? (double)t->covered / (t->covered + t->alarms) : 0;
		const bool low = recall < 0.98 || precision < 0.98;

		below += low;
		printf("| `%s` | %u | %u | %.3f | %u | %.3f | %s |\n", pack.patterns[i].id,
				t->values, t->covered, recall, t->alarms, precision,
				low ? "below" : "");
	}
	printf("\n%u of %u detectors are below 0.98; of %u values with nothing in them %u had an alarm.\n",
			below, pack.n, n_clean, n_clean_alarms);
	return below == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct scan_db *db = NULL;
	struct scanner *s = NULL;
	struct scan_error e;
	int rc;

	must(argc == 3);
	pack_read(&pack, argv[1]);
	if (scan_db_new(pack.patterns, pack.n, &db, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return EXIT_FAILURE;
	}
	must(scanner_new(db, &scan_sizes_default, &s) == 0);
	read_corpus(argv[2], s);
	rc = print_table();
	scanner_free(&s);
	scan_db_free(&db);
	pack_done(&pack);
	return rc;
}
