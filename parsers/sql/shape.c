/* SPDX-License-Identifier: Apache-2.0
 * A shape is a run of tokens, each telling its own end: words have no blank in them and one behind
 * them, quoted ones end at their quote, and a removed literal is a tab, with which no token begins,
 * and a letter for its kind. So no two runs of tokens have the same bytes. */
#include "parsers/sql/shape.h"

#include "parsers/sql/chars_priv.h"
#include "parsers/sql/lex.h"

#include <errno.h>
#include <string.h>

enum { /* bits of a key's first byte, which is never 0 */
	KEY_ALWAYS = 0x40,
	KEY_EXACT = 1,
	KEY_PLAIN_ESCAPES = 2,
	KEY_UTF8 = 4,
};

struct writer {
	uint8_t *p, *end;
};

static uint8_t first_byte(const struct sql_settings *s)
{
	return (uint8_t)(KEY_ALWAYS | (s->standard_conforming_strings ? 0 : KEY_PLAIN_ESCAPES) |
			(s->encoding == SQL_ENC_UTF8 ? KEY_UTF8 : 0));
}

/* The bytes are followed by zeros up to a whole word; no key has a zero in it. */
static void seal(struct sql_key *key, const struct siphash_key *secret, struct sql_key_room room,
		uint8_t *end)
{
	const size_t len = (size_t)(end - (uint8_t *)room.words), n_words = (len + 7) / 8;

	memset(end, 0, n_words * 8 - len);
	key->bytes = (struct span){ (const uint8_t *)room.words, len };
	key->hash = siphash13_words(secret, room.words, n_words);
}

/* What the word before says of a literal; only words that can matter are looked at closer. */
enum before {
	B_NOTHING,
	B_NUMBER_KEPT,
	B_STRING_KEPT,
};

static enum before look(const struct sql_lex *lex, struct sql_token t)
{
	switch (sql_lower[lex->text[t.at]]) {
	case 'b':
		return sql_word_is(lex, t, "by") ? B_NUMBER_KEPT : B_NOTHING;
	case 'f':
		return sql_word_is(lex, t, "first") ? B_NUMBER_KEPT : B_NOTHING;
	case 'l':
		return sql_word_is(lex, t, "limit") ? B_NUMBER_KEPT : B_NOTHING;
	case 'n':
		return sql_word_is(lex, t, "next") ? B_NUMBER_KEPT : B_NOTHING;
	case 'u':
		return sql_word_is(lex, t, "uescape") ? B_STRING_KEPT : B_NOTHING;
	default:
		return B_NOTHING;
	}
}

static bool is_kept(enum before before, enum sql_tok tok)
{
	return (before == B_NUMBER_KEPT && tok == SQL_T_ICONST) ||
			(before == B_STRING_KEPT && tok == SQL_T_SCONST);
}

static bool is_literal(enum sql_tok tok)
{
	return tok >= SQL_T_SCONST && tok <= SQL_T_FCONST;
}

/* Short words, which is to say all, are copied as 16 bytes where there are so many on both
 * sides. */
static inline void put_word(struct writer *w, const struct sql_lex *lex, struct sql_token t)
{
	const uint8_t *p = lex->text + t.at;

	if (t.len <= 16 && lex->end - p >= 16 && w->end - w->p >= 16)
		sql_lower16(w->p, p);
	else
		for (uint32_t i = 0; i < t.len; i++)
			w->p[i] = sql_lower[p[i]];
	w->p += t.len;
}

static inline void put_bytes(struct writer *w, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		w->p[i] = p[i];
	w->p += len;
}

static inline void put_token(struct writer *w, const struct sql_lex *lex, struct sql_token t)
{
	if (t.tok == SQL_T_WORD)
		put_word(w, lex, t);
	else if (t.tok == SQL_T_NCHAR) /* n'a' is no n 'a' */
		put_bytes(w, (const uint8_t *)"n'", 2);
	else
		put_bytes(w, lex->text + t.at, t.len);
	*w->p++ = ' ';
}

static void put_literal(struct writer *w, enum sql_tok tok)
{
	w->p[0] = '\t';
	w->p[1] = (uint8_t)('a' + tok - SQL_T_SCONST);
	w->p += 2;
}

int sql_shape_of(struct span text, const struct sql_settings *settings,
		const struct siphash_key *key, struct sql_key_room room, struct sql_shape *ret)
{
	struct sql_lex lex = sql_lex_of(text, settings);
	struct writer w = { (uint8_t *)room.words, (uint8_t *)(room.words + room.n_words) };
	enum before before = B_NOTHING;
	struct sql_token t;

	ret->n_literals = ret->n_kept = 0;
	if (w.end - w.p < 8)
		return -ENOBUFS;
	*w.p++ = first_byte(settings);
	while (sql_lex_next(&lex, &t) > SQL_T_ERROR) {
		const bool keep = is_kept(before, t.tok) && ret->n_kept < SQL_KEPT_MAX;

		if ((size_t)(w.end - w.p) < (size_t)t.len + 3)
			return -ENOBUFS;
		if (keep)
			ret->kept[ret->n_kept++] = t.at;
		if (is_literal(t.tok) && !keep) {
			put_literal(&w, t.tok);
			ret->n_literals++;
		} else {
			put_token(&w, &lex, t);
		}
		before = t.tok == SQL_T_WORD ? look(&lex, t) : B_NOTHING;
	}
	if (t.tok == SQL_T_ERROR)
		return -EBADMSG;
	seal(&ret->key, key, room, w.p);
	return 0;
}

int sql_exact_key(struct span text, const struct sql_settings *settings,
		const struct siphash_key *key, struct sql_key_room room, struct sql_key *ret)
{
	uint8_t *p = (uint8_t *)room.words;

	if (room.n_words < text.len / 8 + 2)
		return -ENOBUFS;
	*p = first_byte(settings) | KEY_EXACT;
	memcpy(p + 1, text.ptr, text.len);
	seal(ret, key, room, p + 1 + text.len);
	return 0;
}
