/* SPDX-License-Identifier: Apache-2.0
 * What is kept of a command until its answer has come, where the answer alone does not tell what must not leave. */
#include "dataplane/inspect/mask_priv.h"

#include <errno.h>
#include <string.h>

static void note_give(struct session *s, struct mask_note **note)
{
	struct mask_note *n = *note;

	*note = NULL;
	if (n != NULL)
		arena_give(&s->spine->arena, n, n->bytes);
}

int note_make(struct session *s, const struct sql_facts *facts)
{
	const size_t bytes = sizeof(struct mask_note) + (facts == NULL ? 0 : facts->bytes);
	struct mask_note *n;

	note_give(s, &s->masks.note);
	n = arena_take(&s->spine->arena, bytes);
	if (n == NULL)
		return -ENOMEM;
	*n = (struct mask_note){ .bytes = (uint32_t)bytes };
	if (facts != NULL) {
		memcpy(n + 1, facts, facts->bytes);
		n->facts = (const struct sql_facts *)(n + 1);
	}
	s->masks.note = n;
	return 0;
}

void note_drop(struct session *s)
{
	note_give(s, &s->masks.note);
}

void note_settle(struct session *s, uint64_t id, bool is_approved)
{
	if (s->masks.note == NULL)
		return;
	s->masks.note->id = id;
	s->masks.note->is_approved = is_approved;
	if (s->masks.last_note == NULL)
		s->masks.notes = s->masks.note;
	else
		s->masks.last_note->next = s->masks.note;
	s->masks.last_note = s->masks.note;
	s->masks.note = NULL;
}

/* Answers come in the order of commands: what is before <id> was answered. */
struct mask_note *note_find(struct session *s, uint64_t id)
{
	while (s->masks.notes != NULL && s->masks.notes->id < id) {
		struct mask_note *n = s->masks.notes;

		s->masks.notes = n->next;
		if (s->masks.notes == NULL)
			s->masks.last_note = NULL;
		note_give(s, &n);
	}
	return s->masks.notes != NULL && s->masks.notes->id == id ? s->masks.notes : NULL;
}

void notes_answered(struct session *s, uint64_t id, bool is_last)
{
	if (s->masks.notes != NULL && id != 0)
		(void)note_find(s, is_last ? id + 1 : id);
}

void notes_give(struct session *s)
{
	note_give(s, &s->masks.note);
	(void)note_find(s, UINT64_MAX);
}
