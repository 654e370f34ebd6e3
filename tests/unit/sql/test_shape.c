/* SPDX-License-Identifier: Apache-2.0
 * Which texts have one shape and which do not; and the cache: never a wrong answer, whatever
 * comes. */
#include "parsers/sql/cache.h"
#include "parsers/sql/lex.h"
#include "parsers/sql/shape.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/sql/scan.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

enum { ROOM = 512 };

static const struct siphash_key secret = { 11, 12 };
static const struct sql_settings standard = { SQL_ENC_UTF8, true };

struct pair {
	const char *a, *b;
};

static int shape_of(const char *text, uint64_t *room, struct sql_shape *ret)
{
	return sql_shape_of((struct span){ (const uint8_t *)text, strlen(text) }, &standard,
			&secret, (struct sql_key_room){ room, ROOM }, ret);
}

static bool is_same(const struct sql_key *a, const struct sql_key *b)
{
	return a->bytes.len == b->bytes.len &&
			memcmp(a->bytes.ptr, b->bytes.ptr, a->bytes.len) == 0;
}

static void check_pair(const struct pair *p, bool wants_same)
{
	static uint64_t room_a[ROOM], room_b[ROOM];
	struct sql_shape a, b;

	CHECK_ROW(p->a, shape_of(p->a, room_a, &a) == 0);
	CHECK_ROW(p->b, shape_of(p->b, room_b, &b) == 0);
	CHECK_ROW(p->a, is_same(&a.key, &b.key) == wants_same);
	CHECK_ROW(p->a, (a.key.hash == b.key.hash) == wants_same);
}

static void test_same(void)
{
	static const struct pair pairs[] = {
		{ "select 1", "SELECT 2" },
		{ "select 'a'", "select E'b\\''" },
		{ "select 'a'", "SELECT/* x */$$b$$ -- y" },
		{ "select a from t where b = 1 and c = 'x'",
				"SELECT a\nFROM t\tWHERE b=22 AND c='yyyy'" },
		{ "select 1.5", "select 99999999999" },
		{ "select * from t limit 5", "SELECT * FROM t LIMIT 5" },
		{ "select a order by 2", "select a ORDER BY 2" },
		{ "select n'a'", "select N'b'" },
		{ "select b'1', x'1'", "select B'0', X'f'" },
		{ "select 'a'\n'b'", "select 'c'" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		check_pair(&pairs[i], true);
}

static void test_other(void)
{
	static const struct pair pairs[] = {
		{ "select a", "select b" },
		{ "select a", "select \"a\"" },
		{ "select \"a\"", "select \"A\"" },
		{ "select ab", "select a b" },
		{ "select 1", "select '1'" },
		{ "select 1", "select 1.0" },
		{ "select 1", "select 2147483648" }, /* no integer for the grammar */
		{ "select $1", "select $2" },
		{ "select $1", "select 1" },
		{ "select b'1'", "select x'1'" },
		{ "select 'a' 'b'", "select 'a'\n'b'" },
		{ "select n'a'", "select n 'a'" },
		{ "select u&'a'", "select 'a'" },
		{ "select u&'a'", "select u & 'a'" },
		{ "select * from t limit 5", "select * from t limit 6" },
		{ "select a fetch first 5 rows only", "select a fetch first 6 rows only" },
		{ "select a, b order by 1", "select a, b order by 2" },
		{ "select u&\"!0061\" uescape '!'", "select u&\"!0061\" uescape '@'" },
		{ "select u&\"a\" uescape '!'", "select u&\"a\" uescape E'!'" },
		{ "select a <> b", "select a != b" },
		{ "select a - -1", "select a @- 1" },
		{ "select 1; select 2", "select 1 select 2" },
		{ "select \x01", "select 1" },
		{ "select \\ 1", "select \x01" },
		{ "select \x05 \x05", "select 1 1" },
		{ "select \"\x05\"", "select \" \x05\"" },
		{ "delete from t where true", "delete from t where false" },
		{ "select null", "select true" },
		{ "select 1 -- ;", "select 1 ;" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		check_pair(&pairs[i], false);
}

/* A text's tokens, written the long way: what a shape must tell apart and nothing else. */
static bool same_tokens(const char *x, const char *y)
{
	struct sql_lex a = sql_lex_of((struct span){ (const uint8_t *)x, strlen(x) }, &standard);
	struct sql_lex b = sql_lex_of((struct span){ (const uint8_t *)y, strlen(y) }, &standard);
	struct sql_token s, t;

	do {
		sql_lex_next(&a, &s);
		sql_lex_next(&b, &t);
		if (s.tok != t.tok)
			return false;
		if (s.tok >= SQL_T_SCONST && s.tok <= SQL_T_FCONST)
			continue;
		if (s.len != t.len)
			return false;
		if (s.tok == SQL_T_WORD ? strncasecmp(x + s.at, y + t.at, s.len) != 0
					: s.tok != SQL_T_NCHAR &&
								memcmp(x + s.at, y + t.at, s.len) !=
										0)
			return false;
	} while (s.tok > SQL_T_ERROR);
	return true;
}

/* Short texts of few pieces, so that many pairs have one shape and many just not. */
static void make_text(uint64_t *state, char *text)
{
	static const char *const pieces[] = { "n", "'a'", "n'a'", "\"a\"", "1", "2", "1.", "\x01",
		"\x05", "\\", "'", " ", "u&", "u&'a'", "b'1'", "$1", "E", "e'a'", "x", "-", "--\n",
		"@", "/**/", "\n'b'", ";", "\"'\"", "$$", "$a$" };
	const size_t n = 1 + suite_random(state) % 4;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *piece =
				pieces[suite_random(state) % (sizeof(pieces) / sizeof(*pieces))];

		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	text[len] = '\0';
}

static void test_injective(void)
{
	static uint64_t room_a[ROOM], room_b[ROOM];
	uint64_t state = 7;
	unsigned int n_same = 0;

	for (int i = 0; i < 600000; i++) {
		char x[64], y[64];
		struct sql_shape a, b;

		make_text(&state, x);
		make_text(&state, y);

		if (shape_of(x, room_a, &a) != 0 || shape_of(y, room_b, &b) != 0)
			continue;
		if (is_same(&a.key, &b.key) != same_tokens(x, y))
			CHECK_ROW(x, is_same(&a.key, &b.key) == same_tokens(x, y));
		n_same += is_same(&a.key, &b.key);
	}
	CU_ASSERT(n_same > 1000);
}

/* Room of every size: the shape, or -ENOBUFS, and no byte beyond. */
static void test_room(void)
{
	static uint64_t whole[ROOM];
	uint64_t state = 99;
	char text[512];

	for (int i = 0; i < 300; i++) {
		struct sql_shape all, shape;
		const size_t len = scan_generate(&state, text, sizeof(text));
		const struct span span = { (const uint8_t *)text, len };
		struct sql_key exact;

		if (shape_of(text, whole, &all) != 0)
			continue;
		for (size_t n = 0; n <= len / 4 + 2; n++) {
			uint64_t *room = calloc(n > 0 ? n : 1, 8);
			const int rc = sql_shape_of(span, &standard, &secret,
					(struct sql_key_room){ room, n }, &shape);

			CHECK_ROW(text, rc == 0 || rc == -ENOBUFS);
			CHECK_ROW(text, rc != 0 || is_same(&shape.key, &all.key));
			CHECK_ROW(text, rc == 0 || n < len / 4 + 2);
			CHECK_ROW(text,
					(sql_exact_key(span, &standard, &secret,
							 (struct sql_key_room){ room, n },
							 &exact) == 0) == (n >= len / 8 + 2));
			free(room);
		}
	}
}

enum { SETS = 16, SLOT = 64 };

static alignas(64) uint8_t memory[SETS * (64 + 4 * SLOT)];

static struct sql_key key_of(uint64_t n, uint64_t hash)
{
	static uint64_t bytes[4][2];
	static unsigned int turn;
	uint64_t *p = bytes[turn++ % 4];

	p[0] = n;
	return (struct sql_key){ { (const uint8_t *)p, 8 }, hash };
}

/* Whatever was put, and however hashes collide: what is found is what was put last for that key. */
static void test_cache_is_right(void)
{
	static uint64_t model[200];
	struct sql_cache cache;
	uint64_t state = 5, n_found = 0;

	CU_ASSERT_EQUAL(sql_cache_bytes(SETS, SLOT), sizeof(memory));
	sql_cache_init(&cache, memory, SETS, SLOT);
	for (int i = 0; i < 200000; i++) {
		const uint64_t n = suite_random(&state) % 200;
		const struct sql_key key = key_of(n + 1, n % 7); /* many keys a hash */
		const struct span value = sql_cache_find(&cache, &key);
		uint64_t now = suite_random(&state);

		if (value.ptr != NULL) {
			n_found++;
			CU_ASSERT(value.len == 8 && memcmp(value.ptr, &model[n], 8) == 0);
			CU_ASSERT_EQUAL((uintptr_t)value.ptr % 8, 0);
		}
		if (suite_random(&state) % 2 == 0 &&
				sql_cache_put(&cache, &key, (struct span){ (uint8_t *)&now, 8 }))
			model[n] = now;
	}
	CU_ASSERT(n_found > 1000);
}

/* What is used between floods stays; a flood alone cannot push it out. */
static void test_cache_flood(void)
{
	struct sql_cache cache;
	uint64_t state = 17;
	unsigned int n_lost = 0;

	sql_cache_init(&cache, memory, SETS, SLOT);
	for (uint64_t n = 1; n <= 16; n++) {
		const struct sql_key key = key_of(n, n);

		CU_ASSERT(sql_cache_put(&cache, &key, (struct span){ (const uint8_t *)"hot", 3 }));
		CU_ASSERT_PTR_NOT_NULL(sql_cache_find(&cache, &key).ptr);
	}
	for (int i = 0; i < 100000; i++) {
		const uint64_t r = suite_random(&state);
		const struct sql_key cold = key_of(r | 1ULL << 63, r);
		const struct sql_key hot = key_of((uint64_t)i % 16 + 1, (uint64_t)i % 16 + 1);

		sql_cache_put(&cache, &cold, (struct span){ (const uint8_t *)"cold", 4 });
		n_lost += sql_cache_find(&cache, &hot).ptr == NULL;
	}
	CU_ASSERT_EQUAL(n_lost, 0);
}

/* Old favourites make place for new ones in the end. */
static void test_cache_ages(void)
{
	struct sql_cache cache;
	unsigned int n_tries = 0;
	struct sql_key key;

	sql_cache_init(&cache, memory, 1, SLOT);
	for (uint64_t n = 1; n <= 4; n++) {
		key = key_of(n, n);
		sql_cache_put(&cache, &key, (struct span){ (const uint8_t *)"old", 3 });
		for (int i = 0; i < 10; i++)
			sql_cache_find(&cache, &key);
	}
	key = key_of(5, 5);
	while (n_tries < 100 &&
			!sql_cache_put(&cache, &key, (struct span){ (const uint8_t *)"new", 3 }))
		n_tries++;
	CU_ASSERT_EQUAL(n_tries, 3);
	CU_ASSERT_PTR_NOT_NULL(sql_cache_find(&cache, &key).ptr);
}

static void test_cache_sizes(void)
{
	uint8_t value[SLOT] = { 1 };
	struct sql_cache cache;
	const struct sql_key key = key_of(9, 9);

	sql_cache_init(&cache, memory, SETS, SLOT);
	CU_ASSERT_FALSE(sql_cache_put(&cache, &key, (struct span){ value, SLOT - 7 }));
	CU_ASSERT_PTR_NULL(sql_cache_find(&cache, &key).ptr);
	CU_ASSERT(sql_cache_put(&cache, &key, (struct span){ value, SLOT - 8 }));
	CU_ASSERT_EQUAL(sql_cache_find(&cache, &key).len, SLOT - 8);
	CU_ASSERT(sql_cache_put(&cache, &key, (struct span){ value, 0 }));
	CU_ASSERT_PTR_NOT_NULL(sql_cache_find(&cache, &key).ptr);
	CU_ASSERT_EQUAL(sql_cache_find(&cache, &key).len, 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "one shape", test_same },
		{ "two shapes", test_other },
		{ "as many shapes as runs of tokens", test_injective },
		{ "room", test_room },
		{ "the cache is right", test_cache_is_right },
		{ "the cache under a flood", test_cache_flood },
		{ "the cache ages", test_cache_ages },
		{ "the cache's sizes", test_cache_sizes },
	};

	return suite_run("shape", tests, sizeof(tests) / sizeof(*tests));
}
