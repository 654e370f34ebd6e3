/* SPDX-License-Identifier: Apache-2.0
 * The actor: one immutable block with a count; its JSON; where it may go. */
#include "ctrlplane/identity/identity_priv.h"
#include "parsers/base/must.h"

#include <stdlib.h>
#include <string.h>

/* Writes texts one behind the other into a block that was measured before. */
struct packer {
	char *at, *end;
};

static const char *pack(struct packer *p, const char *text)
{
	const size_t size = strlen(text) + 1;
	char *copy = p->at;

	must(size <= (size_t)(p->end - p->at));
	memcpy(copy, text, size);
	p->at += size;
	return copy;
}

/* A claim that holds one text holds a list of one. */
static size_t groups_count(const json_t *groups)
{
	return json_is_array(groups) ? json_array_size(groups) : groups != NULL;
}

static const char *group_at(const json_t *groups, size_t i)
{
	return json_string_value(json_is_array(groups) ? json_array_get(groups, i) : groups);
}

static const char *act_text(const json_t *act, const char *member)
{
	const char *text = json_string_value(json_object_get(act, member));

	return text == NULL ? "" : text;
}

static size_t texts_size(const struct claims *c, const struct conf_issuer *conf)
{
	size_t size = strlen(conf->name) + strlen(conf->issuer) + strlen(c->sub) +
			strlen(c->client_id) + strlen(c->jti) + 5;

	for (size_t i = 0; i < groups_count(c->groups); i++)
		size += strlen(group_at(c->groups, i)) + 1;
	for (const json_t *act = c->act; act != NULL; act = json_object_get(act, "act"))
		size += strlen(act_text(act, "sub")) + strlen(act_text(act, "iss")) + 2;
	return size;
}

static uint32_t acts_count(const json_t *act)
{
	uint32_t n = 0;

	for (; act != NULL; act = json_object_get(act, "act"))
		n++;
	return n;
}

static void fill_lists(struct packer *p, const struct claims *c, const char **groups,
		struct actor_act *acts)
{
	size_t n = 0;

	for (size_t i = 0; i < groups_count(c->groups); i++)
		groups[i] = pack(p, group_at(c->groups, i));
	for (const json_t *act = c->act; act != NULL; act = json_object_get(act, "act")) {
		acts[n].sub = pack(p, act_text(act, "sub"));
		acts[n++].iss = pack(p, act_text(act, "iss"));
	}
}

struct actor *actor_new(const struct claims *c, const struct conf_issuer *conf,
		const uint8_t token_sha256[32])
{
	const uint32_t n_groups = (uint32_t)groups_count(c->groups), n_acts = acts_count(c->act);
	const size_t acts_at = sizeof(struct actor),
		     groups_at = acts_at + n_acts * sizeof(struct actor_act);
	const size_t texts_at = groups_at + n_groups * sizeof(char *);
	const size_t size = texts_at + texts_size(c, conf);
	uint8_t *block = calloc(1, size);
	struct actor *a = (struct actor *)(void *)block;
	struct packer p;

	if (block == NULL)
		return NULL;
	p = (struct packer){ (char *)block + texts_at, (char *)block + size };
	a->acts = (struct actor_act *)(void *)(block + acts_at);
	a->groups = (const char **)(void *)(block + groups_at);
	fill_lists(&p, c, (const char **)(void *)(block + groups_at),
			(struct actor_act *)(void *)(block + acts_at));
	atomic_init(&a->refs, 1);
	a->issuer = c->issuer;
	a->issuer_name = pack(&p, conf->name);
	a->iss = pack(&p, conf->issuer);
	a->sub = pack(&p, c->sub);
	a->client_id = pack(&p, c->client_id);
	a->jti = pack(&p, c->jti);
	must(p.at == p.end);
	a->n_groups = n_groups;
	a->n_acts = n_acts;
	a->exp_s = c->exp_s;
	a->until_s = c->exp_s + conf->clock_skew_s;
	a->size_bytes = size;
	memcpy(a->token_sha256, token_sha256, sizeof(a->token_sha256));
	return a;
}

struct actor *actor_ref(struct actor *a)
{
	const uint32_t before = atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);

	must(before > 0 && before < UINT32_MAX);
	return a;
}

void actor_unref(struct actor **a)
{
	struct actor *gone = *a;

	*a = NULL;
	if (gone != NULL && atomic_fetch_sub_explicit(&gone->refs, 1, memory_order_acq_rel) == 1)
		free(gone);
}

/* JSON. */

static json_t *groups_json(const struct actor *a)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < a->n_groups; i++)
		json_array_append_new(list, json_string(a->groups[i]));
	return list;
}

static json_t *acts_json(const struct actor *a)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < a->n_acts; i++)
		json_array_append_new(list,
				json_pack("{s:s, s:s}", "sub", a->acts[i].sub, "iss",
						a->acts[i].iss));
	return list;
}

/* jansson escapes all control characters but DEL. */
static char *escape_del(const char *text)
{
	size_t n = 1;
	char *out, *to;

	for (const char *c = text; *c != '\0'; c++)
		n += *c == 0x7f ? 6 : 1;
	out = to = malloc(n);
	for (const char *c = text; out != NULL && *c != '\0'; c++) {
		if (*c == 0x7f) {
			memcpy(to, "\\u007f", 6);
			to += 6;
		} else {
			*to++ = *c;
		}
	}
	if (out != NULL)
		*to = '\0';
	return out;
}

char *actor_json(const struct actor *a)
{
	char hex[65], *text, *out = NULL;
	json_t *o;

	for (size_t i = 0; i < sizeof(a->token_sha256); i++)
		snprintf(hex + 2 * i, 3, "%02x", a->token_sha256[i]);
	o = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:s, s:s}", "issuer", a->issuer_name,
			"iss", a->iss, "sub", a->sub, "client_id", a->client_id, "groups",
			groups_json(a), "act", acts_json(a), "exp", (json_int_t)a->exp_s, "jti",
			a->jti, "token_sha256", hex);
	if (o == NULL)
		return NULL;
	text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	if (text != NULL)
		out = escape_del(text);
	free(text);
	return out;
}

/* Where it may go. */

static bool text_in(const struct conf_texts *t, const char *text)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->at[i], text) == 0)
			return true;
	}
	return false;
}

static bool has_group_of(const struct actor *a, const struct conf_texts *groups)
{
	for (uint32_t i = 0; i < a->n_groups; i++) {
		if (text_in(groups, a->groups[i]))
			return true;
	}
	return false;
}

static bool is_one_of(const struct actor *a, const struct conf_actors *actors)
{
	return actors->issuer == a->issuer &&
			(actors->groups.n == 0 || has_group_of(a, &actors->groups)) &&
			(actors->subjects.n == 0 || text_in(&actors->subjects, a->sub)) &&
			(actors->client_ids.n == 0 || text_in(&actors->client_ids, a->client_id));
}

bool identity_may_reach(const struct conf *conf, const struct actor *actor, uint32_t target)
{
	const struct conf_target *t;

	if (target >= conf->n_targets)
		return false;
	t = &conf->targets[target];
	for (size_t i = 0; i < t->n_actors; i++) {
		if (is_one_of(actor, &t->actors[i]))
			return true;
	}
	return false;
}
