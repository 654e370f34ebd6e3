/* SPDX-License-Identifier: Apache-2.0
 * What both ends of each connection said, as the engine put it together: without duplicates, in order,
 * the first copy of what overlaps. */
#include "tools/replay/gate.h"

#include <stdlib.h>
#include <string.h>

enum { VIEWS = 64 };

static struct conversation *add(struct tap *t)
{
	const size_t room = t->room == 0 ? 64 : t->room * 2;
	struct conversation *c = calloc(1, sizeof(*c));
	struct conversation **more = t->all;

	if (c != NULL && t->n == t->room)
		more = reallocarray(t->all, room, sizeof(*more));
	if (c == NULL || more == NULL) {
		free(c);
		t->n_lost++;
		return NULL;
	}
	t->room = t->n == t->room ? room : t->room;
	t->all = more;
	t->all[t->n++] = c;
	return c;
}

static void tap_open(struct relay *r, struct flow *f)
{
	struct conversation *c = add(stream_owner(r));

	if (c == NULL)
		return;
	c->key = *stream_key(f);
	c->initiator = stream_initiator(f);
	stream_ctx_set(f, c);
}

static bool room_for(struct conversation *c, enum side from, size_t n)
{
	size_t room = c->room[from] == 0 ? 4096 : c->room[from];
	uint8_t *more;

	while (room < c->len[from] + n)
		room *= 2;
	if (room == c->room[from])
		return true;
	more = realloc(c->bytes[from], room);
	if (more == NULL)
		return false;
	c->bytes[from] = more;
	c->room[from] = room;
	return true;
}

static bool chunk_note(struct conversation *c, enum side from, uint32_t n)
{
	struct tap_chunk *last = c->n_chunks == 0 ? NULL : &c->chunks[c->n_chunks - 1];
	const size_t room = c->chunk_room == 0 ? 64 : c->chunk_room * 2;

	if (last != NULL && last->from == from && last->len <= UINT32_MAX - n) {
		last->len += n;
		return true;
	}
	if (c->n_chunks == c->chunk_room) {
		struct tap_chunk *more = reallocarray(c->chunks, room, sizeof(*more));

		if (more == NULL)
			return false;
		c->chunks = more;
		c->chunk_room = room;
	}
	c->chunks[c->n_chunks++] = (struct tap_chunk){ .from = from, .len = n };
	return true;
}

static void note(struct tap *t, struct conversation *c, enum side from, struct span bytes)
{
	if (c->is_cut || bytes.len == 0)
		return;
	if (bytes.len > GATE_RECORDED_MAX - t->n_bytes || !room_for(c, from, bytes.len) ||
			!chunk_note(c, from, (uint32_t)bytes.len)) {
		c->is_cut = true;
		return;
	}
	memcpy(c->bytes[from] + c->len[from], bytes.ptr, bytes.len);
	c->len[from] += bytes.len;
	t->n_bytes += bytes.len;
}

/* Whole segments are passed, which needs no buffer. */
static void tap_data(struct relay *r, struct flow *f, enum side from)
{
	struct conversation *c = stream_ctx(f);
	struct span views[VIEWS];

	while (stream_len(f, from) > 0) {
		const size_t n = stream_view(r, f, from, views, VIEWS);
		uint32_t len = 0;

		for (size_t i = 0; i < n; i++) {
			if (c != NULL)
				note(stream_owner(r), c, from, views[i]);
			len += (uint32_t)views[i].len;
		}
		if (len == 0 || stream_pass(r, f, from, len) != 0)
			break;
	}
}

const struct inspector inspector_tap = { .name = "tap", .open = tap_open, .data = tap_data };

void tap_done(struct tap *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->all[i]->bytes[SIDE_AGENT]);
		free(t->all[i]->bytes[SIDE_PROD]);
		free(t->all[i]->chunks);
		free(t->all[i]);
	}
	free(t->all);
	*t = (struct tap){ .all = NULL };
}
