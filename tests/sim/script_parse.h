/* SPDX-License-Identifier: Apache-2.0
 * One frame of a script, read. */
#pragma once

#include "tests/sim/seg.h"

#include <stdbool.h>
#include <stdint.h>

struct sframe {
	bool together, any_order, any; /* C>+, S<*, payload not compared */
	uint8_t flags;
	bool has_seq, has_ack, has_wnd, has_opts, has_ttl, has_tos, has_mac;
	bool junk, badcsum, badipcsum, has_trunc, has_dataoff, has_frag;
	int32_t seq, ack;
	uint32_t len, trunc, frag_off, frag_len, frag_id;
	uint16_t wnd, urg;
	uint8_t ttl, tos, mac, dataoff;
	struct seg_opts o;
	uint8_t raw[40];
	uint8_t raw_len;
	uint8_t text[200];
	uint32_t text_len;
};

/* What stands behind C> or S<. false: cannot be read. */
bool script_parse_frame(const char *text, struct sframe *ret);
/* 10ms, 5m ... */
uint64_t script_duration_us(const char *text);
