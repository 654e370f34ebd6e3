/* SPDX-License-Identifier: Apache-2.0
 * Data rules: what is masked, how, and what is said of expressions and predicates over it. */
#include "ruleset/load/load_priv.h"

#include <string.h>

/* Masks. */

static const char *mask_word(size_t i)
{
	static const char *const words[] = { "redact", "null", "pseudonym", "date_to_year", NULL };

	return words[i];
}

static void read_keep(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct mask *m = to;
	uint64_t n = 0;

	if (!load_number(l, k, v, LOAD_KEEP_MAX, &n))
		return;
	if (n == 0)
		load_error(l, v, "%s: 0 keeps nothing: say redact", k->name);
	m->kind = strcmp(k->name, "keep_first") == 0 ? MASK_KEEP_FIRST : MASK_KEEP_LAST;
	m->keep = (uint32_t)n;
}

static const char *fixed_check(const char *text)
{
	return strlen(text) > LOAD_FIXED_MAX ? "is too long: at most 255 bytes" : NULL;
}

static void read_fixed(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const struct load_key as_text = { .name = k->name, .check = fixed_check };
	struct mask *m = to;
	const char *text = NULL;

	load_read_text(l, &as_text, &text, v);
	m->kind = MASK_FIXED;
	if (text != NULL)
		m->fixed = (struct span){ (const uint8_t *)text, strlen(text) };
}

static void read_pseudonym(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const char *text = load_scalar(l, k, v);

	if (text != NULL && strcmp(text, "true") != 0 && strcmp(text, "yes") != 0)
		load_error(l, v, "%s: expected true, found '%.*s'", k->name, LOAD_SHOWN_MAX, text);
	((struct mask *)to)->kind = MASK_PSEUDONYM;
}

/* "0.05", "1": 0 < ratio <= 1, digits after one point. Not strtod(), which knows locales and NaN. */
static bool ratio_of(const char *text, double *ret)
{
	double value = 0, unit = 1;
	bool is_behind = false;

	if (strlen(text) > 8)
		return false;
	for (; *text != '\0'; text++) {
		if (*text == '.' && !is_behind) {
			is_behind = true;
		} else if (*text >= '0' && *text <= '9') {
			value = value * 10 + (*text - '0');
			unit *= is_behind ? 10 : 1;
		} else {
			return false;
		}
	}
	*ret = value / unit;
	return *ret > 0 && *ret <= 1;
}

static void read_noise(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct mask *m = to;
	const char *text = load_scalar(l, k, v);

	m->kind = MASK_NOISE;
	if (text != NULL && !ratio_of(text, &m->ratio))
		load_error(l, v, "%s: expected a ratio above 0 and up to 1 as 0.05, found '%.*s'",
				k->name, LOAD_SHOWN_MAX, text);
}

static const struct load_key keys_mask[] = {
	{ "keep_first", .read = read_keep },
	{ "keep_last", .read = read_keep },
	{ "fixed", .read = read_fixed },
	{ "pseudonym", .read = read_pseudonym },
	{ "noise", .read = read_noise },
};
const struct load_map load_map_mask = { "mask", keys_mask, LOAD_N(keys_mask) };

static void read_mask(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	static const enum mask_kind kinds[] = { MASK_REDACT, MASK_NULL, MASK_PSEUDONYM,
		MASK_DATE_TO_YEAR };
	struct mask *m = &((struct model_data *)to)->mask;
	size_t word;

	if (v->type == YAML_MAPPING_NODE) {
		if (v->data.mapping.pairs.top - v->data.mapping.pairs.start != 1)
			load_error(l, v, "%s: expected one key as {keep_last: 4}", k->name);
		load_map_read(l, &load_map_mask, m, v);
		return;
	}
	word = load_word(l, k, v);
	if (word != SIZE_MAX)
		m->kind = kinds[word];
}

/* What is masked. */

static uint32_t pattern_find(const struct load *l, const char *id)
{
	const struct scan_pattern *all = l->patterns.ptr;

	for (size_t i = l->pack->first_pattern; i < l->patterns.n; i++) {
		if (all[i].id != NULL && strcmp(all[i].id, id) == 0)
			return (uint32_t)i;
	}
	return MODEL_NONE;
}

static const char *pattern_name(const void *ctx, size_t i)
{
	const struct load *l = ctx;
	const struct scan_pattern *all = l->patterns.ptr;

	i += l->pack->first_pattern;
	if (i >= l->patterns.n)
		return NULL;
	return all[i].id == NULL ? "" : all[i].id;
}

static void read_pattern(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_data *d = to;
	const char *id = load_scalar(l, k, v), *near;

	if (id == NULL)
		return;
	d->pattern = pattern_find(l, id);
	if (d->pattern != MODEL_NONE)
		return;
	d->pattern = 0; /* it was asked: nothing else is wrong */
	near = doc_nearest(id, pattern_name, l);
	if (near != NULL)
		load_error(l, v, "%s: no pattern of this pack is called '%.*s': did you mean '%s'?",
				k->name, LOAD_SHOWN_MAX, id, near);
	else
		load_error(l, v,
				"%s: no pattern of this pack is called '%.*s': add it to 'patterns'",
				k->name, LOAD_SHOWN_MAX, id);
}

/* Three parts, each of which may have * and ?. */
static const char *column_check(const char *text)
{
	const char *wrong = load_name_check(text), *first = strchr(text, '.'), *second;

	if (wrong != NULL)
		return wrong;
	second = first == NULL ? NULL : strchr(first + 1, '.');
	if (second == NULL || strchr(second + 1, '.') != NULL || first == text ||
			second == first + 1 || second[1] == '\0')
		return "is no column: write SCHEMA.TABLE.COLUMN as public.people.ssn or "
		       "*.people.ssn";
	return NULL;
}

static void read_column(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_data *d = to;
	const char *whole = NULL;
	char *text, *dot;

	load_read_text(l, &(struct load_key){ .name = k->name, .check = column_check }, &whole, v);
	if (whole == NULL)
		return;
	text = load_take(l, strlen(whole) + 1, 1);
	if (text == NULL)
		return;
	memcpy(text, whole, strlen(whole));
	d->schema = text;
	dot = strchr(text, '.');
	*dot = '\0';
	d->table = dot + 1;
	dot = strchr(dot + 1, '.');
	*dot = '\0';
	d->column = dot + 1;
}

static const char *json_check(const char *text)
{
	if (text[0] != '$' || (text[1] != '.' && text[1] != '['))
		return "is no path: write it as $.ssn, $.people[*].ssn";
	return load_line_check(text);
}

static void read_json(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	if (((struct model_data *)to)->column == NULL)
		load_error(l, v, "%s: says where in a column: give 'column' as well", k->name);
	load_read_text(l, k, to, v);
}

/* What is said of what is made of it. */

static const char *derived_word(size_t i)
{
	return i <= MODEL_DERIVED_ALLOW ? model_derived_name((enum model_derived)i) : NULL;
}

static void no_column(struct load *l, const struct load_key *k, const void *data, yaml_node_t *v)
{
	if (((const struct model_data *)data)->column == NULL)
		load_error(l, v, "%s: is about columns, and the rule names none: remove it",
				k->name);
}

static void read_derived(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const size_t word = load_word(l, k, v);

	no_column(l, k, to, v);
	if (word != SIZE_MAX)
		((struct model_data *)to)->derived = (enum model_derived)word;
}

static void read_predicate(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const size_t word = load_word(l, k, v);

	no_column(l, k, to, v);
	if (word != SIZE_MAX)
		((struct model_data *)to)->predicate = (enum verdict)word;
}

/* Exceptions. */

static const struct load_key keys_unless[] = {
	{ "column", LOAD_IN(model_exception, column), .read = load_read_text,
			.check = column_check },
	{ "when", LOAD_IN(model_exception, when), .read = load_read_when },
	{ "reason", true, LOAD_IN(model_exception, reason), .read = load_read_text,
			.check = load_line_check },
};
const struct load_map load_map_data_unless = { "unless", keys_unless, LOAD_N(keys_unless) };

static void read_unless(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_data *d = to;
	struct model_exception *all;

	if (!load_list_check(l, k, v))
		return;
	all = load_take(l, load_n_items(v), sizeof(*all));
	l->is_data = true;
	for (size_t i = 0; all != NULL && i < load_n_items(v); i++) {
		yaml_node_t *item = load_item(l, v, i);

		if (load_map_read(l, &load_map_data_unless, &all[i], item) &&
				all[i].column == NULL && all[i].when.n_conds == 0)
			load_error(l, item, "unless: excepts nothing: say 'column' or 'when'");
	}
	l->is_data = false;
	d->unless = all;
	d->n_unless = all == NULL ? 0 : (uint32_t)load_n_items(v);
}

/* Rules. */

#define DATA(member) LOAD_IN(model_data, member)
static const struct load_key keys_data[] = {
	{ "id", true, DATA(id), .read = load_read_text, .check = load_id_check },
	{ "pattern", .read = read_pattern },
	{ "column", .read = read_column },
	{ "json", DATA(json), .read = read_json, .check = json_check },
	{ "mask", true, .read = read_mask, .word = mask_word },
	{ "derived", .read = read_derived, .word = derived_word },
	{ "predicate", .read = read_predicate, .word = load_verdict_word },
	{ "unless", .read = read_unless },
	{ "reason", DATA(reason), .read = load_read_text, .check = load_line_check },
};
const struct load_map load_map_data = { "data", keys_data, LOAD_N(keys_data) };

static void read_one(struct load *l, struct model_data *d, yaml_node_t *v)
{
	*d = (struct model_data){
		.pattern = MODEL_NONE, .predicate = VERDICT_HOLD, .line = load_line(v)
	};
	if (load_map_read(l, &load_map_data, d, v) && d->pattern == MODEL_NONE && d->column == NULL)
		load_error(l, v,
				"data: says nothing of what is masked: give 'pattern' or 'column'");
	load_id_once(l, d->id, v);
}

void load_read_data(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_pack *pack = to;
	struct model_data *all = load_rules(l, k, v, sizeof(*all));

	if (all == NULL)
		return;
	pack->data = all;
	for (size_t i = 0; i < load_n_items(v); i++) {
		read_one(l, &all[i], load_item(l, v, i));
		pack->n_data++;
	}
	l->policy->needs |= MODEL_NEEDS_MASKS;
}
