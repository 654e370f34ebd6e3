/* SPDX-License-Identifier: Apache-2.0
 * Words: errors, notices, notifications, and what a FunctionCall gives back. */
#include "dataplane/inspect/mask_priv.h"
#include "ruleset/match/catalog.h"

#include <errno.h>
#include <string.h>

/* Codes, places and numbers of the server's, which programs read. */
static bool is_fixed(char code)
{
	return code == 'S' || code == 'V' || code == 'C' || code == 'P' || code == 'p' ||
			code == 'F' || code == 'L' || code == 'R';
}

static void words_begin(struct mask_task *j, struct pg_edits *e)
{
	struct masking *m = j->m;

	gather_begin(m);
	pg_edits_begin(e, j->msg, m->edits, MASKING_EDITS, ob_of(m->lengths, sizeof(m->lengths)));
}

static const struct mask_column words = {
	.what = MASK_COLUMN_SCAN, .kind = MASK_T_TEXT, .type = OID_TEXT, .format = PG_TEXT
};

/* Replaces in <text> what was found in it, the <n> places from <first>. false: it must not leave. */
static bool words_edit(struct mask_task *j, struct pg_edits *e, struct span text, uint32_t first,
		uint32_t n)
{
	struct masking *m = j->m;
	const size_t from = m->values.len;
	const int rc = n == 0 ? -ENOENT : mask_text_found(j, NULL, text, first, n);

	if (rc == -ENOENT)
		return true;
	if (rc != MASK_OK)
		return false;
	pg_edit_bytes(e, text, (struct span){ m->values.ptr + from, m->values.len - from });
	return true;
}

/* What violates a constraint is shown as a whole row, or as a key: "Failing row contains (...)". With rules of
 * columns nobody tells which of it is masked. */
static bool hides_detail(const struct mask_task *j)
{
	const struct catalogue *c = j->s->masks.catalogue;
	struct pg_report e;

	return c != NULL && c->catalog != NULL && c->catalog->n > 0 &&
			pg_read_report(j->msg->body, true, &e) == 0 && e.sqlstate.len == 5 &&
			(memcmp(e.sqlstate.ptr, "23", 2) == 0 ||
					memcmp(e.sqlstate.ptr, "44", 2) ==
							0); /* of a view's CHECK OPTION */
}

static bool words_gather(struct mask_task *j, bool no_detail)
{
	struct reader r = rd_of(j->msg->body.ptr, j->msg->body.len);
	struct pg_field f;

	for (uint16_t i = 0; pg_next_field(&r, &f); i++) {
		if (!is_fixed(f.code) && !(no_detail && f.code == 'D'))
			gather_value(j, &words, i, f.text);
	}
	gather_end(j);
	return !r.bad && !j->m->is_broken;
}

enum masked mask_words(struct mask_task *j)
{
	static const struct span hidden = { (const uint8_t *)"*****", 5 };
	const bool no_detail = hides_detail(j);
	struct masking *m = j->m;
	struct reader r = rd_of(j->msg->body.ptr, j->msg->body.len);
	struct pg_edits e;
	struct pg_field f;
	uint32_t at = 0, n;

	if (j->rules->values == NULL && !no_detail)
		return MASKED_CLEAN;
	words_begin(j, &e);
	if (!words_gather(j, no_detail))
		return MASKED_NOT;
	if (m->n_found == 0 && !no_detail)
		return MASKED_CLEAN;
	for (uint16_t i = 0; pg_next_field(&r, &f); i++) {
		for (n = 0; at + n < m->n_found && m->found[at + n].column == i; n++)
			;
		if (no_detail && f.code == 'D')
			pg_edit_bytes(&e, f.text, hidden);
		else if (!words_edit(j, &e, f.text, at, n))
			return MASKED_NOT;
		at += n;
	}
	return mask_edited(j, &e);
}

enum masked mask_notification(struct mask_task *j)
{
	struct masking *m = j->m;
	struct pg_notification p;
	struct pg_edits e;

	if (j->rules->values == NULL)
		return MASKED_CLEAN;
	if (pg_read_notification(j->msg->body, &p) != 0)
		return MASKED_NOT;
	words_begin(j, &e);
	gather_value(j, &words, 0, p.payload);
	gather_end(j);
	if (m->is_broken || !words_edit(j, &e, p.payload, 0, m->n_found))
		return MASKED_NOT;
	return mask_edited(j, &e);
}

/* Its type is not known: text, or bytes that may be one. What is found makes it NULL. */
enum masked mask_result(struct mask_task *j)
{
	struct masking *m = j->m;
	struct pg_edits e;
	struct pg_value v;

	if (j->rules->values == NULL)
		return MASKED_CLEAN;
	if (pg_read_function_result(j->msg->body, &v) != 0)
		return MASKED_NOT;
	if (v.is_null)
		return MASKED_CLEAN;
	words_begin(j, &e);
	gather_value(j, &words, 0, v.bytes);
	gather_end(j);
	for (uint32_t i = 0; i < m->n_found; i++) {
		if (mask_rule_of(j, NULL, m->found[i].pattern) == NULL)
			continue;
		pg_edit_null(&e, v.bytes);
		break;
	}
	return m->is_broken ? MASKED_NOT : mask_edited(j, &e);
}

bool mask_finds_parameter(struct mask_task *j)
{
	struct masking *m = j->m;
	struct pg_parameter p;

	if (pg_read_parameter(j->msg->body, &p) != 0)
		return true;
	gather_begin(m);
	gather_value(j, &words, 0, p.value);
	gather_end(j);
	for (uint32_t i = 0; i < m->n_found; i++) {
		if (mask_rule_of(j, NULL, m->found[i].pattern) != NULL)
			return true;
	}
	return m->is_broken;
}
