/* SPDX-License-Identifier: Apache-2.0
 * SipHash-1-3 against the algorithm written down a second time, byte by byte and with its numbers
 * of rounds as arguments, which the paper's own SipHash-2-4 vector then vouches for. */
#include "parsers/base/siphash.h"
#include "tests/unit/net/suite.h"

static uint64_t word_of(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v += (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t turn(uint64_t x, unsigned int left)
{
	return x << left | x >> (64 - left);
}

/* Figure 2.1 of the paper, line by line; v[0..3] are its v0..v3. */
static void rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = turn(v[1], 13);
		v[3] = turn(v[3], 16);
		v[1] ^= v[0];
		v[3] ^= v[2];
		v[0] = turn(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = turn(v[1], 17);
		v[3] = turn(v[3], 21);
		v[1] ^= v[2];
		v[3] ^= v[0];
		v[2] = turn(v[2], 32);
	}
}

/* SipHash-<c>-<d> of <len> bytes (section 2 of the paper). */
static uint64_t reference(int c, int d, const uint8_t key[16], const uint8_t *m, size_t len)
{
	const uint64_t k0 = word_of(key, 8), k1 = word_of(key + 8, 8);
	uint64_t v[4] = { k0 ^ word_of((const uint8_t *)"uespemos", 8),
		k1 ^ word_of((const uint8_t *)"modnarod", 8),
		k0 ^ word_of((const uint8_t *)"arenegyl", 8),
		k1 ^ word_of((const uint8_t *)"setybdet", 8) };

	for (size_t i = 0; i <= len / 8; i++) {
		const size_t n = i < len / 8 ? 8 : len % 8;
		uint64_t w = word_of(m + i * 8, n);

		if (i == len / 8)
			w |= (uint64_t)(len % 256) << 56;
		v[3] ^= w;
		rounds(v, c);
		v[0] ^= w;
	}
	v[2] ^= 0xff;
	rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Appendix A of the paper: key 00..0f, message 00..0e. */
static void test_reference(void)
{
	uint8_t key[16], m[15];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	for (uint8_t i = 0; i < 15; i++)
		m[i] = i;
	CU_ASSERT_EQUAL(reference(2, 4, key, m, 15), 0xa129ca6149be45e5ULL);
}

static void test_words(void)
{
	uint64_t state = 23;

	for (size_t n = 0; n <= 40; n++) {
		for (int i = 0; i < 50; i++) {
			uint64_t words[40];
			uint8_t key[16], m[40 * 8];
			struct siphash_key k;

			for (size_t j = 0; j < sizeof(key); j++)
				key[j] = (uint8_t)suite_random(&state);
			for (size_t j = 0; j < n * 8; j++)
				m[j] = (uint8_t)suite_random(&state);
			for (size_t j = 0; j < n; j++)
				words[j] = word_of(m + j * 8, 8);
			k = (struct siphash_key){ word_of(key, 8), word_of(key + 8, 8) };
			CU_ASSERT_EQUAL(siphash13_words(&k, words, n),
					reference(1, 3, key, m, n * 8));
		}
	}
}

/* Half of the bits change whichever input bit does, key bits too. */
static void test_spread(void)
{
	uint64_t words[6] = { 0 };
	struct siphash_key k = { 0, 0 };
	const uint64_t before = siphash13_words(&k, words, 6);
	int n_changed = 0;

	for (unsigned int bit = 0; bit < 6 * 64; bit++) {
		words[bit / 64] ^= 1ULL << bit % 64;
		n_changed += __builtin_popcountll(before ^ siphash13_words(&k, words, 6));
		words[bit / 64] ^= 1ULL << bit % 64;
	}
	CU_ASSERT(n_changed > 6 * 64 * 30 && n_changed < 6 * 64 * 34);
	k.k1 = 1;
	CU_ASSERT(__builtin_popcountll(before ^ siphash13_words(&k, words, 6)) > 15);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "the reference has the paper's vector", test_reference },
		{ "words as the reference", test_words },
		{ "spread", test_spread },
	};

	return suite_run("siphash", tests, sizeof(tests) / sizeof(*tests));
}
