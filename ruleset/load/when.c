/* SPDX-License-Identifier: Apache-2.0
 * Conditions: what <when> may ask, compiled to masks of bits and lists of names. */
#include "ruleset/load/load_priv.h"

#include <string.h>

/* Which of a statement's items are asked for. */
enum slot {
	SLOT_RELATION,
	SLOT_FUNCTION,
	SLOT_SETTING,
	SLOT_SETTING_BEYOND,
	SLOT_LANGUAGE,
	SLOT_FILE,
	SLOTS,
};

/* A mapping under <sql> that is being read. */
struct sql {
	struct model_cond *cond;
	struct model_items items[SLOTS];
	bool is_asked[SLOTS];
};

/* Words. */

static const char *kind_word(size_t i)
{
	return i < SQL_K_MAX ? sql_kind_name((enum sql_kind)i) : NULL;
}

static const char *object_word(size_t i)
{
	return i < SQL_O_MAX ? sql_object_name((enum sql_object)i) : NULL;
}

const char *load_flag_word(size_t bit)
{
	static const char *const words[] = { "read_only", "opaque", "dynamic", "unknown",
		"distinct", "natural", "star", "copy_stream", "side_function", "data_in_cte",
		NULL };

	return bit < LOAD_N(words) ? words[bit] : NULL;
}

static const char *where_word(size_t i) /* enum sql_where, without NOT_ASKED */
{
	static const char *const words[] = { "present", "weak", "trivial", "none", NULL };

	return words[i];
}

static const char *limit_word(size_t i) /* enum model_limit */
{
	static const char *const words[] = { "none", "unknown", "given", NULL };

	return words[i];
}

static const char *call_word(size_t i) /* enum model_call */
{
	static const char *const words[] = { "large_object_read", "large_object_write", NULL };

	return words[i];
}

static const struct {
	const char *word;
	uint16_t roles[5]; /* each is one that it may be; 0 ends */
} accesses[] = {
	{ "read", { SQL_R_READ } },
	{ "insert", { SQL_R_INSERT } },
	{ "update", { SQL_R_UPDATE } },
	{ "delete", { SQL_R_DELETE } },
	{ "truncate", { SQL_R_TRUNCATE } },
	{ "write", { SQL_R_INSERT, SQL_R_UPDATE, SQL_R_DELETE, SQL_R_TRUNCATE } },
	{ "upsert", { SQL_R_INSERT | SQL_R_UPDATE } },
	{ "create", { SQL_R_CREATE } },
	{ "alter", { SQL_R_ALTER } },
	{ "drop", { SQL_R_DROP } },
	{ "lock", { SQL_R_LOCK } },
	{ "grant", { SQL_R_GRANT } },
	{ "maintain", { SQL_R_MAINTAIN } },
};

static const char *access_word(size_t i)
{
	return i < LOAD_N(accesses) ? accesses[i].word : NULL;
}

/* Keys of <sql>. */

static void read_cond_bits(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	load_read_bits(l, k, ((struct sql *)to)->cond, v);
}

static void read_beyond(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	((struct sql *)to)->cond->is_beyond = true;
	read_cond_bits(l, k, to, v);
}

static void read_where(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_cond *c = ((struct sql *)to)->cond;

	read_cond_bits(l, k, to, v);
	c->wheres <<= SQL_WHERE_PRESENT; /* the first word's */
}

static void read_rows_over(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	uint64_t n = 0;

	if (load_number(l, k, v, 999999999, &n))
		((struct sql *)to)->cond->rows_over = (int64_t)n;
}

static struct model_items *slot_of(struct sql *sql, enum slot slot)
{
	static const enum sql_item_what item_of[SLOTS] = { [SLOT_RELATION] = SQL_I_RELATION,
		[SLOT_FUNCTION] = SQL_I_FUNCTION,
		[SLOT_SETTING] = SQL_I_SETTING,
		[SLOT_SETTING_BEYOND] = SQL_I_SETTING,
		[SLOT_LANGUAGE] = SQL_I_LANGUAGE,
		[SLOT_FILE] = SQL_I_FILE };

	sql->is_asked[slot] = true;
	sql->items[slot].what = item_of[slot];
	sql->items[slot].beyond = slot == SLOT_SETTING_BEYOND;
	return &sql->items[slot];
}

/* "schema.name", or NULL: no schema is named. */
static struct model_qualified *qualified_of(
		struct load *l, const char *text, struct model_qualified *to)
{
	const char *dot = strchr(text, '.');
	char *schema;

	if (dot == NULL || dot == text || dot[1] == '\0')
		return NULL;
	schema = load_take(l, (size_t)(dot - text) + 1, 1);
	if (schema != NULL)
		memcpy(schema, text, (size_t)(dot - text));
	*to = (struct model_qualified){ schema, dot + 1 };
	return to;
}

static void read_qualified(
		struct load *l, const struct load_key *k, struct model_items *items, yaml_node_t *v)
{
	const struct load_key as_texts = { .name = k->name, .check = load_name_check };
	struct model_texts texts = { .n = 0 };
	struct model_qualified *qualified;
	const char **plain;
	size_t n_plain = 0;

	load_read_texts(l, &as_texts, &texts, v);
	qualified = load_take(l, texts.n + 1, sizeof(*qualified));
	plain = load_take(l, texts.n + 1, sizeof(*plain));
	if (qualified == NULL || plain == NULL)
		return;
	for (uint32_t i = 0; i < texts.n; i++) {
		if (qualified_of(l, texts.at[i], &qualified[items->n_qualified]) != NULL)
			items->n_qualified++;
		else
			plain[n_plain++] = texts.at[i];
	}
	items->qualified = qualified;
	load_names_of(l, plain, n_plain, &items->names);
}

static void read_relation(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	read_qualified(l, k, slot_of(to, SLOT_RELATION), v);
}

static void read_function(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	read_qualified(l, k, slot_of(to, SLOT_FUNCTION), v);
}

static void read_language(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	load_read_names(l, k, &slot_of(to, SLOT_LANGUAGE)->names, v);
}

static void read_file(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	load_read_names(l, k, &slot_of(to, SLOT_FILE)->names, v);
}

static void read_access(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_items *items = slot_of(to, SLOT_RELATION);

	if (!load_list_check(l, k, v))
		return;
	for (size_t i = 0; i < load_n_items(v); i++) {
		yaml_node_t *item = load_item(l, v, i);
		const size_t word = load_word(l, k, item);
		const uint16_t *roles = word == SIZE_MAX ? NULL : accesses[word].roles;

		for (size_t r = 0; roles != NULL && roles[r] != 0; r++) {
			if (items->n_access < MODEL_ACCESS_MAX)
				items->access[items->n_access++] = roles[r];
			else
				load_error(l, item, "%s: too many: name each once", k->name);
		}
	}
}

/* Settings are looked up in any case of letters (guc.c, guc_name_compare()). */
static void lower_names(
		struct load *l, const struct load_key *k, struct model_names *to, yaml_node_t *v)
{
	const struct load_key as_texts = { .name = k->name, .check = load_name_check };
	struct model_texts texts = { .n = 0 };
	const char **lower;

	load_read_texts(l, &as_texts, &texts, v);
	lower = load_take(l, texts.n + 1, sizeof(*lower));
	for (uint32_t i = 0; lower != NULL && i < texts.n; i++) {
		const size_t n = strlen(texts.at[i]);
		char *text = load_take(l, n + 1, 1);

		for (size_t at = 0; text != NULL && at < n; at++) {
			const char c = texts.at[i][at];

			text[at] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		}
		lower[i] = text == NULL ? "" : text;
	}
	to->caseless = true;
	if (lower != NULL)
		load_names_of(l, lower, texts.n, to);
}

static void read_setting(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	lower_names(l, k, &slot_of(to, SLOT_SETTING)->names, v);
}

static void read_setting_beyond(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	lower_names(l, k, &slot_of(to, SLOT_SETTING_BEYOND)->names, v);
}

static void read_value(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct sql *sql = to;

	if (!sql->is_asked[SLOT_SETTING])
		load_error(l, v, "%s: of which setting? Give 'setting' as well", k->name);
	load_read_names(l, k, &sql->items[SLOT_SETTING].values, v);
}

#define COND(member) LOAD_IN(model_cond, member)
static const struct load_key keys_sql[] = {
	{ "kind", COND(kinds), .read = read_cond_bits, .word = kind_word },
	{ "with", COND(with), .read = read_cond_bits, .word = kind_word },
	{ "beyond", COND(within), .read = read_beyond, .word = kind_word },
	{ "object", COND(objects), .read = read_cond_bits, .word = object_word },
	{ "flag", COND(flags), .read = read_cond_bits, .word = load_flag_word },
	{ "where", COND(wheres), .read = read_where, .word = where_word },
	{ "limit", COND(limits), .read = read_cond_bits, .word = limit_word },
	{ "rows_over", .read = read_rows_over },
	{ "relation", .read = read_relation },
	{ "access", .read = read_access, .word = access_word },
	{ "function", .read = read_function },
	{ "setting", .read = read_setting },
	{ "value", .read = read_value, .check = load_name_check },
	{ "setting_beyond", .read = read_setting_beyond },
	{ "language", .read = read_language, .check = load_name_check },
	{ "file", .read = read_file, .check = load_name_check },
};
const struct load_map load_map_sql = { "sql", keys_sql, LOAD_N(keys_sql) };

static void read_sql(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_cond *c = to;
	struct sql sql = { .cond = c };
	struct model_items *items;

	c->is_sql = true;
	if (l->is_data)
		load_error(l, v, "%s: an exception of data is about who and when", k->name);
	if (v->type == YAML_MAPPING_NODE &&
			v->data.mapping.pairs.start == v->data.mapping.pairs.top)
		load_error(l, v, "%s: asks nothing: name a kind, a flag, a relation ...", k->name);
	load_map_read(l, &load_map_sql, &sql, v);
	items = load_take(l, SLOTS, sizeof(*items));
	for (size_t i = 0; items != NULL && i < SLOTS; i++) {
		if (sql.is_asked[i])
			items[c->n_items++] = sql.items[i];
	}
	c->items = items;
}

/* Keys of <when> beside <sql>. */

static void read_text(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_cond *c = to;
	struct scan_pattern *p;

	if (l->is_data)
		load_error(l, v, "%s: an exception of data is about who and when", k->name);
	if (l->texts.n == LOAD_PATTERNS_MAX) {
		load_error(l, v, "%s: more than %d in all packs of the policy", k->name,
				LOAD_PATTERNS_MAX);
		return;
	}
	c->text = (uint32_t)l->texts.n;
	p = load_push(l, &l->texts, sizeof(*p));
	if (p != NULL)
		load_regex(l, k, p, v);
	l->policy->needs |= MODEL_NEEDS_TEXT;
}

static struct model_who *who_of(struct load *l, struct model_cond *c)
{
	struct model_who *who = load_take(l, 1, sizeof(*who));

	if (who != NULL && c->who != NULL)
		*who = *c->who;
	if (who != NULL)
		c->who = who;
	l->policy->needs |= MODEL_NEEDS_WHO;
	return who;
}

static void read_who(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_who *who = who_of(l, to);

	if (who != NULL)
		load_read_names(l, k, who, v);
}

/* "08:30" in minutes; "24:00" is the day's end. */
static bool minutes_of(const char *text, uint16_t *ret)
{
	unsigned int m[4];

	if (strlen(text) != 5 || text[2] != ':')
		return false;
	for (size_t i = 0; i < 4; i++) {
		m[i] = (unsigned char)text[i + (i >= 2)] - (unsigned int)'0';
		if (m[i] > 9)
			return false;
	}
	*ret = (uint16_t)((m[0] * 10 + m[1]) * 60 + m[2] * 10 + m[3]);
	return m[2] < 6 && *ret <= 24 * 60;
}

static void read_minutes(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const char *text = load_scalar(l, k, v);
	uint16_t *field = (uint16_t *)(void *)((uint8_t *)to + k->off);

	if (text != NULL && !minutes_of(text, field))
		load_error(l, v,
				"%s: expected a time of day as \"08:30\", up to \"24:00\", found '%.*s'",
				k->name, LOAD_SHOWN_MAX, text);
}

static const char *day_word(size_t i)
{
	static const char *const words[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun",
		NULL };

	return words[i];
}

#define TIME(member) LOAD_IN(model_time, member)
static const struct load_key keys_time[] = {
	{ "days", TIME(days), .read = load_read_bits, .word = day_word },
	{ "from", true, TIME(from), .read = read_minutes },
	{ "to", true, TIME(to), .read = read_minutes },
};
const struct load_map load_map_time = { "time", keys_time, LOAD_N(keys_time) };

static void read_time(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_time *t = load_take(l, 1, sizeof(*t));

	if (t == NULL)
		return;
	t->days = 0x7f;
	if (load_map_read(l, &load_map_time, t, v) && t->from == t->to)
		load_error(l, v, "%s: from and to are the same: for a whole day say 00:00 to 24:00",
				k->name);
	((struct model_cond *)to)->time = t;
	l->policy->needs |= MODEL_NEEDS_TIME;
}

struct read_rate {
	uint32_t over, per_s;
};

static void read_over(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	uint64_t n = 0;

	if (load_number(l, k, v, 1000000, &n))
		((struct read_rate *)to)->over = (uint32_t)n;
}

static const struct load_key keys_rate[] = {
	{ "over", true, .read = read_over },
	{ "per", true, LOAD_IN(read_rate, per_s), .read = load_read_duration },
};
const struct load_map load_map_rate = { "rate", keys_rate, LOAD_N(keys_rate) };

/* Sessions keep a count for each: rules with one time share it. */
static uint32_t rate_of(struct load *l, uint32_t per_s)
{
	const struct model_rate *rates = l->rates.ptr;
	struct model_rate *rate;

	for (size_t i = 0; i < l->rates.n; i++) {
		if (rates[i].per_s == per_s)
			return (uint32_t)i;
	}
	rate = load_push(l, &l->rates, sizeof(*rate));
	if (rate != NULL)
		rate->per_s = per_s;
	return (uint32_t)l->rates.n - 1;
}

static void read_rate(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct read_rate rate = { .over = 0 };

	if (l->is_data || l->is_exception)
		load_error(l, v, "%s: is for the 'when' of commands, not for exceptions", k->name);
	load_map_read(l, &load_map_rate, &rate, v);
	((struct model_cond *)to)->rate = rate_of(l, rate.per_s);
	((struct model_cond *)to)->rate_over = rate.over;
	l->policy->needs |= MODEL_NEEDS_RATE;
}

static void read_call(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	if (l->is_data)
		load_error(l, v, "%s: an exception of data is about who and when", k->name);
	if (((struct model_cond *)to)->is_sql)
		load_error(l, v, "%s: a call is no SQL: make two conditions of it, as a list",
				k->name);
	load_read_bits(l, k, to, v);
}

static const struct load_key keys_when[] = {
	{ "sql", .read = read_sql },
	{ "call", COND(calls), .read = read_call, .word = call_word },
	{ "text", .read = read_text },
	{ "actor", LOAD_IN(model_who, actors), .read = read_who, .check = load_name_check },
	{ "issuer", LOAD_IN(model_who, issuers), .read = read_who, .check = load_name_check },
	{ "groups", LOAD_IN(model_who, groups), .read = read_who, .check = load_name_check },
	{ "target", LOAD_IN(model_who, targets), .read = read_who, .check = load_name_check },
	{ "time", .read = read_time },
	{ "rate", .read = read_rate },
};
const struct load_map load_map_when = { "when", keys_when, LOAD_N(keys_when) };

static void read_cond(struct load *l, struct model_cond *c, yaml_node_t *v)
{
	*c = (struct model_cond){
		.rows_over = -1, .text = MODEL_NONE, .rate = MODEL_NONE, .line = load_line(v)
	};
	if (v->type == YAML_MAPPING_NODE &&
			v->data.mapping.pairs.start == v->data.mapping.pairs.top)
		load_error(l, v, "when: asks nothing: for every command say default.command");
	load_map_read(l, &load_map_when, c, v);
}

void load_read_when(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_when when = { .n_conds = 0 };
	struct model_cond *all;

	if (!load_list_check(l, k, v))
		return;
	all = load_take(l, load_n_items(v), sizeof(*all));
	for (size_t i = 0; all != NULL && i < load_n_items(v); i++)
		read_cond(l, &all[when.n_conds++], load_item(l, v, i));
	when.conds = all;
	memcpy((uint8_t *)to + k->off, &when, sizeof(when));
}
