/* SPDX-License-Identifier: Apache-2.0
 * Two look-ups at most: by the text, which costs no lexing and finds what applications prepare once
 * and send always, and by its shape, which finds what differs in literals alone. */
#include "parsers/sql/judge.h"

#include <errno.h>

static const struct sql_facts *find(
		struct sql_judge *j, const struct sql_key *key, uint64_t *n_hits)
{
	const struct span value = sql_cache_find(&j->cache, key);

	*n_hits += value.ptr != NULL;
	return (const struct sql_facts *)(const void *)value.ptr;
}

/* Under the shape where that says all; else, and where it would say nothing more, under the
 * text. */
static void remember(struct sql_judge *j, const struct sql_shape *shape,
		const struct sql_key *exact, const struct sql_facts *facts)
{
	const struct span value = { (const uint8_t *)facts, facts->bytes };
	const bool by_shape = shape != NULL && shape->n_literals > 0 && !facts->needs_literals;

	if (by_shape)
		sql_cache_put(&j->cache, &shape->key, value);
	else if (exact->bytes.len > 0)
		sql_cache_put(&j->cache, exact, value);
}

static enum sql_rc judge_anew(struct sql_judge *j, const struct sql_job *job,
		const struct sql_key *exact, const struct sql_facts **ret_facts)
{
	enum sql_rc rc = sql_facts_of(job, j->facts, ret_facts);

	j->n_misses++;
	if (rc == SQL_OK)
		remember(j, job->shape, exact, *ret_facts);
	return rc;
}

enum sql_rc sql_judge_text(struct sql_judge *judge, struct span text,
		const struct sql_settings *settings, const struct sql_facts **ret_facts)
{
	struct sql_job job = { .text = text, .settings = *settings, .limits = &judge->limits };
	const struct sql_facts *facts = NULL;
	struct sql_key exact = { { NULL, 0 }, 0 };
	struct sql_shape shape;
	enum sql_rc rc = sql_check_size(&job);
	int err;

	if (rc != SQL_OK)
		return rc;
	if (sql_exact_key(text, settings, &judge->key, judge->exacts, &exact) == 0)
		facts = find(judge, &exact, &judge->n_exact_hits);
	if (facts == NULL) {
		err = sql_shape_of(text, settings, &judge->key, judge->shapes, &shape);
		if (err == -EBADMSG)
			return SQL_SYNTAX;
		if (err == 0)
			job.shape = &shape;
	}
	if (facts == NULL && job.shape != NULL)
		facts = find(judge, &shape.key, &judge->n_shape_hits);
	if (facts == NULL)
		return judge_anew(judge, &job, &exact, ret_facts);
	*ret_facts = facts;
	return SQL_OK;
}
