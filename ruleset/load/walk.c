/* SPDX-License-Identifier: Apache-2.0
 * Walks a document along tables of keys: one function a type of value, none that knows a key. */
#include "parsers/base/must.h"
#include "ruleset/load/load_priv.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_TEXT = 120, DIGITS_MAX = 9 };

void load_error(struct load *l, const yaml_node_t *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	doc_error_va(&l->report->errors, at->start_mark.line + 1, at->start_mark.column + 1, fmt,
			args);
	va_end(args);
}

void load_warn(struct load *l, uint32_t line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	doc_error_va(&l->report->warnings, line, 1, fmt, args);
	va_end(args);
}

uint32_t load_line(const yaml_node_t *at)
{
	return (uint32_t)at->start_mark.line + 1;
}

/* Memory. */

static void *no_memory(struct load *l)
{
	if (!l->out_of_memory)
		doc_error_at(&l->report->errors, 0, 0, "out of memory");
	l->out_of_memory = true;
	return NULL;
}

void *load_take(struct load *l, size_t n, size_t size)
{
	void *p = n > SIZE_MAX / size ? NULL : model_take(l->policy, n * size);

	return p == NULL ? no_memory(l) : p;
}

void *load_push(struct load *l, struct load_vec *v, size_t size)
{
	uint8_t *p;

	if (v->n == v->cap) {
		const size_t cap = v->cap == 0 ? 16 : v->cap * 2;

		p = reallocarray(v->ptr, cap, size);
		if (p == NULL)
			return no_memory(l);
		v->ptr = p;
		v->cap = cap;
	}
	p = (uint8_t *)v->ptr + v->n++ * size;
	memset(p, 0, size);
	return p;
}

void *load_settle(struct load *l, struct load_vec *v, size_t size)
{
	void *p = load_take(l, v->n + 1, size);

	if (p != NULL && v->n > 0)
		memcpy(p, v->ptr, v->n * size);
	free(v->ptr);
	*v = (struct load_vec){ .ptr = NULL };
	return p;
}

const char *load_copy(struct load *l, const char *text)
{
	const size_t n = strlen(text) + 1;
	char *copy = load_take(l, n, 1);

	if (copy != NULL)
		memcpy(copy, text, n);
	return copy;
}

/* Scalars. */

static const char *kind_of(const yaml_node_t *n)
{
	if (n->type == YAML_SEQUENCE_NODE)
		return "a list";
	if (n->type == YAML_MAPPING_NODE)
		return "a mapping";
	return "a single value";
}

static bool has_nul(const yaml_node_t *n)
{
	return memchr(n->data.scalar.value, 0, n->data.scalar.length) != NULL;
}

const char *load_scalar(struct load *l, const struct load_key *k, yaml_node_t *v)
{
	if (v->type != YAML_SCALAR_NODE)
		load_error(l, v, "%s: expected a single value, found %s", k->name, kind_of(v));
	else if (has_nul(v))
		load_error(l, v, "%s: has a NUL byte in it: remove it", k->name);
	else if (v->data.scalar.length == 0)
		load_error(l, v, "%s: is empty: give a value or remove the key", k->name);
	else
		return (const char *)v->data.scalar.value;
	return NULL;
}

/* "a, b, c", as much as fits. */
static void names_join(char out[LIST_TEXT], const char *(*next)(const void *ctx, size_t i),
		const void *ctx)
{
	size_t used = 0;
	const char *name;

	for (size_t i = 0; (name = next(ctx, i)) != NULL; i++) {
		const char *comma = i == 0 ? "" : ", ";
		const size_t n = strlen(comma) + strlen(name);

		if (used + n + sizeof(", ...") > LIST_TEXT) {
			memcpy(out + used, ", ...", sizeof(", ..."));
			return;
		}
		memcpy(out + used, comma, strlen(comma));
		memcpy(out + used + strlen(comma), name, strlen(name));
		used += n;
	}
	out[used] = '\0';
}

static const char *word_of_key(const void *key, size_t i)
{
	return ((const struct load_key *)key)->word(i);
}

size_t load_word(struct load *l, const struct load_key *k, yaml_node_t *v)
{
	const char *text = load_scalar(l, k, v), *near, *word;
	char list[LIST_TEXT];

	if (text == NULL)
		return SIZE_MAX;
	for (size_t i = 0; (word = k->word(i)) != NULL; i++) {
		if (strcmp(word, text) == 0)
			return i;
	}
	near = doc_nearest(text, word_of_key, k);
	names_join(list, word_of_key, k);
	if (near != NULL)
		load_error(l, v, "%s: '%.*s' is none of: %s; did you mean '%s'?", k->name,
				LOAD_SHOWN_MAX, text, list, near);
	else
		load_error(l, v, "%s: '%.*s' is none of: %s", k->name, LOAD_SHOWN_MAX, text, list);
	return SIZE_MAX;
}

/* Decimal digits, few enough not to overflow. */
static bool digits(const char *text, size_t n, uint64_t *ret)
{
	uint64_t value = 0;

	if (n == 0 || n > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = value;
	return true;
}

bool load_number(struct load *l, const struct load_key *k, yaml_node_t *v, uint64_t max,
		uint64_t *ret)
{
	const char *text = load_scalar(l, k, v);

	if (text == NULL)
		return false;
	if (digits(text, strlen(text), ret) && *ret <= max)
		return true;
	load_error(l, v, "%s: expected a number up to %llu, found '%.*s'", k->name,
			(unsigned long long)max, LOAD_SHOWN_MAX, text);
	return false;
}

void load_read_duration(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	static const struct {
		char unit;
		uint32_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

	const char *text = load_scalar(l, k, v);
	const size_t n = text == NULL ? 0 : strlen(text);
	uint64_t value = 0;

	for (size_t i = 0; n > 1 && i < LOAD_N(units); i++) {
		if (text[n - 1] != units[i].unit || !digits(text, n - 1, &value))
			continue;
		value *= units[i].s;
		break;
	}
	if (value >= 1 && value <= 30 * 86400)
		memcpy((uint8_t *)to + k->off, &(uint32_t){ (uint32_t)value }, sizeof(uint32_t));
	else if (text != NULL)
		load_error(l, v,
				"%s: expected a duration as 30s, 15m or 1h, at most 30d, found '%.*s'",
				k->name, LOAD_SHOWN_MAX, text);
}

void load_read_text(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const char *text = load_scalar(l, k, v), *wrong;

	if (text == NULL)
		return;
	wrong = k->check(text);
	if (wrong != NULL) {
		load_error(l, v, "%s: '%.*s' %s", k->name, LOAD_SHOWN_MAX, text, wrong);
		return;
	}
	text = load_copy(l, text);
	memcpy((uint8_t *)to + k->off, &text, sizeof(text));
}

/* Checks. */

const char *load_id_check(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	if (text[strspn(text, allowed)] != '\0' || text[0] == '-' || text[0] == '.')
		return "is no id: use letters, digits, '.', '_' and '-', a letter or digit first";
	return strlen(text) > LOAD_ID_MAX ? "is too long for an id: at most 39 characters" : NULL;
}

static bool is_one_line(const char *text)
{
	while ((unsigned char)*text >= 0x20 && *text != 0x7f)
		text++;
	return *text == '\0';
}

const char *load_line_check(const char *text)
{
	if (!is_one_line(text))
		return "has a line break or a control character: write one line";
	return strlen(text) > LOAD_TEXT_MAX ? "is too long: at most 200 bytes" : NULL;
}

const char *load_name_check(const char *text)
{
	if (!is_one_line(text))
		return "has a line break or a control character: no name has";
	return strlen(text) > LOAD_NAME_MAX ? "is too long for a name: at most 255 bytes" : NULL;
}

/* Lists. */

size_t load_n_items(const yaml_node_t *v)
{
	if (v->type != YAML_SEQUENCE_NODE)
		return 1;
	return (size_t)(v->data.sequence.items.top - v->data.sequence.items.start);
}

yaml_node_t *load_item(struct load *l, yaml_node_t *v, size_t i)
{
	if (v->type != YAML_SEQUENCE_NODE)
		return v;
	return yaml_document_get_node(&l->doc, v->data.sequence.items.start[i]);
}

bool load_list_check(struct load *l, const struct load_key *k, yaml_node_t *v)
{
	const size_t n = load_n_items(v);

	if (n == 0)
		load_error(l, v, "%s: is an empty list: name one, or remove the key", k->name);
	else if (n > LOAD_LIST_MAX)
		load_error(l, v, "%s: has %zu entries: at most %d", k->name, n, LOAD_LIST_MAX);
	return n > 0 && n <= LOAD_LIST_MAX;
}

/* Bit i for the i-th word. */
void load_read_bits(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	uint8_t *field = (uint8_t *)to + k->off;
	uint64_t bits = 0;

	if (!load_list_check(l, k, v))
		return;
	for (size_t i = 0; i < load_n_items(v); i++) {
		const size_t word = load_word(l, k, load_item(l, v, i));

		must(word == SIZE_MAX || word < k->size * 8U);
		bits |= word == SIZE_MAX ? 0 : 1ULL << word;
	}
	memcpy(field, &bits, k->size); /* little-endian: the low bytes are first */
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void load_names_of(struct load *l, const char **all, size_t n, struct model_names *ret)
{
	const char **exact = load_take(l, n + 1, sizeof(*exact));
	const char **globs = load_take(l, n + 1, sizeof(*globs));

	if (exact == NULL || globs == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		if (strpbrk(all[i], "*?") == NULL)
			exact[ret->n_exact++] = all[i];
		else
			globs[ret->n_globs++] = all[i];
	}
	qsort(exact, ret->n_exact, sizeof(*exact), by_bytes);
	ret->exact = exact;
	ret->globs = globs;
}

/* All texts of a list, in the policy's memory; *ret_n counts the good ones. */
static const char **texts_of(
		struct load *l, const struct load_key *k, yaml_node_t *v, uint32_t *ret_n)
{
	const char **all = NULL;

	*ret_n = 0;
	if (load_list_check(l, k, v))
		all = load_take(l, load_n_items(v), sizeof(*all));
	for (size_t i = 0; all != NULL && i < load_n_items(v); i++) {
		const struct load_key one = { .name = k->name, .check = k->check };

		load_read_text(l, &one, &all[*ret_n], load_item(l, v, i));
		*ret_n += all[*ret_n] != NULL;
	}
	return all;
}

void load_read_names(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_names names = { .n_exact = 0 };
	uint32_t n;
	const char **all = texts_of(l, k, v, &n);

	if (all == NULL)
		return;
	load_names_of(l, all, n, &names);
	memcpy((uint8_t *)to + k->off, &names, sizeof(names));
}

void load_read_texts(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_texts texts = { .n = 0 };

	texts.at = texts_of(l, k, v, &texts.n);
	memcpy((uint8_t *)to + k->off, &texts, sizeof(texts));
}

/* Mappings. */

static const char *key_name(const void *map, size_t i)
{
	const struct load_map *m = map;

	return i < m->n_keys ? m->keys[i].name : NULL;
}

static void unknown_key(struct load *l, const struct load_map *map, const yaml_node_t *key)
{
	const char *name = (const char *)key->data.scalar.value;
	const char *near = doc_nearest(name, key_name, map);
	char list[LIST_TEXT];

	names_join(list, key_name, map);
	if (near != NULL)
		load_error(l, key, "unknown key '%.*s' in %s: did you mean '%s'?", LOAD_SHOWN_MAX,
				name, map->name, near);
	else
		load_error(l, key, "unknown key '%.*s' in %s, which has: %s", LOAD_SHOWN_MAX, name,
				map->name, list);
}

/* Where <pair> belongs: the key's value is kept in <values>. */
static void take_pair(struct load *l, const struct load_map *map, const yaml_node_pair_t *pair,
		yaml_node_t *values[LOAD_KEYS_MAX])
{
	yaml_node_t *key = yaml_document_get_node(&l->doc, pair->key);
	size_t i = 0;

	if (key->type != YAML_SCALAR_NODE || has_nul(key)) {
		load_error(l, key, "a key must be a plain word");
		return;
	}
	while (i < map->n_keys &&
			strcmp(map->keys[i].name, (const char *)key->data.scalar.value) != 0)
		i++;
	if (i == map->n_keys)
		unknown_key(l, map, key);
	else if (values[i] != NULL)
		load_error(l, key, "'%s' appears twice in %s, first in line %u: remove one",
				map->keys[i].name, map->name, load_line(values[i]));
	else
		values[i] = yaml_document_get_node(&l->doc, pair->value);
}

bool load_map_read(struct load *l, const struct load_map *map, void *to, yaml_node_t *v)
{
	const size_t before = l->report->errors.n;
	yaml_node_t *values[LOAD_KEYS_MAX] = { NULL };

	must(map->n_keys <= LOAD_KEYS_MAX);
	if (v->type != YAML_MAPPING_NODE) {
		load_error(l, v, "%s: expected a mapping (keys and values), found %s", map->name,
				kind_of(v));
		return false;
	}
	for (yaml_node_pair_t *p = v->data.mapping.pairs.start; p < v->data.mapping.pairs.top; p++)
		take_pair(l, map, p, values);
	for (size_t i = 0; i < map->n_keys; i++) {
		const struct load_key *k = &map->keys[i];

		if (values[i] != NULL)
			k->read(l, k, to, values[i]);
		else if (k->required)
			load_error(l, v, "'%s' is missing in %s", k->name, map->name);
	}
	return l->report->errors.n == before;
}
