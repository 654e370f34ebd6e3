/* SPDX-License-Identifier: Apache-2.0
 * Both directions: byte 0 chooses limits (bits 0 and 1), how much is denied (bits 2 to 5); then each byte
 * is what a client that keeps to the protocol says next, or a step of the bytes on their way. The server
 * is the model of tests/unit/pg/backend.h. Whatever is denied, held, skipped or asked for besides: the
 * session is never bad, what the client sees is a valid conversation, each row has its own columns, and
 * in the end everything was answered. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_pg.h"
#include "tests/unit/pg/relay.h"

static const char *const words[] = {
	"S",
	"H",
	"Q sel 2 2 q1",
	"Q sel 0 1 q2;sel 1 3 q3;upd",
	"Q begin",
	"Q commit",
	"Q rollback",
	"Q err",
	"Q upd;err;sel 1 1 q4",
	"Q ",
	"Q copyout 3;upd",
	"Q notice",
	"F 2101|x",
	"P |sel 3 2 p1",
	"P |sel 3 2 p2",
	"P a|sel 2 1 p3",
	"P a|upd",
	"P b|sel 4 1 p4",
	"P |begin",
	"P |commit",
	"P |",
	"P |copyout 2",
	"P b|err",
	"B |",
	"B |a",
	"B |b|value",
	"B a|a",
	"B b|",
	"B b|b",
	"Bb |a",
	"D S",
	"D Sa",
	"D P",
	"D Pa",
	"D Pb",
	"E |0",
	"E |1",
	"E a|2",
	"E b|0",
	"E b|1",
	"C S",
	"C Sa",
	"C Pa",
	"C Pb",
	"d stray",
	"c",
	"P c|a statement that is longer than the limit of sixty-four bytes, which is 0123456789",
};

enum {
	N_WORDS = sizeof(words) / sizeof(*words),
};

static struct relay r;

/* A client that waits to be asked for data, as libpq does; <how> says what it then sends. */
static void copy(uint8_t how)
{
	const bool is_extended = (how & 1) != 0;

	relay_say(&r, "S"); /* a batch that failed is over */
	relay_drain(&r);
	if (is_extended) {
		relay_say(&r, "C Scopy");
		relay_say(&r, "C Pcopy");
		relay_say(&r, "P copy|copyin");
		relay_say(&r, "B copy|copy");
		relay_say(&r, "E copy|0");
		relay_say(&r, "S");
	} else {
		relay_say(&r, "Q upd;copyin;upd");
	}
	relay_drain(&r);
	if (!relay_is_copying(&r))
		return;
	for (uint8_t i = 0; i < (how >> 1 & 3); i++)
		relay_say(&r, i == 1 && (how & 8) != 0 ? "d poison" : "d row");
	relay_say(&r, (how & 16) != 0 ? "f no" : "c");
	if (is_extended)
		relay_say(&r, "S");
	relay_drain(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 300)
		return 0;
	relay_init(&r, &relay_confs[data[0] & 3], data[0] >> 2 & 15, data[0]);
	for (size_t i = 1; i < size; i++) {
		if (data[i] < N_WORDS)
			relay_say(&r, words[data[i]]);
		else if (data[i] < 96)
			copy(data[i]);
		else
			for (uint8_t n = 0; n < data[i] % 32 && relay_step(&r); n++)
				;
	}
	relay_say(&r, "S");
	relay_done(&r);
	return 0;
}
