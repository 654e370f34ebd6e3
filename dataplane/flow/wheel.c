/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/flow/wheel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int wheel_init(struct wheel *w, uint32_t n_nodes, uint32_t now_ms)
{
	memset(w, 0, sizeof(*w));
	w->nodes = calloc(n_nodes, sizeof(*w->nodes));
	if (w->nodes == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_nodes; i++)
		w->nodes[i].slot = WHEEL_NONE;
	memset(w->head, 0xff, sizeof(w->head));
	w->now_ms = now_ms;
	return 0;
}

void wheel_done(struct wheel *w)
{
	free(w->nodes);
	w->nodes = NULL;
}

/* now_ms is the next tick to fire: a deadline at or before it goes into its slot. */
static uint32_t slot_for(const struct wheel *w, uint32_t deadline_ms)
{
	int32_t ahead = (int32_t)(deadline_ms - w->now_ms);
	uint32_t far;

	if (ahead <= 0)
		return w->now_ms % WHEEL_SLOTS;
	if (ahead < WHEEL_SLOTS)
		return deadline_ms % WHEEL_SLOTS;
	/* level 1: a slot is 1024 ms; it is emptied when its first millisecond comes */
	far = ((deadline_ms / WHEEL_SLOTS) - (w->now_ms / WHEEL_SLOTS)) &
			(UINT32_MAX / WHEEL_SLOTS);
	if (far >= WHEEL_SLOTS)
		far = WHEEL_SLOTS - 1;
	return WHEEL_SLOTS + ((w->now_ms / WHEEL_SLOTS) + far) % WHEEL_SLOTS;
}

void wheel_set(struct wheel *w, uint32_t index, uint32_t deadline_ms)
{
	struct wheel_node *n = &w->nodes[index];
	uint32_t slot = slot_for(w, deadline_ms);

	n->deadline_ms = deadline_ms;
	if (n->slot == slot)
		return;
	wheel_cancel(w, index);
	n->slot = slot;
	n->prev = WHEEL_NONE;
	n->next = w->head[slot];
	if (n->next != WHEEL_NONE)
		w->nodes[n->next].prev = index;
	w->head[slot] = index;
	w->used[slot / 64] |= 1ULL << (slot % 64);
	w->n_set++;
}

void wheel_cancel(struct wheel *w, uint32_t index)
{
	struct wheel_node *n = &w->nodes[index];

	if (n->slot == WHEEL_NONE)
		return;
	if (n->prev != WHEEL_NONE)
		w->nodes[n->prev].next = n->next;
	else
		w->head[n->slot] = n->next;
	if (n->next != WHEEL_NONE)
		w->nodes[n->next].prev = n->prev;
	if (w->head[n->slot] == WHEEL_NONE)
		w->used[n->slot / 64] &= ~(1ULL << (n->slot % 64));
	n->slot = WHEEL_NONE;
	w->n_set--;
}

/* Distance from <slot> to the next used slot of a level, itself included; WHEEL_SLOTS: none. */
static uint32_t next_used(const struct wheel *w, uint32_t level, uint32_t slot)
{
	const uint64_t *used = &w->used[level * WHEEL_SLOTS / 64];

	for (uint32_t d = 0; d < WHEEL_SLOTS;) {
		uint32_t at = (slot + d) % WHEEL_SLOTS;
		uint64_t bits = used[at / 64] >> (at % 64);

		if (bits != 0)
			return d + (uint32_t)__builtin_ctzll(bits) < WHEEL_SLOTS
					? d + (uint32_t)__builtin_ctzll(bits)
					: WHEEL_SLOTS;
		d += 64 - at % 64;
	}
	return WHEEL_SLOTS;
}

/* A level-1 slot whose time has come: each node is set again, closer. */
static void cascade(struct wheel *w)
{
	uint32_t slot = WHEEL_SLOTS + (w->now_ms / WHEEL_SLOTS) % WHEEL_SLOTS;

	while (w->head[slot] != WHEEL_NONE) {
		uint32_t index = w->head[slot];
		uint32_t deadline_ms = w->nodes[index].deadline_ms;

		wheel_cancel(w, index);
		wheel_set(w, index, deadline_ms);
	}
}

/* Moves now_ms to the next tick with something to do, at most to <now_ms>. */
static void skip_idle(struct wheel *w, uint32_t now_ms)
{
	uint32_t left = now_ms - w->now_ms;
	uint32_t to_boundary = WHEEL_SLOTS - w->now_ms % WHEEL_SLOTS;
	uint32_t step;

	if (w->n_set == 0) {
		w->now_ms = now_ms;
		return;
	}
	step = next_used(w, 0, w->now_ms % WHEEL_SLOTS);
	if (step > to_boundary)
		step = to_boundary;
	if (step > left)
		step = left;
	w->now_ms += step;
	if (step == to_boundary)
		cascade(w);
}

uint32_t wheel_expire(struct wheel *w, uint32_t now_ms)
{
	while ((int32_t)(now_ms - w->now_ms) >= 0) {
		uint32_t index = w->head[w->now_ms % WHEEL_SLOTS];

		if (index != WHEEL_NONE) {
			wheel_cancel(w, index);
			return index;
		}
		if (w->now_ms == now_ms)
			break;
		skip_idle(w, now_ms);
	}
	return WHEEL_NONE;
}

uint32_t wheel_next_in_ms(const struct wheel *w)
{
	uint32_t near, far, to_boundary;

	if (w->n_set == 0)
		return UINT32_MAX;
	near = next_used(w, 0, w->now_ms % WHEEL_SLOTS);
	to_boundary = WHEEL_SLOTS - w->now_ms % WHEEL_SLOTS;
	far = next_used(w, 1, (w->now_ms / WHEEL_SLOTS + 1) % WHEEL_SLOTS);
	if (far < WHEEL_SLOTS)
		far = to_boundary + far * WHEEL_SLOTS;
	else
		far = UINT32_MAX;
	return near < WHEEL_SLOTS && near < far ? near : far;
}
