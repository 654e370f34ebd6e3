/* SPDX-License-Identifier: Apache-2.0
 * client_encoding by name. The server reports the names of pg_enc2name_tbl (encnames.c). */
#include "parsers/sql/settings.h"

#include <string.h>

/* Those whose multibyte characters never have a byte below 0x80: PG_ENCODING_BE_VALID(). The others
 * are for clients only, just because of this. */
static const char *const ascii_safe[] = {
	"SQL_ASCII",
	"EUC_JP",
	"EUC_CN",
	"EUC_KR",
	"EUC_TW",
	"EUC_JIS_2004",
	"MULE_INTERNAL",
	"LATIN1",
	"LATIN2",
	"LATIN3",
	"LATIN4",
	"LATIN5",
	"LATIN6",
	"LATIN7",
	"LATIN8",
	"LATIN9",
	"LATIN10",
	"WIN1250",
	"WIN1251",
	"WIN1252",
	"WIN1253",
	"WIN1254",
	"WIN1255",
	"WIN1256",
	"WIN1257",
	"WIN1258",
	"WIN866",
	"WIN874",
	"KOI8R",
	"KOI8U",
	"ISO_8859_5",
	"ISO_8859_6",
	"ISO_8859_7",
	"ISO_8859_8",
};

static bool is_name(struct span name, const char *known)
{
	return name.len == strlen(known) && memcmp(name.ptr, known, name.len) == 0;
}

enum sql_encoding sql_encoding_of(struct span name)
{
	if (is_name(name, "UTF8"))
		return SQL_ENC_UTF8;
	for (size_t i = 0; i < sizeof(ascii_safe) / sizeof(*ascii_safe); i++) {
		if (is_name(name, ascii_safe[i]))
			return SQL_ENC_ASCII_SAFE;
	}
	return SQL_ENC_UNSAFE;
}
