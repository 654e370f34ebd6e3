/* SPDX-License-Identifier: Apache-2.0
 * Walks the document along the schema: one function a type, none that knows a key's meaning. */
#include "ctrlplane/conf/conf_priv.h"
#include "parsers/base/must.h"

#include <stdlib.h>
#include <string.h>

enum {
	KEYS_MAX = 32,  /* in one mapping of the schema: a bit each */
	SHOWN_MAX = 40, /* bytes of the file's text quoted in an error */
	LIST_TEXT = 120,
};

static const char *text_of(const yaml_node_t *n)
{
	return (const char *)n->data.scalar.value;
}

static bool is_plain(const yaml_node_t *n)
{
	return n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static const char *kind_of(const yaml_node_t *n)
{
	switch (n->type) {
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a mapping";
	case YAML_SCALAR_NODE:
		return n->data.scalar.length == 0 ? "empty" : "a single value";
	case YAML_NO_NODE:
		break;
	}
	return "nothing";
}

static bool has_nul(const yaml_node_t *n)
{
	return memchr(n->data.scalar.value, 0, n->data.scalar.length) != NULL;
}

const char *conf_scalar(struct conf_reader *r, const struct conf_key *k, yaml_node_t *v)
{
	if (v->type != YAML_SCALAR_NODE)
		conf_error(r, v, "%s: expected a single value, found %s", k->name, kind_of(v));
	else if (has_nul(v))
		conf_error(r, v, "%s: has a NUL byte in it: remove it", k->name);
	else if (v->data.scalar.length == 0)
		conf_error(r, v, "%s: is empty: give a value or remove the key", k->name);
	else
		return text_of(v);
	return NULL;
}

/* Numbers, truth values and durations are never quoted text. */
static const char *plain_scalar(struct conf_reader *r, const struct conf_key *k, yaml_node_t *v,
		const char *expected)
{
	const char *text = conf_scalar(r, k, v);

	if (text != NULL && !is_plain(v)) {
		conf_error(r, v, "%s: expected %s, found text in quotes: remove the quotes",
				k->name, expected);
		return NULL;
	}
	return text;
}

bool conf_number(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > UINT64_MAX / 10 - 1)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*ret = value;
	return true;
}

static void put(const struct conf_key *k, void *object, uint64_t value)
{
	uint8_t *field = (uint8_t *)object + k->off;

	value *= k->unit == 0 ? 1 : k->unit;
	switch (k->size) {
	case 1:
		*field = (uint8_t)value;
		return;
	case 2:
		memcpy(field, &(uint16_t){ (uint16_t)value }, 2);
		return;
	case 4:
		memcpy(field, &(uint32_t){ (uint32_t)value }, 4);
		return;
	case 8:
		memcpy(field, &value, 8);
		return;
	default:
		must(!"a field of the schema has 1, 2, 4 or 8 bytes");
	}
}

static const struct conf_word *word_find(const struct conf_word *words, const char *text)
{
	for (; words != NULL && words->name != NULL; words++) {
		if (strcmp(words->name, text) == 0)
			return words;
	}
	return NULL;
}

static const char *word_name(const void *words, size_t i)
{
	return ((const struct conf_word *)words)[i].name;
}

/* "a, b, c", as much as fits. */
static void names_join(char out[LIST_TEXT], const char *(*next)(const void *ctx, size_t i),
		const void *ctx)
{
	size_t used = 0;
	const char *name;

	out[0] = '\0';
	for (size_t i = 0; (name = next(ctx, i)) != NULL; i++) {
		const char *comma = i == 0 ? "" : ", ";

		if (used + strlen(comma) + strlen(name) + sizeof(", ...") > LIST_TEXT) {
			snprintf(out + used, LIST_TEXT - used, ", ...");
			return;
		}
		used += (size_t)snprintf(out + used, LIST_TEXT - used, "%s%s", comma, name);
	}
}

static void word_error(struct conf_reader *r, const struct conf_key *k, const yaml_node_t *v)
{
	const char *near = doc_nearest(text_of(v), word_name, k->words);
	char list[LIST_TEXT];

	names_join(list, word_name, k->words);
	if (near != NULL)
		conf_error(r, v, "%s: '%.*s' is none of: %s; did you mean '%s'?", k->name,
				SHOWN_MAX, text_of(v), list, near);
	else
		conf_error(r, v, "%s: '%.*s' is none of: %s", k->name, SHOWN_MAX, text_of(v), list);
}

static void range_error(struct conf_reader *r, const struct conf_key *k, const yaml_node_t *v)
{
	conf_error(r, v, "%s: %.*s is out of range: %llu to %llu", k->name, SHOWN_MAX, text_of(v),
			(unsigned long long)k->min, (unsigned long long)k->max);
}

static void read_int(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	const char *text = plain_scalar(r, k, v, "a number");
	const struct conf_word *word;
	uint64_t value;

	if (text == NULL)
		return;
	word = word_find(k->words, text);
	if (word != NULL)
		put(k, object, word->value);
	else if (!conf_number(text, &value))
		conf_error(r, v, "%s: expected a whole number%s%s, found '%.*s'", k->name,
				k->words == NULL ? "" : " or ",
				k->words == NULL ? "" : k->words[0].name, SHOWN_MAX, text);
	else if (value < k->min || value > k->max)
		range_error(r, k, v);
	else
		put(k, object, value);
}

/* "64K" with units "KMG"...: false when it is not a number followed by one of <units>. */
static bool number_with_unit(
		const char *text, const struct conf_word *units, bool unit_optional, uint64_t *ret)
{
	char digits[24];
	size_t n = strspn(text, "0123456789");
	const struct conf_word *unit;

	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (!conf_number(digits, ret) || *ret > UINT32_MAX)
		return false;
	if (text[n] == '\0')
		return unit_optional;
	unit = word_find(units, text + n);
	if (unit == NULL)
		return false;
	*ret *= unit->value;
	return true;
}

static void human_size(char out[24], uint64_t bytes)
{
	const char *unit = bytes % (1 << 20) == 0 ? "M" : bytes % (1 << 10) == 0 ? "K" : "";
	uint64_t by = *unit == 'M' ? 1 << 20 : *unit == 'K' ? 1 << 10 : 1;

	snprintf(out, 24, "%llu%s", (unsigned long long)(bytes / by), unit);
}

static void read_size(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	static const struct conf_word units[] = { { "K", 1 << 10 }, { "M", 1 << 20 },
		{ "G", 1 << 30 }, { NULL, 0 } };
	const char *text = conf_scalar(r, k, v);
	char min[24], max[24];
	uint64_t value;

	if (text == NULL)
		return;
	human_size(min, k->min);
	human_size(max, k->max);
	if (!number_with_unit(text, units, true, &value))
		conf_error(r, v, "%s: expected a size as 65536, 64K or 1M, found '%.*s'", k->name,
				SHOWN_MAX, text);
	else if (value < k->min || value > k->max)
		conf_error(r, v, "%s: %.*s is out of range: %s to %s", k->name, SHOWN_MAX, text,
				min, max);
	else
		put(k, object, value);
}

static void read_duration(
		struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	static const struct conf_word units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 },
		{ "d", 86400 }, { NULL, 0 } };
	const char *text = conf_scalar(r, k, v);
	uint64_t value;

	if (text == NULL)
		return;
	if (!number_with_unit(text, units, false, &value))
		conf_error(r, v,
				"%s: expected a duration with its unit as 30s, 15m, 1h or 1d, "
				"found '%.*s'",
				k->name, SHOWN_MAX, text);
	else if (value < k->min || value > k->max)
		conf_error(r, v, "%s: %.*s is out of range: %llus to %llus", k->name, SHOWN_MAX,
				text, (unsigned long long)k->min, (unsigned long long)k->max);
	else
		put(k, object, value);
}

static void read_bool(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	static const struct conf_word truth[] = { { "true", true }, { "false", false },
		{ "yes", true }, { "no", false }, { NULL, 0 } };
	const char *text = plain_scalar(r, k, v, "true or false");
	const struct conf_word *word = text == NULL ? NULL : word_find(truth, text);

	if (word != NULL)
		put(k, object, word->value);
	else if (text != NULL)
		conf_error(r, v, "%s: expected true or false, found '%.*s'", k->name, SHOWN_MAX,
				text);
}

static void read_word(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	const char *text = conf_scalar(r, k, v);
	const struct conf_word *word = text == NULL ? NULL : word_find(k->words, text);

	if (word != NULL)
		put(k, object, word->value);
	else if (text != NULL)
		word_error(r, k, v);
}

static void read_text(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	char **field = (char **)(void *)((uint8_t *)object + k->off);
	const char *text = conf_scalar(r, k, v), *wrong;
	char *copy;

	if (text == NULL)
		return;
	wrong = k->check(text);
	if (wrong != NULL) {
		conf_error(r, v, "%s: '%.*s' %s", k->name, SHOWN_MAX, text, wrong);
		return;
	}
	copy = strdup(text);
	if (copy == NULL) {
		conf_error(r, v, "out of memory");
		return;
	}
	free(*field);
	*field = copy;
}

static void read_map(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	if (v->type == YAML_MAPPING_NODE)
		conf_read_map(r, k->sub, object, v);
	else
		conf_error(r, v, "%s: expected a mapping (keys and values), found %s", k->name,
				kind_of(v));
}

static void read_list(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	struct conf_place *outer = r->last;

	(void)object; /* append() knows where elements live */
	if (v->type != YAML_SEQUENCE_NODE) {
		conf_error(r, v, "%s: expected a list, found %s", k->name, kind_of(v));
		return;
	}
	for (yaml_node_item_t *i = v->data.sequence.items.start; i < v->data.sequence.items.top;
			i++) {
		yaml_node_t *n = yaml_document_get_node(&r->doc, *i);
		void *element = k->append(r, n);

		if (element == NULL)
			break;
		if (n->type == YAML_MAPPING_NODE)
			conf_read_map(r, k->sub, element, n);
		else
			conf_error(r, n, "%s: expected a mapping (keys and values), found %s",
					k->name, kind_of(n));
		r->last = outer;
	}
}

static void read_own(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	k->own(r, k, object, v);
}

static void (*const readers[CONF_TYPES])(
		struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v) = {
	[CONF_MAP] = read_map,
	[CONF_LIST] = read_list,
	[CONF_INT] = read_int,
	[CONF_SIZE] = read_size,
	[CONF_DURATION] = read_duration,
	[CONF_BOOL] = read_bool,
	[CONF_WORD] = read_word,
	[CONF_TEXT] = read_text,
	[CONF_OWN] = read_own,
};

void conf_read_value(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	readers[k->type](r, k, object, v);
}

static const char *key_name(const void *schema, size_t i)
{
	const struct conf_schema *s = schema;

	return i < s->n_keys ? s->keys[i].name : NULL;
}

static size_t key_find(const struct conf_schema *s, const char *name)
{
	size_t i = 0;

	while (i < s->n_keys && strcmp(s->keys[i].name, name) != 0)
		i++;
	return i;
}

/* The mapping, anywhere in the schema, that has the key. */
static const struct conf_schema *key_home(const struct conf_schema *s, const char *name)
{
	const struct conf_schema *home = NULL;

	if (key_find(s, name) < s->n_keys)
		return s;
	for (size_t i = 0; home == NULL && i < s->n_keys; i++) {
		if (s->keys[i].sub != NULL)
			home = key_home(s->keys[i].sub, name);
	}
	return home;
}

static void unknown_key(struct conf_reader *r, const struct conf_schema *s, const yaml_node_t *key)
{
	const char *name = text_of(key), *near = doc_nearest(name, key_name, s);
	const struct conf_schema *home = key_home(&conf_schema_root, name);
	char list[LIST_TEXT];

	names_join(list, key_name, s);
	if (near != NULL)
		conf_error(r, key, "unknown key '%.*s' in %s: did you mean '%s'?", SHOWN_MAX, name,
				s->name, near);
	else if (home != NULL)
		conf_error(r, key, "unknown key '%.*s' in %s: it belongs into %s", SHOWN_MAX, name,
				s->name, home->name);
	else
		conf_error(r, key, "unknown key '%.*s' in %s, which has: %s", SHOWN_MAX, name,
				s->name, list);
}

static void read_pair(struct conf_reader *r, const struct conf_schema *s, void *object,
		yaml_node_pair_t *pair, size_t lines[KEYS_MAX])
{
	yaml_node_t *key = yaml_document_get_node(&r->doc, pair->key);
	yaml_node_t *value = yaml_document_get_node(&r->doc, pair->value);
	size_t i;

	if (key->type != YAML_SCALAR_NODE || has_nul(key)) {
		conf_error(r, key, "a key must be a plain word");
		return;
	}
	i = key_find(s, text_of(key));
	if (i == s->n_keys) {
		unknown_key(r, s, key);
	} else if (lines[i] != 0) {
		conf_error(r, key, "'%s' appears twice in %s, first in line %zu: remove one",
				s->keys[i].name, s->name, lines[i]);
	} else {
		lines[i] = key->start_mark.line + 1;
		conf_read_value(r, &s->keys[i], object, value);
	}
}

void conf_read_map(
		struct conf_reader *r, const struct conf_schema *s, void *object, yaml_node_t *map)
{
	size_t lines[KEYS_MAX] = { 0 };

	must(s->n_keys <= KEYS_MAX);
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
			p++)
		read_pair(r, s, object, p, lines);
	for (size_t i = 0; i < s->n_keys; i++) {
		if (s->keys[i].required && lines[i] == 0)
			conf_error(r, map, "'%s' is missing in %s", s->keys[i].name, s->name);
	}
}

yaml_node_t *conf_child(struct conf_reader *r, yaml_node_t *map, const char *key)
{
	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
			p++) {
		yaml_node_t *k = yaml_document_get_node(&r->doc, p->key);

		if (k->type == YAML_SCALAR_NODE && strcmp(text_of(k), key) == 0)
			return yaml_document_get_node(&r->doc, p->value);
	}
	return NULL;
}
