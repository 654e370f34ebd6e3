/* SPDX-License-Identifier: Apache-2.0
 * Lower-case spellings of string literals, made by the compiler: a .tbl.h row then has its name
 * once, as an enum symbol, and the counters' names cannot drift from it.
 *
 *	static const char names[X_MAX][LOWER_SIZE] = {
 *	#define ROW(sym) [X_##sym] = LOWER_INIT(#sym),
 */
#pragma once

enum { LOWER_SIZE = 33 }; /* the longest name that LOWER_INIT() takes, and its NUL */

#define LOWER_AT(s, i) ((i) < sizeof(s) ? (s)[(i) < sizeof(s) ? (i) : 0] : '\0')
#define LOWER_CHAR(c)  ((char)((c) >= 'A' && (c) <= 'Z' ? (c) - 'A' + 'a' : (c)))
#define LOWER_1(s, i)  LOWER_CHAR(LOWER_AT(s, i))
#define LOWER_4(s, i)  LOWER_1(s, i), LOWER_1(s, (i) + 1), LOWER_1(s, (i) + 2), LOWER_1(s, (i) + 3)
#define LOWER_16(s, i) LOWER_4(s, i), LOWER_4(s, (i) + 4), LOWER_4(s, (i) + 8), LOWER_4(s, (i) + 12)
#define LOWER_INIT(s)                                                                              \
	{                                                                                          \
		LOWER_16(s, 0), LOWER_16(s, 16), LOWER_AT(s, 32)                                   \
	}
