/* SPDX-License-Identifier: Apache-2.0
 * A recorded end does not react: it sends what it sent then, and acknowledges what it had then. The
 * engine in between has windows and a sender of its own, so a recording would soon overrun the one
 * and acknowledge what the other has not sent yet. Here each end is held to what it could know:
 *
 *	data waits, and all behind it, until it fits the window that the engine has offered;
 *	an acknowledgement reaches as far as the engine has sent, and is repeated as it goes on.
 *
 * Only what was proper in the recording is held: data beyond the window that the recorded peer had
 * offered, or an acknowledgement of what the recorded peer never sent, goes to the engine as it is. */
#include "dataplane/flow/key.h"
#include "dataplane/net/tcpopt.h"
#include "parsers/base/bytes.h"
#include "parsers/base/siphash.h"
#include "tools/replay/replay.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLOTS_FIRST = 1 << 10,
	HEADERS_MAX = FRAME_L2_MAX + 40 + 60,
	TCP_SEQ = 4, /* offsets in the TCP header */
	TCP_ACKNO = 8,
	TCP_DATAOFF = 12,
	TCP_FLAGS = 13,
	TCP_HEADER = 20,
};

struct held {
	struct held *next;
	uint32_t len;
	uint8_t bytes[];
};

/* A number that is known, or not yet. */
struct point {
	bool known;
	uint32_t at;
};

/* What one end has recorded, and what the engine has told it. */
struct end {
	struct point sent;     /* behind the highest byte it recorded as sent */
	struct point offered;  /* right edge it recorded as offered to its peer */
	struct point acked;    /* highest proper acknowledgement it recorded */
	struct point fed_sent; /* behind the highest byte that the engine has from it */
	struct point fed_ack;
	struct point engine_sent;    /* behind the highest byte the engine sent to it */
	struct point engine_offered; /* right edge the engine offered to it */
	uint8_t shift, engine_shift; /* window scales of the two SYNs */
	bool scales, engine_scales;
	struct held *first, **last; /* owned: waiting frames */
	uint8_t head[HEADERS_MAX];  /* of its latest frame: acknowledgements are made from it */
	uint32_t head_len;
};

struct conn {
	struct flow_key key;
	struct end end[SIDES];
	uint32_t syn_seq; /* of the SYN that began it */
	bool has_syn, is_touched;
	struct conn *next_touched;
};

struct pace {
	struct pace_env env;
	struct conn **slots; /* owned, as the conns are */
	size_t n_slots, n_conns;
	struct conn *touched;
	uint64_t n_held;
	struct pace_counts counts;
};

/* Sequence numbers. */

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static void raise_to(struct point *p, uint32_t at)
{
	if (!p->known || is_after(at, p->at))
		*p = (struct point){ true, at };
}

static uint32_t seq_end(const struct frame *f)
{
	return f->seq + f->payload_len + ((f->flags & TCP_SYN) != 0) + ((f->flags & TCP_FIN) != 0);
}

/* Connections. */

struct pace *pace_new(const struct pace_env *env)
{
	struct pace *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->env = *env;
	p->n_slots = SLOTS_FIRST;
	p->slots = calloc(p->n_slots, sizeof(p->slots[0]));
	if (p->slots == NULL)
		pace_free(&p);
	return p;
}

static void end_clear(struct pace *p, struct end *e)
{
	while (e->first != NULL) {
		struct held *h = e->first;

		e->first = h->next;
		p->n_held--;
		free(h);
	}
	*e = (struct end){ .last = NULL };
}

void pace_free(struct pace **pace)
{
	struct pace *p = *pace;

	if (p == NULL)
		return;
	for (size_t i = 0; p->slots != NULL && i < p->n_slots; i++) {
		if (p->slots[i] == NULL)
			continue;
		end_clear(p, &p->slots[i]->end[SIDE_AGENT]);
		end_clear(p, &p->slots[i]->end[SIDE_PROD]);
		free(p->slots[i]);
	}
	free(p->slots);
	free(p);
	*pace = NULL;
}

const struct pace_counts *pace_counts(const struct pace *p)
{
	return &p->counts;
}

bool pace_is_idle(const struct pace *p)
{
	return p->n_held == 0;
}

static struct conn **slot_of(struct conn **slots, size_t n_slots, const struct flow_key *key)
{
	static const struct siphash_key hash_key = { 0x736c75696365, 0x70616365 };
	uint64_t words[sizeof(*key) / 8];
	size_t i;

	memcpy(words, key, sizeof(words));
	i = siphash13_words(&hash_key, words, sizeof(words) / sizeof(words[0])) & (n_slots - 1);
	while (slots[i] != NULL && memcmp(&slots[i]->key, key, sizeof(*key)) != 0)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static bool grow(struct pace *p)
{
	struct conn **larger = calloc(p->n_slots * 2, sizeof(larger[0]));

	if (larger == NULL)
		return false;
	for (size_t i = 0; i < p->n_slots; i++) {
		if (p->slots[i] != NULL)
			*slot_of(larger, p->n_slots * 2, &p->slots[i]->key) = p->slots[i];
	}
	free(p->slots);
	p->slots = larger;
	p->n_slots *= 2;
	return true;
}

/* NULL: there is none; with <make>: out of memory. */
static struct conn *conn_of(struct pace *p, const struct frame *f, enum side from, bool make)
{
	struct flow_key key;
	struct conn **slot;

	flow_key_of(&key, f, 0, from);
	slot = slot_of(p->slots, p->n_slots, &key);
	if (*slot != NULL || !make)
		return *slot;
	if ((p->n_conns + 1) * 2 > p->n_slots) {
		if (!grow(p))
			return NULL;
		slot = slot_of(p->slots, p->n_slots, &key);
	}
	*slot = calloc(1, sizeof(**slot));
	if (*slot != NULL) {
		(*slot)->key = key;
		p->n_conns++;
	}
	return *slot;
}

static void touch(struct pace *p, struct conn *c)
{
	if (c->is_touched)
		return;
	c->is_touched = true;
	c->next_touched = p->touched;
	p->touched = c;
}

/* Feeding. */

static void head_keep(struct end *e, const struct frame *f)
{
	if (f->payload_off > HEADERS_MAX)
		return;
	memcpy(e->head, f->bytes, f->payload_off);
	segment_length_write(f, e->head, f->payload_off);
	e->head_len = f->payload_off;
}

/* Proper in the recording, but of more than the engine has sent to this end by now. */
static bool is_ahead(const struct conn *c, enum side from, const struct frame *f)
{
	const struct end *e = &c->end[from], *peer = &c->end[side_other(from)];

	return (f->flags & TCP_ACK) != 0 && e->engine_sent.known && peer->sent.known &&
			is_after(f->ack, e->engine_sent.at) && !is_after(f->ack, peer->sent.at);
}

/* Cut back to what was sent, an acknowledgement may say nothing new: reack() says the rest. */
static bool is_vain(const struct end *e, const struct frame *f)
{
	return f->payload_len == 0 && (f->flags & (TCP_SYN | TCP_FIN | TCP_RST)) == 0 &&
			e->fed_ack.known && !is_after(e->engine_sent.at, e->fed_ack.at);
}

/* The engine gets it. */
static void feed(struct pace *p, struct conn *c, enum side from, uint8_t *bytes, uint32_t len)
{
	struct end *e = &c->end[from];
	struct frame f;
	uint32_t ack;

	if (frame_parse(bytes, len, &f) == DROP_NONE && f.kind == FRAME_TCP) {
		ack = f.ack;
		head_keep(e, &f);
		raise_to(&e->fed_sent, seq_end(&f));
		if (is_ahead(c, from, &f)) {
			if (is_vain(e, &f))
				return;
			ack = e->engine_sent.at;
			store_be32(bytes + f.l4_off + TCP_ACKNO, ack);
			segment_cksum_write(&f, bytes, (uint32_t)(f.len - f.l4_off));
		}
		if ((f.flags & TCP_ACK) != 0)
			raise_to(&e->fed_ack, ack);
	}
	p->env.feed(p->env.ctx, from, bytes, len);
}

/* Beyond the engine's window, but within what the recorded peer had offered. */
static bool must_wait(const struct conn *c, enum side from, const struct frame *f)
{
	const struct end *e = &c->end[from], *peer = &c->end[side_other(from)];

	if (f->payload_len == 0 || !e->engine_offered.known ||
			!is_after(f->seq + f->payload_len, e->engine_offered.at))
		return false;
	return !peer->offered.known || !is_after(f->seq + f->payload_len, peer->offered.at);
}

static bool hold(struct pace *p, struct end *e, const uint8_t *bytes, uint32_t len)
{
	struct held *h = malloc(sizeof(*h) + len);

	if (h == NULL)
		return false;
	h->next = NULL;
	h->len = len;
	memcpy(h->bytes, bytes, len);
	if (e->first == NULL)
		e->last = &e->first;
	*e->last = h;
	e->last = &h->next;
	p->n_held++;
	p->counts.held++;
	return true;
}

static struct held *unhold(struct pace *p, struct end *e)
{
	struct held *h = e->first;

	e->first = h->next;
	p->n_held--;
	return h;
}

/* What the engine sends to an end, and the recorded peer to that end, by the SYN's scale. */
static uint32_t right_edge(const struct frame *f, bool scales, uint8_t shift)
{
	return f->ack + ((uint32_t)f->wnd << (scales ? shift : 0));
}

static bool syn_scale(const struct frame *f, uint8_t *ret_shift)
{
	struct tcpopt o;

	if (tcpopt_parse(f->bytes + f->l4_off + f->opt_off, f->opt_len, true, &o) < 0 ||
			!o.has_wscale)
		return false;
	*ret_shift = o.wscale;
	return true;
}

static bool both_scale(const struct conn *c)
{
	return c->end[SIDE_AGENT].scales && c->end[SIDE_PROD].scales;
}

/* What is known from the recording alone. */
static void note_recorded(struct conn *c, enum side from, const struct frame *f)
{
	struct end *e = &c->end[from], *peer = &c->end[side_other(from)];

	if ((f->flags & TCP_SYN) != 0)
		e->scales = syn_scale(f, &e->shift);
	raise_to(&e->sent, seq_end(f));
	if ((f->flags & TCP_ACK) == 0)
		return;
	if ((f->flags & TCP_SYN) != 0)
		raise_to(&e->offered, right_edge(f, false, 0));
	else
		raise_to(&e->offered, right_edge(f, both_scale(c), e->shift));
	if (peer->sent.known && !is_after(f->ack, peer->sent.at))
		raise_to(&e->acked, f->ack);
}

/* A SYN at another number on the same addresses and ports: another connection. */
static void begin_anew(struct pace *p, struct conn *c, const struct frame *f)
{
	if (c->has_syn && c->syn_seq == f->seq)
		return;
	for (enum side s = SIDE_AGENT; s < SIDES; s++) {
		while (c->end[s].first != NULL) {
			struct held *h = unhold(p, &c->end[s]);

			p->counts.forced++;
			p->env.feed(p->env.ctx, s, h->bytes, h->len);
			free(h);
		}
		end_clear(p, &c->end[s]);
	}
	c->has_syn = true;
	c->syn_seq = f->seq;
}

void pace_recorded(struct pace *p, enum side from, uint8_t *bytes, uint32_t len)
{
	struct conn *c = NULL;
	struct frame f;

	if (frame_parse(bytes, len, &f) == DROP_NONE && f.kind == FRAME_TCP)
		c = conn_of(p, &f, from, true);
	if (c == NULL) {
		p->env.feed(p->env.ctx, from, bytes, len);
		return;
	}
	if ((f.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		begin_anew(p, c, &f);
	note_recorded(c, from, &f);
	if ((c->end[from].first != NULL || must_wait(c, from, &f)) &&
			hold(p, &c->end[from], bytes, len))
		touch(p, c);
	else
		feed(p, c, from, bytes, len);
	touch(p, c);
	pace_pump(p);
}

void pace_emitted(struct pace *p, enum side to, const uint8_t *bytes, uint32_t len)
{
	struct conn *c = NULL;
	struct frame f;
	struct end *e;

	if (frame_parse(bytes, len, &f) == DROP_NONE && f.kind == FRAME_TCP)
		c = conn_of(p, &f, side_other(to), false);
	if (c == NULL)
		return;
	e = &c->end[to];
	if ((f.flags & TCP_SYN) != 0)
		e->engine_scales = syn_scale(&f, &e->engine_shift);
	raise_to(&e->engine_sent, seq_end(&f));
	if ((f.flags & TCP_ACK) != 0)
		raise_to(&e->engine_offered,
				right_edge(&f,
						(f.flags & TCP_SYN) == 0 && e->engine_scales &&
								e->scales,
						e->engine_shift));
	touch(p, c);
}

/* Pumping. */

/* An acknowledgement without anything else, of all that the engine has sent so far. */
static void reack(struct pace *p, struct conn *c, enum side from, uint32_t ack)
{
	struct end *e = &c->end[from];
	uint8_t bytes[HEADERS_MAX];
	struct frame f;
	uint32_t total;

	memcpy(bytes, e->head, e->head_len);
	if (frame_parse(bytes, e->head_len, &f) != DROP_NONE)
		return;
	total = f.l4_off + TCP_HEADER;
	bytes[f.l4_off + TCP_DATAOFF] = TCP_HEADER / 4 << 4;
	bytes[f.l4_off + TCP_FLAGS] = TCP_ACK;
	store_be32(bytes + f.l4_off + TCP_SEQ, e->fed_sent.at);
	store_be32(bytes + f.l4_off + TCP_ACKNO, ack);
	segment_length_write(&f, bytes, total);
	segment_cksum_write(&f, bytes, TCP_HEADER);
	raise_to(&e->fed_ack, ack);
	p->counts.reacked++;
	p->env.feed(p->env.ctx, from, bytes, total);
}

static bool may_reack(const struct end *e, uint32_t *ret_ack)
{
	if (!e->acked.known || !e->fed_ack.known || !e->engine_sent.known || e->head_len == 0 ||
			!is_after(e->acked.at, e->fed_ack.at) ||
			!is_after(e->engine_sent.at, e->fed_ack.at))
		return false;
	*ret_ack = is_after(e->acked.at, e->engine_sent.at) ? e->engine_sent.at : e->acked.at;
	return true;
}

static void pump_end(struct pace *p, struct conn *c, enum side from)
{
	struct end *e = &c->end[from];
	uint32_t ack;

	while (e->first != NULL) {
		struct frame f;
		struct held *h = e->first;

		if (frame_parse(h->bytes, h->len, &f) == DROP_NONE && must_wait(c, from, &f))
			break;
		unhold(p, e);
		feed(p, c, from, h->bytes, h->len);
		free(h);
	}
	if (may_reack(e, &ack))
		reack(p, c, from, ack);
}

void pace_pump(struct pace *p)
{
	while (p->touched != NULL) {
		struct conn *c = p->touched;

		p->touched = c->next_touched;
		c->is_touched = false;
		pump_end(p, c, SIDE_AGENT);
		pump_end(p, c, SIDE_PROD);
	}
}

void pace_force(struct pace *p)
{
	for (size_t i = 0; i < p->n_slots; i++) {
		struct conn *c = p->slots[i];

		for (enum side s = SIDE_AGENT; c != NULL && s < SIDES; s++) {
			while (c->end[s].first != NULL) {
				struct held *h = unhold(p, &c->end[s]);

				p->counts.forced++;
				feed(p, c, s, h->bytes, h->len);
				free(h);
			}
		}
	}
	pace_pump(p);
}
