/* SPDX-License-Identifier: Apache-2.0
 * The JSON Schema for editors against the loader's own tables: the same mappings, keys, words. Argument: the
 * schema. */
#include "ruleset/load/load_priv.h"
#include "tests/unit/net/suite.h"

#include <jansson.h>

#include <string.h>

static json_t *schema;

static const struct {
	const char *name; /* of the definition; NULL: the top level */
	const struct load_map *map;
} maps[] = {
	{ NULL, &load_map_pack },
	{ "default", &load_map_default },
	{ "pattern", &load_map_pattern },
	{ "examples", &load_map_examples },
	{ "text", &load_map_text },
	{ "data", &load_map_data },
	{ "data_unless", &load_map_data_unless },
	{ "mask", &load_map_mask },
	{ "rule", &load_map_rule },
	{ "unless", &load_map_unless },
	{ "then", &load_map_then },
	{ "hold", &load_map_hold },
	{ "when", &load_map_when },
	{ "sql", &load_map_sql },
	{ "time", &load_map_time },
	{ "rate", &load_map_rate },
};

static json_t *definition(const char *name)
{
	return name == NULL ? schema
			    : json_object_get(json_object_get(schema, "definitions"), name);
}

static const struct load_key *key_of(const struct load_map *map, const char *name)
{
	for (size_t i = 0; i < map->n_keys; i++) {
		if (strcmp(map->keys[i].name, name) == 0)
			return &map->keys[i];
	}
	return NULL;
}

static bool has_text(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), text) == 0)
			return true;
	}
	return false;
}

static void test_keys(void)
{
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		json_t *d = definition(maps[i].name), *p = json_object_get(d, "properties"), *value;
		const struct load_map *map = maps[i].map;
		const char *key;

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CHECK_ROW(map->name, json_is_false(json_object_get(d, "additionalProperties")));
		CHECK_ROW(map->name, json_object_size(p) == map->n_keys);
		json_object_foreach(p, key, value) CHECK_ROW(key, key_of(map, key) != NULL);
		for (size_t k = 0; k < map->n_keys; k++)
			CHECK_ROW(map->keys[k].name,
					map->keys[k].required ==
							has_text(json_object_get(d, "required"),
									map->keys[k].name));
	}
}

/* Every mapping that the schema has is compared above. */
static void test_no_others(void)
{
	const json_t *value;
	const char *name;

	json_object_foreach(json_object_get(schema, "definitions"), name, value)
	{
		bool is_known = json_object_get(value, "properties") == NULL;

		for (size_t i = 1; i < sizeof(maps) / sizeof(maps[0]); i++)
			is_known = is_known || strcmp(maps[i].name, name) == 0;
		CHECK_ROW(name, is_known);
	}
}

/* The first list of words in <value>, or in what it refers to. */
static const json_t *words_in(const json_t *value)
{
	const char *ref = json_string_value(json_object_get(value, "$ref"));
	const json_t *words = json_object_get(value, "enum"), *one;
	size_t i;

	if (words != NULL)
		return words;
	if (ref != NULL && strncmp(ref, "#/definitions/", 14) == 0)
		return words_in(definition(ref + 14));
	json_array_foreach(json_object_get(value, "oneOf"), i, one)
	{
		words = words == NULL ? words_in(one) : words;
	}
	return words;
}

static size_t check_words(const struct load_key *k, const json_t *words)
{
	size_t n = 0;

	for (; k->word(n) != NULL; n++)
		CHECK_ROW(k->word(n), has_text(words, k->word(n)));
	CHECK_ROW(k->name, json_array_size(words) == n);
	return n;
}

static void test_words(void)
{
	size_t n_words = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		const json_t *p = json_object_get(definition(maps[i].name), "properties");
		const struct load_map *map = maps[i].map;

		for (size_t k = 0; k < map->n_keys; k++) {
			if (map->keys[k].word != NULL)
				n_words += check_words(&map->keys[k],
						words_in(json_object_get(p, map->keys[k].name)));
		}
	}
	CU_ASSERT_TRUE(n_words > 3 * SQL_K_MAX);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
		{ "keys, and which are required", test_keys },
		{ "no mapping that the loader does not know", test_no_others },
		{ "words", test_words },
	};
	int rc;

	schema = argc == 2 ? json_load_file(argv[1], JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (schema == NULL)
		return EXIT_FAILURE;
	rc = suite_run("load/schema", tests, sizeof(tests) / sizeof(tests[0]));
	json_decref(schema);
	return rc;
}
