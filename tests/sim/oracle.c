/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/oracle.h"

#include "tests/sim/rng.h"

#include <string.h>

static uint64_t oracle_word(uint64_t key, uint64_t i)
{
	return rng_mix(key ^ (i * 0xd1342543de82ef95ull));
}

static uint8_t oracle_byte(uint64_t key, uint64_t off)
{
	return (uint8_t)(oracle_word(key, off / 8) >> (8 * (off % 8)));
}

void oracle_fill(uint64_t key, uint64_t off, uint8_t *dst, size_t n)
{
	while (n > 0 && off % 8 != 0) {
		*dst++ = oracle_byte(key, off++);
		n--;
	}
	for (; n >= 8; n -= 8, off += 8, dst += 8) {
		const uint64_t w = oracle_word(key, off / 8);

		memcpy(dst, &w, 8); /* little-endian, as oracle_byte() has it */
	}
	while (n-- > 0)
		*dst++ = oracle_byte(key, off++);
}

size_t oracle_differs_at(uint64_t key, uint64_t off, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	while (at < n) {
		if ((off + at) % 8 == 0 && n - at >= 8) {
			const uint64_t want = oracle_word(key, (off + at) / 8);

			if (memcmp(bytes + at, &want, 8) == 0) {
				at += 8;
				continue;
			}
		}
		if (bytes[at] != oracle_byte(key, off + at))
			return at;
		at++;
	}
	return n;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "oracle_fill() stores whole words");
