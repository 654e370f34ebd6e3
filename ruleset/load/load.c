/* SPDX-License-Identifier: Apache-2.0
 * Texts into a policy: one pack each, then the hash of them all. */
#include "ruleset/load/load_priv.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The top level. */

const char *load_verdict_word(size_t i)
{
	static const char *const words[] = { "allow", "hold", "deny", NULL };

	return words[i];
}

static const char *pack_check(const char *text)
{
	if (strlen(text) > LOAD_PACK_NAME_MAX)
		return "is too long for a pack's name: at most 23 characters";
	return load_id_check(text);
}

static void read_command(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const size_t word = load_word(l, k, v);

	if (word != SIZE_MAX)
		((struct model_pack *)to)->command = (enum verdict)word;
}

static const char *unparsed_word(size_t i)
{
	static const char *const words[] = { "hold", "deny", NULL };

	return words[i];
}

static void read_unparsed(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	const size_t word = load_word(l, k, v);

	if (word != SIZE_MAX)
		((struct model_pack *)to)->unparsed = word == 0 ? VERDICT_HOLD : VERDICT_DENY;
}

static const struct load_key keys_default[] = {
	{ "command", .read = read_command, .word = load_verdict_word },
	{ "unparsed", .read = read_unparsed, .word = unparsed_word },
};
const struct load_map load_map_default = { "default", keys_default, LOAD_N(keys_default) };

static void read_default(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	(void)k;
	load_map_read(l, &load_map_default, to, v);
}

static const struct load_key keys_pack[] = {
	{ "pack", true, LOAD_IN(model_pack, name), .read = load_read_text, .check = pack_check },
	{ "about", LOAD_IN(model_pack, about), .read = load_read_text, .check = load_line_check },
	{ "patterns", .read = load_read_patterns },
	{ "data", .read = load_read_data },
	{ "commands", .read = load_read_commands },
	{ "default", .read = read_default },
};
const struct load_map load_map_pack = { "the top level", keys_pack, LOAD_N(keys_pack) };

void *load_rules(struct load *l, const struct load_key *k, yaml_node_t *v, size_t size)
{
	if (v->type != YAML_SEQUENCE_NODE) {
		load_error(l, v, "%s: expected a list of rules, each with its id", k->name);
		return NULL;
	}
	if (load_n_items(v) > LOAD_RULES_MAX) {
		load_error(l, v, "%s: more than %d rules: make two packs of them", k->name,
				LOAD_RULES_MAX);
		return NULL;
	}
	return load_take(l, load_n_items(v) + 1, size);
}

/* "unparsed" is what is said of commands that are not understood. */
void load_id_once(struct load *l, const char *id, const yaml_node_t *at)
{
	const char *const *all = l->ids.ptr;
	const char **new;
	size_t i = 0;

	if (id == NULL)
		return;
	while (i < l->ids.n && strcmp(all[i], id) != 0)
		i++;
	if (i < l->ids.n || strcmp(id, "unparsed") == 0)
		load_error(l, at, "id: another rule is called '%s': give this one another id", id);
	new = load_push(l, &l->ids, sizeof(*new));
	if (new != NULL)
		*new = id;
}

static bool is_taken(const struct load *l, const char *name)
{
	const struct model_pack *all = l->packs.ptr;

	for (size_t i = 0; i + 1 < l->packs.n; i++) {
		if (all[i].name != NULL && strcmp(all[i].name, name) == 0)
			return true;
	}
	return false;
}

static void read_pack(struct load *l, struct model_pack *pack)
{
	yaml_node_t *root = yaml_document_get_root_node(&l->doc);

	*pack = (struct model_pack){ .command = VERDICT_ALLOW,
		.unparsed = VERDICT_DENY,
		.first_pattern = (uint32_t)l->patterns.n };
	l->pack = pack;
	load_map_read(l, &load_map_pack, pack, root);
	l->ids.n = 0;
	l->examples.n = 0;
	if (l->report->errors.n == 0)
		load_warnings(l, pack);
	if (pack->name != NULL && is_taken(l, pack->name))
		load_error(l, root, "another pack of this policy is called '%s': name each once",
				pack->name);
}

static void read_text(struct load *l, struct span text)
{
	static const struct doc_limits limits = { LOAD_DEPTH_MAX, LOAD_NODES_MAX, "pack of rules",
		"pack: NAME" };
	struct doc_errors *errors = &l->report->errors;
	struct model_pack *pack;

	if (text.len > LOAD_FILE_MAX) {
		doc_error_at(errors, 0, 0,
				"larger than 4 MiB: this is no pack of rules; split it if it is");
		return;
	}
	pack = load_push(l, &l->packs, sizeof(*pack));
	if (pack == NULL || !doc_load(text, &limits, &l->doc, errors))
		return;
	read_pack(l, pack);
	yaml_document_delete(&l->doc);
}

/* The hash: for each text, its length as eight bytes, low ones first, and itself. */

static bool hash_text(EVP_MD_CTX *md, struct span text)
{
	uint8_t len[8];

	for (size_t i = 0; i < sizeof(len); i++)
		len[i] = (uint8_t)((uint64_t)text.len >> (8 * i));
	return EVP_DigestUpdate(md, len, sizeof(len)) == 1 &&
			EVP_DigestUpdate(md, text.ptr, text.len) == 1;
}

static int hash(struct policy *p, const struct span *texts, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = hash_text(md, texts[i]);
	ok = ok && EVP_DigestFinal_ex(md, p->sha256, NULL) == 1;
	EVP_MD_CTX_free(md);
	for (size_t i = 0; i < sizeof(p->sha256); i++) {
		p->hash[2 * i] = hex[p->sha256[i] >> 4];
		p->hash[2 * i + 1] = hex[p->sha256[i] & 15];
	}
	return ok ? 0 : -EIO;
}

static void settle(struct load *l)
{
	struct policy *p = l->policy;

	p->n_packs = (uint32_t)l->packs.n;
	p->n_patterns = (uint32_t)l->patterns.n;
	p->n_texts = (uint32_t)l->texts.n;
	p->n_rates = (uint32_t)l->rates.n;
	p->packs = load_settle(l, &l->packs, sizeof(struct model_pack));
	p->patterns = load_settle(l, &l->patterns, sizeof(struct scan_pattern));
	p->texts = load_settle(l, &l->texts, sizeof(struct scan_pattern));
	p->rates = load_settle(l, &l->rates, sizeof(struct model_rate));
}

static int read_all(struct load *l, const struct span *texts, size_t n, struct load_report *reports)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		l->report = &reports[i];
		read_text(l, texts[i]);
		if (reports[i].errors.n > 0)
			rc = -EINVAL;
	}
	if (n > 0)
		settle(l);
	if (l->out_of_memory)
		return -ENOMEM;
	return rc == 0 ? hash(l->policy, texts, n) : rc;
}

int load_policy(const struct span *texts, size_t n, struct policy **ret,
		struct load_report *reports)
{
	struct load l = { .policy = NULL };
	int rc = -E2BIG;

	for (size_t i = 0; i < n; i++)
		reports[i].errors.n = reports[i].warnings.n = 0;
	if (n > LOAD_PACKS_MAX)
		return rc;
	l.policy = calloc(1, sizeof(*l.policy));
	if (l.policy == NULL)
		return -ENOMEM;
	rc = read_all(&l, texts, n, reports);
	free(l.examples.ptr);
	free(l.ids.ptr);
	free(l.packs.ptr);
	free(l.patterns.ptr);
	free(l.texts.ptr);
	free(l.rates.ptr);
	if (rc == 0)
		*ret = l.policy;
	else
		policy_free(&l.policy);
	return rc;
}
