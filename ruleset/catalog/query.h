/* SPDX-License-Identifier: Apache-2.0
 * What a server is asked about the columns that rules name. A pure function: whoever owns the
 * session's connection sends it. */
#pragma once

#include "parsers/base/outbuf.h"

struct policy; /* ruleset/model/model.h */

enum {
	CATALOG_QUERY_MAX = 32 << 10, /* bytes of the text */
	CATALOG_RULES_MAX = 2048,     /* rules of columns in all packs; a pattern alone is none */
};

/* One SELECT without parameters, of ASCII alone and without a backslash in an ordinary string, that
 * any role of PostgreSQL 12 to 18 may run, whatever its settings; to be sent outside of a
 * transaction, since search_path is another until the end of that which it runs in. Its rows are
 * read by catalog_build().
 *
 * Returns how many columns, as rules name them, it asks for; 0: no rule names one, and nothing was
 * put; -ENOSPC: <o> has no room, or there are too many rules. <o> has nothing of it then. A policy
 * always has the same text, so it may be kept. Time: the square of the rules. */
int catalog_query_put(const struct policy *policy, struct outbuf *o);
