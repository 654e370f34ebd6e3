/* SPDX-License-Identifier: Apache-2.0
 * A policy's memory, and how names are compared. */
#include "ruleset/model/model.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 << 10 };

struct model_block {
	struct model_block *next;
	size_t used, cap;
	alignas(max_align_t) uint8_t bytes[];
};

static struct model_block *block_new(size_t n_bytes)
{
	const size_t cap = n_bytes > BLOCK_BYTES ? n_bytes : BLOCK_BYTES;
	struct model_block *b = calloc(1, sizeof(*b) + cap);

	if (b != NULL)
		b->cap = cap;
	return b;
}

void *model_take(struct policy *policy, size_t n_bytes)
{
	const size_t align = alignof(max_align_t);
	const size_t n = (n_bytes + align - 1) / align * align;
	struct model_block *b = policy->blocks;
	void *p;

	if (n < n_bytes)
		return NULL;
	if (b == NULL || n > b->cap - b->used) {
		b = block_new(n);
		if (b == NULL)
			return NULL;
		b->next = policy->blocks;
		policy->blocks = b;
	}
	p = b->bytes + b->used;
	b->used += n;
	return p;
}

void policy_free(struct policy **policy)
{
	struct policy *p = *policy;

	*policy = NULL;
	if (p == NULL)
		return;
	while (p->blocks != NULL) {
		struct model_block *next = p->blocks->next;

		free(p->blocks);
		p->blocks = next;
	}
	free(p);
}

/* The pack of rule <*index>, which becomes its place in the pack. */
static const struct model_pack *pack_of(const struct policy *policy, uint32_t *index)
{
	for (uint32_t i = 0; i < policy->n_packs; i++) {
		if (*index < policy->packs[i].n_data)
			return &policy->packs[i];
		*index -= policy->packs[i].n_data;
	}
	return NULL;
}

const struct model_pack *model_data_pack(const struct policy *policy, uint32_t index)
{
	return pack_of(policy, &index);
}

const struct model_data *model_data_at(const struct policy *policy, uint32_t index)
{
	const struct model_pack *pack = pack_of(policy, &index);

	return pack == NULL ? NULL : &pack->data[index];
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Back to the last * only: what it took before is enough (Kirk J. Krauss, 2008). */
bool model_glob(const char *pattern, struct span name, bool caseless)
{
	const char *p = pattern, *star = NULL;
	size_t i = 0, star_at = 0;

	while (i < name.len) {
		const uint8_t c = caseless ? lower(name.ptr[i]) : name.ptr[i];

		if (*p == '*') {
			star = p++;
			star_at = i;
		} else if (*p == '?' || (*p != '\0' && (uint8_t)*p == c)) {
			p++;
			i++;
		} else if (star != NULL) {
			p = star + 1;
			i = ++star_at;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

/* As strcmp() of <name> and <to>. */
static int compare(struct span name, const char *to, bool caseless)
{
	for (size_t i = 0; i < name.len; i++) {
		const uint8_t c = caseless ? lower(name.ptr[i]) : name.ptr[i];

		if (c != (uint8_t)to[i] || to[i] == '\0')
			return c < (uint8_t)to[i] ? -1 : 1;
	}
	return to[name.len] == '\0' ? 0 : -1;
}

static bool has_exact(const struct model_names *names, struct span name)
{
	uint32_t from = 0, to = names->n_exact;

	while (from < to) {
		const uint32_t middle = from + (to - from) / 2;
		const int rc = compare(name, names->exact[middle], names->caseless);

		if (rc == 0)
			return true;
		if (rc < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return false;
}

bool model_names_has(const struct model_names *names, struct span name)
{
	if (has_exact(names, name))
		return true;
	for (uint32_t i = 0; i < names->n_globs; i++) {
		if (model_glob(names->globs[i], name, names->caseless))
			return true;
	}
	return false;
}

uint64_t model_name_hash(enum sql_item_what what, struct span name)
{
	uint64_t h = name.len << 8 | (uint64_t)what;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (name.ptr[i] | 0x20)) * 0x9e3779b97f4a7c15ULL;
	return h >> 32;
}

uint64_t model_name_bit(enum sql_item_what what, struct span name)
{
	return 1ULL << model_name_hash(what, name) % 63;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_ALLOW] = "allow", [VERDICT_HOLD] = "hold", [VERDICT_DENY] = "deny"
	};

	return names[verdict];
}

const char *model_derived_name(enum model_derived derived)
{
	static const char *const names[] = {
		[MODEL_DERIVED_REDACT] = "redact",
		[MODEL_DERIVED_NULL] = "null",
		[MODEL_DERIVED_HOLD] = "hold",
		[MODEL_DERIVED_DENY] = "deny",
		[MODEL_DERIVED_ALLOW] = "allow",
	};

	return names[derived];
}
