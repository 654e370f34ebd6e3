/* SPDX-License-Identifier: Apache-2.0
 * Rule "unparsed", part of every pack: what is not known is denied, and why is said. Also which
 * functions are known by their OID: a FunctionCall has no name (protocol-message-formats.html). */
#include "ruleset/match/match_priv.h"

#define UNPARSED  .id = "unparsed", .may_hold = true
#define UNCERTAIN .id = "unparsed"

/* SQLSTATEs: errcodes-appendix.html */
static const struct match_says why[SQL_RC_MAX] = {
	[SQL_OK] = { UNCERTAIN, .code = "0A000",
			"The text of this statement is not known for certain",
			"Prepare it again, and wait for the answer before it is run" },
	[SQL_SYNTAX] = { UNPARSED, .code = "42601",
			"The statement is not valid SQL for this gateway, which reads it as "
			"PostgreSQL 15 does",
			"Correct the statement; what only newer servers understand cannot be "
			"judged" },
	[SQL_UNSAFE_ENCODING] = { UNPARSED, .code = "0A000",
			"Text in this client_encoding cannot be judged",
			"Connect with client_encoding=UTF8" },
	[SQL_TOO_LARGE_INLINE] = { UNPARSED, .code = "54000",
			"The statement is too long to be judged",
			"Send values as parameters, or in several statements" },
	[SQL_TOO_LARGE] = { UNPARSED, .code = "54000", "The statement is too long to be judged",
			"Send values as parameters, or in several statements" },
	[SQL_TOO_DEEP] = { UNPARSED, .code = "54000",
			"The statement is nested too deep to be judged",
			"Write it with less nesting, or in several statements" },
	[SQL_TOO_COMPLEX] = { UNPARSED, .code = "54000",
			"The statement is too complex to be judged",
			"Split it into several statements" },
	[SQL_NO_ROOM] = { UNPARSED, .code = "54000", "The statement is too complex to be judged",
			"Split it into several statements" },
	[SQL_SPLIT_STRING] = { UNPARSED, .code = "0A000",
			"A string that goes on behind a comment cannot be judged",
			"Write the string in one piece" },
	[SQL_DISAGREE] = { UNPARSED, .code = "0A000",
			"Where statements begin and end is not certain",
			"Send each statement alone" },
};

static const struct match_says unknown_function = { UNCERTAIN, .code = "0A000",
	.reason = "A function called by its number is known only where it works on large objects",
	"Call it by its name: SELECT name(...)" };

/* In the order of OIDs. pg_proc.dat of PostgreSQL 15; OIDs of built-in functions never change. */
static const struct {
	uint32_t oid;
	enum lo_function is;
} large_objects[] = {
	{ 715, LO_WRITES },  /* lo_create */
	{ 952, LO_READS },   /* lo_open: to write it is to call one of the others */
	{ 953, LO_READS },   /* lo_close */
	{ 954, LO_READS },   /* loread */
	{ 955, LO_WRITES },  /* lowrite */
	{ 956, LO_READS },   /* lo_lseek */
	{ 957, LO_WRITES },  /* lo_creat */
	{ 958, LO_READS },   /* lo_tell */
	{ 964, LO_WRITES },  /* lo_unlink */
	{ 1004, LO_WRITES }, /* lo_truncate */
	{ 3170, LO_READS },  /* lo_lseek64 */
	{ 3171, LO_READS },  /* lo_tell64 */
	{ 3172, LO_WRITES }, /* lo_truncate64 */
};

enum lo_function match_lo_function(uint32_t oid)
{
	for (size_t i = 0; i < N_OF(large_objects); i++) {
		if (large_objects[i].oid == oid)
			return large_objects[i].is;
	}
	return LO_NONE;
}

const struct match_says *match_unknown(const struct match_command *c)
{
	if (!c->is_known)
		return &why[SQL_OK];
	if (c->function_oid != 0)
		return match_lo_function(c->function_oid) == LO_NONE ? &unknown_function : NULL;
	if ((unsigned int)c->sql >= SQL_RC_MAX || (c->sql == SQL_OK && c->facts == NULL))
		return &why[SQL_OK];
	return c->sql == SQL_OK ? NULL : &why[c->sql];
}
