/* SPDX-License-Identifier: Apache-2.0
 * Names and texts of the reasons. */
#include "ctrlplane/identity/identity.h"
#include "parsers/base/lower.h"

static const char names[IDENTITY_REASONS][LOWER_SIZE] = {
#define REASON(sym, text) [IDENTITY_##sym] = LOWER_INIT(#sym),
#include "ctrlplane/identity/reason.tbl.h"
#undef REASON
};

static const char *const texts[IDENTITY_REASONS] = {
#define REASON(sym, text) [IDENTITY_##sym] = text,
#include "ctrlplane/identity/reason.tbl.h"
#undef REASON
};

const char *identity_reason_name(enum identity_reason reason)
{
	return (size_t)reason < IDENTITY_REASONS ? names[reason] : "-";
}

const char *identity_reason_text(enum identity_reason reason)
{
	return (size_t)reason < IDENTITY_REASONS ? texts[reason] : "-";
}
