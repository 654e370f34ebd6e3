/* SPDX-License-Identifier: Apache-2.0
 * Numbers as people read them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { UNITS_MAX = 32 }; /* bytes of any text below */

const char *units_bytes(char text[UNITS_MAX], uint64_t bytes); /* "0", "812", "1.5K", "12M" */
const char *units_count(char text[UNITS_MAX], uint64_t n);     /* "1,234,567" */
const char *units_duration_ms(
		char text[UNITS_MAX], uint64_t ms); /* "0.3s", "45s", "3m12s", "2h05m", "3d4h" */
const char *units_us(char text[UNITS_MAX], uint64_t us); /* "-" for 0, "48us", "1.2ms", "3.4s" */
const char *units_per_second(char text[UNITS_MAX], double rate); /* "0", "0.5", "12", "1,234" */
const char *units_mbps(char text[UNITS_MAX], uint64_t mbps);     /* "10G", "2.5G", "100M" */
