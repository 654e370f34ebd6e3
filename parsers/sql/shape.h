/* SPDX-License-Identifier: Apache-2.0
 * A text's shape: its tokens without the values of its literals, in bytes that are the same for
 * texts that differ in literals, letter case, white space and comments alone. What is known of a
 * shape is then known of all its texts, but for what depends on a literal (facts.h says whether).
 *
 * Two texts have the same shape if, and only if, they have the same tokens, literals being compared
 * by kind alone. Kept with their values, since they change what other words mean:
 *   - parameters ($1), quoted identifiers, operators, integers behind LIMIT, FIRST,
 *     NEXT and BY (FETCH FIRST 5 ROWS, ORDER BY 2);
 *   - the string behind UESCAPE, which says what the identifier before it spells. */
#pragma once

#include "parsers/base/siphash.h"
#include "parsers/sql/settings.h"

enum { SQL_KEPT_MAX = 6 };

/* What a cache is asked by: bytes and their keyed hash. */
struct sql_key {
	struct span bytes; /* borrowed: in the buffer that was given */
	uint64_t hash;
};

/* Room for the bytes of a key; whole words, since they are hashed so. */
struct sql_key_room {
	uint64_t *words;
	size_t n_words;
};

struct sql_shape {
	struct sql_key key;
	uint32_t n_literals; /* that were removed */
	uint32_t n_kept;
	uint32_t kept[SQL_KEPT_MAX]; /* where in the text literals stand that were not removed */
};

/* The shape of <text>, which is as sql_lex_of() wants it. Room for twice the text and two words is
 * always enough, for its length mostly. 0, -EBADMSG: the lexer refuses the text, -ENOBUFS. */
int sql_shape_of(struct span text, const struct sql_settings *settings,
		const struct siphash_key *key, struct sql_key_room room, struct sql_shape *ret);

/* The text itself as a key, never equal to a shape's. 0 or -ENOBUFS: room is wanted for the text
 * and two words. */
int sql_exact_key(struct span text, const struct sql_settings *settings,
		const struct siphash_key *key, struct sql_key_room room, struct sql_key *ret);
