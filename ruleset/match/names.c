/* SPDX-License-Identifier: Apache-2.0
 * The names of packs, alone: who only checks names need not be linked with the rules. */
#include "ruleset/match/match.h"

const char *const policy_pack_names[] = { "sql-risk", "read-only", NULL };
