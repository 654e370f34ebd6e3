/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's random numbers, so that an input does the same each time. */
#pragma once

#include <stdint.h>

/* Takes the place of OpenSSL's own, for good. */
void fuzz_random_install(void);
/* What comes from now on follows from <seed>, which is not 0, alone. */
void fuzz_random_seed(uint64_t seed);
