/* SPDX-License-Identifier: Apache-2.0
 * What of a session changes the meaning of its SQL text. The wire codec follows both by
 * ParameterStatus (GUC_REPORT), never by reading SET commands. */
#pragma once

#include "parsers/base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* client_encoding, as far as a lexer cares. PostgreSQL's scanner works on text that was converted
 * to the server's encoding, where no byte of a multibyte character is below 0x80. We see the text
 * before that, so an encoding that breaks the rule cannot be read and is refused (SQL_ENCODING). */
enum sql_encoding {
	SQL_ENC_UNSAFE, /* SJIS, SHIFT_JIS_2004, BIG5, GBK, UHC, GB18030, JOHAB; and what is unknown */
	SQL_ENC_UTF8,
	SQL_ENC_ASCII_SAFE, /* all others: LATIN1, WIN1252, EUC_JP, KOI8R, SQL_ASCII ... */
};

/* By a value of client_encoding as the server reports it ("UTF8", "LATIN1", "SJIS"). */
enum sql_encoding sql_encoding_of(struct span name);

struct sql_settings {
	enum sql_encoding encoding;
	bool standard_conforming_strings; /* off: '\' escapes in plain strings too */
};
