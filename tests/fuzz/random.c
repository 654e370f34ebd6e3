/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method() is the short way to determinism */
#include "tests/fuzz/random.h"

#include "parsers/base/must.h"

#include <openssl/rand.h>

static uint64_t state = 1;

static int random_bytes(unsigned char *out, int n)
{
	for (int i = 0; i < n; i++) {
		state ^= state >> 12;
		state ^= state << 25;
		state ^= state >> 27;
		out[i] = (unsigned char)((state * 0x2545f4914f6cdd1dULL) >> 56);
	}
	return 1;
}

static int random_status(void)
{
	return 1;
}

void fuzz_random_install(void)
{
	static const RAND_METHOD method = {
		.bytes = random_bytes, .pseudorand = random_bytes, .status = random_status
	};

	must(RAND_set_rand_method(&method) == 1);
}

void fuzz_random_seed(uint64_t seed)
{
	must(seed != 0);
	state = seed;
}
