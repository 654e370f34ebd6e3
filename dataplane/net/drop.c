/* SPDX-License-Identifier: Apache-2.0
 * Names and texts of the drop reasons, generated from the one table. */
#include "dataplane/net/drop.h"

#include "parsers/base/lower.h"
#include "parsers/base/must.h"

#define DROP(sym, sev, text)                                                                       \
	_Static_assert(sizeof(#sym) <= LOWER_SIZE, "drop reason " #sym ": the name is too long");
#include "dataplane/net/drop.tbl.h"
#undef DROP

static const char drop_names[DROP_MAX][LOWER_SIZE] = {
#define DROP(sym, sev, text) [DROP_##sym] = LOWER_INIT(#sym),
#include "dataplane/net/drop.tbl.h"
#undef DROP
};

static const struct drop_info drop_infos[DROP_MAX] = {
#define DROP(sym, sev, text) [DROP_##sym] = { drop_names[DROP_##sym], text, DROP_SEV_##sev },
#include "dataplane/net/drop.tbl.h"
#undef DROP
};

const struct drop_info *drop_info(enum drop_reason reason)
{
	must(reason < DROP_MAX);
	return &drop_infos[reason];
}
