/* SPDX-License-Identifier: Apache-2.0
 * From what the server answered to a catalogue. Pure, but for libpg_query's heap (parsers/sql/facts.h), and it may
 * take its time where there are many views: any thread, the caller's memory. The server's words are not trusted. */
#pragma once

#include "parsers/base/outbuf.h"
#include "parsers/sql/facts.h"
#include "ruleset/match/catalog.h"

struct policy;

enum {
	CATALOG_FIELDS = 8, /* of a row, all text */
	CATALOG_NAME_MAX =
			255, /* bytes: NAMEDATALEN - 1 of the server's, in the client's encoding */
};

struct catalog_source {
	const struct policy *policy; /* that of the query */
	struct span rows; /* bodies of DataRow messages, one after the other, in any order */
	struct sql_settings settings; /* its client_encoding: of names and of the text of views */
	const struct sql_limits
			*limits; /* of the text of one view; what is beyond is not to be told */
};

/* One row in the form of a DataRow message's body (protocol 3.0, "Message Formats"). ptr NULL: NULL. */
void catalog_row_put(const struct span *fields, size_t n, struct outbuf *o);

/* The catalogue, in the first *ret_bytes of <memory>, which points into nothing else: the rest and the rows may be
 * given back. 0; -EBADMSG: rows that the query does not give, or none of a kind that it always gives; -ENOSPC: too
 * little memory (160 bytes for each row, 80 for each column of a view, and 64 KiB for the facts of a view are
 * enough), or views upon views beyond 64 levels. *ret is untouched on failure. */
int catalog_build(const struct catalog_source *source, struct sql_memory memory,
		const struct catalog **ret, size_t *ret_bytes);

/* The same catalogue in <to>: <bytes> as catalog_build() said, aligned to 8. */
const struct catalog *catalog_copy(const struct catalog *c, size_t bytes, void *to);
