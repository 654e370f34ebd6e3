/* SPDX-License-Identifier: Apache-2.0
 * TICKET_MAY: commands that wait for a decision, and the decision. */
#include "ctrlplane/log/log.h"
#include "ctrlplane/session/session_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void hold_add(struct sessions *s, struct session_entry *e, const struct ticket *t,
		struct reply *q)
{
	struct hold *h = calloc(1, sizeof(*h)), **at = &e->holds;

	while (*at != NULL && (*at)->command < t->command)
		at = &(*at)->next;
	if (h == NULL || (*at != NULL && (*at)->command == t->command)) {
		free(h);
		log_err("session", "session %016" PRIx64 ": command %" PRIu64 " cannot be held",
				e->id, t->command);
		reply_rc(s, q, TICKET_DENY);
		return;
	}
	*h = (struct hold){
		.next = *at, .out = q, .command = t->command, .since_us = sessions_now_us(s)
	};
	*at = h;
	e->n_holds++;
	s->stats.holds++;
}

void may_take(struct sessions *s, const struct ticket *t, struct reply *q)
{
	struct ticket_may *may = reply_block(s, q, sizeof(*may));
	struct session_entry *e = session_find(s, q->worker, t);

	if (may != NULL &&
			(may->text_len > TICKET_TEXT_MAX ||
					may->text_len + sizeof(*may) >
							q->answer.block->len_bytes)) {
		s->stats.malformed++;
		may = NULL;
	}
	if (may == NULL || e == NULL || e->id == 0) {
		reply_rc(s, q, TICKET_DENY);
		return;
	}
	may->rule[sizeof(may->rule) - 1] = '\0';
	may->reason[sizeof(may->reason) - 1] = '\0';
	hold_add(s, e, t, q);
}

/* Out of the list; NULL: there is none. */
static struct hold *hold_remove(struct sessions *s, struct session_entry *e, uint64_t command)
{
	struct hold **at = &e->holds, *h;

	while (*at != NULL && (*at)->command != command)
		at = &(*at)->next;
	h = *at;
	if (h == NULL)
		return NULL;
	*at = h->next;
	e->n_holds--;
	s->stats.holds--;
	return h;
}

static void hold_answer(struct sessions *s, struct hold *h, enum ticket_verdict verdict)
{
	reply_rc(s, h->out, (int32_t)verdict);
	free(h);
}

void forget_take(struct sessions *s, uint32_t worker, const struct ticket *t)
{
	struct session_entry *e = session_find(s, worker, t);
	struct hold *h = e == NULL ? NULL : hold_remove(s, e, t->command);

	if (h == NULL) /* it was decided meanwhile */
		return;
	s->stats.holds_forgotten++;
	log_info("session", "session %016" PRIx64 ": nobody waits for command %" PRIu64 " any more",
			e->id, t->command);
	hold_answer(s, h, TICKET_DENY);
}

void holds_drop(struct sessions *s, struct session_entry *e)
{
	while (e->holds != NULL) {
		s->stats.holds_forgotten++;
		hold_answer(s, hold_remove(s, e, e->holds->command), TICKET_DENY);
	}
}

static struct session_entry *by_number(struct sessions *s, uint64_t id)
{
	struct session_entry *e = s->first;

	while (e != NULL && e->id != id)
		e = e->next;
	return e;
}

static void decide(struct sessions *s, struct session_entry *e, struct hold *h,
		const struct hold_decision *d)
{
	const char *words = d->words == NULL ? "" : d->words;

	log_info("session", "session %016" PRIx64 ": command %" PRIu64 " is %s by %s%s%s", e->id,
			h->command, d->allow ? "allowed" : "denied", d->who,
			words[0] == '\0' ? "" : ": ", words);
	if (d->allow)
		s->stats.holds_allowed++;
	else
		s->stats.holds_denied++;
	snprintf(h->out->answer.text, sizeof(h->out->answer.text), "%s", d->allow ? "" : words);
	hold_answer(s, h, d->allow ? TICKET_ALLOW : TICKET_DENY);
}

int sessions_decide(struct sessions *s, const struct hold_decision *d)
{
	struct session_entry *e;
	struct hold *h;

	pthread_mutex_lock(&s->lock);
	e = by_number(s, d->session);
	/* a session that is to end runs nothing more, whoever allows it */
	h = e == NULL || (e->end == NULL && d->allow) ? NULL : hold_remove(s, e, d->command);
	if (h != NULL)
		decide(s, e, h, d);
	pthread_mutex_unlock(&s->lock);
	inbox_poke(s->inbox);
	return h == NULL ? -ENOENT : 0;
}

int sessions_kill(struct sessions *s, uint64_t id)
{
	struct session_entry *e;
	bool found;

	pthread_mutex_lock(&s->lock);
	e = by_number(s, id);
	found = e != NULL && e->end != NULL;
	if (found)
		session_end(s, e, SESSION_KILLED);
	pthread_mutex_unlock(&s->lock);
	inbox_poke(s->inbox);
	return found ? 0 : -ENOENT;
}
