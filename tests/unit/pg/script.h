/* SPDX-License-Identifier: Apache-2.0
 * A conversation as lines, each with what must come of it:
 *
 *	"> Q select 1"   the client says this and it may go
 *	"! Q drop"       the client says this and it is denied
 *	"< T a,b"        the server says this
 *	"= quiet"        the session says this of itself
 *	"= call"         a function is called of our own accord: "called", "again" (not now)
 *	"= query"        a query of our own: "asked", "again"
 *
 * What comes of it: "pass", "drop" or "hold", "moot"; "#4" the message it is or answers; ">P" types of
 * the messages put in towards the server, "<EZ" towards the client; flags of the answer in lower case;
 * "2nd" the index of the statement, "(a,b)" the columns. Or the refusal: "bad order". */
#pragma once

#include "parsers/pg/pg.h"

#include <stddef.h>

struct line {
	const char *says, *becomes;
};

struct script {
	const char *name;
	enum pg_start start;
	const struct pg_conf *conf; /* NULL: the default, without describe */
	struct line lines[40];
};

extern const struct pg_conf script_conf, script_conf_describe;

/* Runs a script; each row that fails is a CUnit failure with its name. */
void script_run(const struct script *script);
