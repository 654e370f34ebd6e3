/* SPDX-License-Identifier: Apache-2.0
 * One flow under an inspector, and its two ends: over the engine (bed_engine.c) or over the fake
 * (bed_fake.c). The ends send bed_byte()s, take and acknowledge what comes. */
#pragma once

#include "dataplane/tcp/inspector.h"
#include "tests/support/stream_fake.h"

#include <stddef.h>
#include <stdint.h>

enum { BED_SEG_MAX = 60 };

extern struct relay *bed_relay;
extern struct flow *bed_flow;

/* The handshake is done. */
void bed_begin(const struct inspector *inspector);
void bed_end(void);
/* One segment, then one turn of the loop. */
void bed_arrive(enum side from, uint32_t n);
void bed_fin(enum side from);
void bed_rst(enum side from);
/* The loop turns until nothing moves; the ends take nothing. */
void bed_turn(void);
/* All that is on its way to <to> arrives; how many bytes. They are behind those of earlier calls. */
size_t bed_take(enum side to, uint8_t *buf, size_t size);
/* Behind what was taken. */
enum fake_end bed_seen(enum side to);
/* Byte <i> that this side sends. */
uint8_t bed_byte(enum side from, uint32_t i);
uint64_t bed_now_us(void);
/* No room anywhere, as when memory has run out. */
void bed_pressure(bool is_black);
