/* SPDX-License-Identifier: Apache-2.0
 * What the server says is let out, changed, or not at all. */
#include "dataplane/inspect/mask_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- a worker's tools */

static struct outbuf cut(uint8_t **at, size_t n)
{
	const struct outbuf o = ob_of(*at, n);

	*at += n;
	return o;
}

int masking_new(uint32_t max_message_bytes, struct masking **ret)
{
	const size_t part = 2 * (size_t)max_message_bytes + MASKING_EXTRA;
	struct masking *m = calloc(1, sizeof(*m));
	uint8_t *at;

	*ret = m;
	if (m == NULL)
		return -ENOMEM;
	m->crypto = mask_crypto_new();
	m->memory = malloc(7 * part);
	if (m->crypto == NULL || m->memory == NULL)
		return -ENOMEM;
	at = m->memory;
	m->values = cut(&at, part);
	m->out = cut(&at, part);
	m->flat = cut(&at, part);
	m->turn[0] = cut(&at, part);
	m->turn[1] = cut(&at, part);
	m->masker = (struct masker){ .crypto = m->crypto, .scratch = cut(&at, 2 * part) };
	return 0;
}

void masking_free(struct masking **masking)
{
	struct masking *m = *masking;

	if (m == NULL)
		return;
	mask_crypto_free(&m->crypto);
	free(m->memory);
	free(m);
	*masking = NULL;
}

/* ---- rules */

bool mask_is_excepted(const struct mask_task *j, const struct model_data *d)
{
	for (uint32_t i = 0; i < d->n_unless; i++) {
		if (d->unless[i].column == NULL && match_excepts(&d->unless[i].when, &j->context))
			return true;
	}
	return false;
}

const struct model_data *mask_rule_of(
		const struct mask_task *j, const struct mask_column *c, uint32_t pattern)
{
	const struct policy *policy = j->rules->policy;

	if (c != NULL && c->found != NULL && c->found->pattern == pattern)
		return c->found;
	for (uint32_t k = 0; k < policy->n_packs; k++) {
		const struct model_pack *pack = &policy->packs[k];

		for (uint32_t i = 0; i < pack->n_data; i++) {
			const struct model_data *d = &pack->data[i];

			if (d->pattern == pattern && d->column == NULL && !mask_is_excepted(j, d))
				return d;
		}
	}
	return NULL;
}

/* ---- one message */

enum masked mask_edited(struct mask_task *j, struct pg_edits *e)
{
	const int n = pg_edits_end(e);

	if (n == 0)
		return MASKED_CLEAN;
	j->m->out.len = 0;
	j->m->out.full = false;
	if (n < 0 || codec_edits_apply(e->wire, e->edits, (size_t)n, &j->m->out) != 0)
		return MASKED_NOT;
	return MASKED_CHANGED;
}

static enum masked by_kind(struct mask_task *j)
{
	const bool is_part = (j->msg->flags & CODEC_F_PART) != 0;

	switch (j->msg->kind) {
	case PG_DATA_ROW:
		return is_part ? mask_slice(j) : mask_row(j);
	case PG_ERROR:
	case PG_NOTICE:
		return is_part ? MASKED_NOT : mask_words(j);
	case PG_NOTIFICATION:
		return is_part ? MASKED_NOT : mask_notification(j);
	case PG_FUNCTION_RESULT:
		return is_part ? MASKED_NOT : mask_result(j);
	case PG_COPY_OUT:
		return mask_copy_begin(j);
	case PG_COPY_BOTH:
		return MASKED_NOT; /* replication: nobody knows what is in it */
	case PG_COPY_DATA:
		return is_part ? MASKED_NOT : mask_copied(j);
	default:
		return MASKED_CLEAN; /* it has no value of anybody's */
	}
}

static struct mask_task task_of(struct session *s, const struct codec_msg *msg)
{
	return (struct mask_task){ .s = s,
		.m = s->spine->masking,
		.rules = session_rules(s),
		.context = context_of(s),
		.msg = msg };
}

bool mask_hides_parameter(struct session *s, const struct codec_msg *msg)
{
	struct mask_task j = task_of(s, msg);

	return j.rules != NULL && j.rules->masks && mask_finds_parameter(&j);
}

enum masked mask_answer(struct session *s, const struct codec_msg *msg, struct span *ret)
{
	struct spine *sp = s->spine;
	struct mask_task j = task_of(s, msg);
	enum masked masked;

	if (j.rules == NULL || !j.rules->masks)
		return MASKED_CLEAN;
	j.m->masker.key = s->target->mask_key;
	j.m->values.len = 0;
	j.m->values.full = false;
	masked = by_kind(&j);
	if (masked == MASKED_CHANGED)
		*ret = ob_span(&j.m->out);
	sp->counters.masked += masked == MASKED_CHANGED;
	return masked;
}
