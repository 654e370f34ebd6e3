/* SPDX-License-Identifier: Apache-2.0
 * Patterns: named detectors of content, and examples of all that has them. */
#include "ruleset/load/load_priv.h"

#include <string.h>

static const char *flag_word(size_t i)
{
	static const char *const words[] = { "caseless", "dotall", "multiline", NULL };

	return words[i];
}

static const char *needs_word(size_t i)
{
	static const char *const words[] = { "digits", NULL };

	return words[i];
}

static const char *validator_word(size_t i)
{
	static const char *const words[] = {
#define ROW(sym, name, check) name,
#include "ruleset/scan/validators.tbl.h"
#undef ROW
		NULL,
	};

	return words[i];
}

static const char *regex_check(const char *text)
{
	return strlen(text) > LOAD_REGEX_MAX ? "is too long for a pattern: at most 2000 bytes"
					     : NULL;
}

static void read_validator(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const size_t word = load_word(l, k, v);

	if (word != SIZE_MAX)
		((struct scan_pattern *)to)->validator = (enum scan_validator)(word + 1);
}

static void read_needs(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	((struct scan_pattern *)to)->needs_digits = load_word(l, k, v) == 0;
}

/* Examples. */

static const char *example_check(const char *text)
{
	return strlen(text) > LOAD_EXAMPLE_MAX ? "is too long for an example: at most 8 KiB" : NULL;
}

#define EXAMPLES(member) LOAD_IN(model_examples, member)
static const struct load_key keys_examples[] = {
	{ "match", .read = load_read_texts, EXAMPLES(match), .check = example_check },
	{ "not", .read = load_read_texts, EXAMPLES(not_match), .check = example_check },
};
const struct load_map load_map_examples = { "examples", keys_examples, LOAD_N(keys_examples) };

void load_read_examples(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_examples e = { .match.n = 0 };

	load_map_read(l, &load_map_examples, &e, v);
	memcpy((uint8_t *)to + k->off, &e, sizeof(e));
}

/* Patterns. */

struct pattern {
	struct scan_pattern scan;
	struct model_examples examples;
};

#define PATTERN(member) LOAD_IN(pattern, member)
static const struct load_key keys_pattern[] = {
	{ "id", true, PATTERN(scan.id), .read = load_read_text, .check = load_id_check },
	{ "regex", true, PATTERN(scan.regex), .read = load_read_text, .check = regex_check },
	{ "flags", PATTERN(scan.flags), .read = load_read_bits, .word = flag_word },
	{ "validate", .read = read_validator, .word = validator_word },
	{ "needs", .read = read_needs, .word = needs_word },
	{ "examples", PATTERN(examples), .read = load_read_examples },
};
const struct load_map load_map_pattern = { "patterns", keys_pattern, LOAD_N(keys_pattern) };

static const struct load_key keys_regex[] = {
	{ "regex", true, PATTERN(scan.regex), .read = load_read_text, .check = regex_check },
	{ "flags", PATTERN(scan.flags), .read = load_read_bits, .word = flag_word },
};
const struct load_map load_map_text = { "text", keys_regex, LOAD_N(keys_regex) };

bool load_regex(struct load *l, const struct load_key *k, struct scan_pattern *to, yaml_node_t *v)
{
	const struct load_key as_text = {
		.name = k->name, PATTERN(scan.regex), .read = load_read_text, .check = regex_check
	};
	struct pattern p = { .scan.id = NULL };

	if (v->type == YAML_MAPPING_NODE)
		load_map_read(l, &load_map_text, &p, v);
	else
		load_read_text(l, &as_text, &p, v);
	*to = p.scan;
	to->id = k->name; /* errors name it */
	to->line = load_line(v);
	return p.scan.regex != NULL;
}

static bool is_taken(const struct load *l, const char *id)
{
	const struct scan_pattern *all = l->patterns.ptr;

	for (size_t i = l->pack->first_pattern; id != NULL && i < l->patterns.n; i++) {
		if (all[i].id != NULL && strcmp(all[i].id, id) == 0)
			return true;
	}
	return false;
}

static void read_pattern(struct load *l, yaml_node_t *v)
{
	struct pattern p = { .scan.id = NULL };
	struct scan_pattern *scan;
	struct model_examples *examples;

	load_map_read(l, &load_map_pattern, &p, v);
	if (is_taken(l, p.scan.id))
		load_error(l, v, "id: another pattern is called '%s': give this one another id",
				p.scan.id);
	scan = load_push(l, &l->patterns, sizeof(*scan));
	examples = load_push(l, &l->examples, sizeof(*examples));
	if (scan == NULL || examples == NULL)
		return;
	*scan = p.scan;
	scan->line = load_line(v);
	*examples = p.examples;
}

void load_read_patterns(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_pack *pack = to;

	if (v->type != YAML_SEQUENCE_NODE) {
		load_error(l, v, "%s: expected a list of patterns, each with id and regex",
				k->name);
		return;
	}
	if (load_n_items(v) > LOAD_PATTERNS_MAX - l->patterns.n) {
		load_error(l, v, "%s: more than %d in all packs of the policy", k->name,
				LOAD_PATTERNS_MAX);
		return;
	}
	for (size_t i = 0; i < load_n_items(v); i++)
		read_pattern(l, load_item(l, v, i));
	pack->n_patterns = (uint32_t)(l->patterns.n - pack->first_pattern);
	pack->pattern_examples = load_settle(l, &l->examples, sizeof(struct model_examples));
}
