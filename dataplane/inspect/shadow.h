/* SPDX-License-Identifier: Apache-2.0
 * What rules that only watch would have done: counted by each worker, read by the control plane. */
#pragma once

#include "ruleset/model/verdict.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
	SHADOW_VERDICTS = VERDICT_DENY + 1,
	SHADOW_EXAMPLES = 32, /* of each worker: the first on which the two differ */
	SHADOW_TEXT_MAX = 240,
};

/* One statement, its literals blanked, on which the rules in force and the shadow differ. */
struct shadow_example {
	enum verdict in_force, shadow;
	uint32_t slot; /* of the shadow: what decided; UINT32_MAX: no rule of it spoke */
	uint16_t len;  /* of <text>, which is printable */
	uint8_t text[SHADOW_TEXT_MAX];
};

/* One worker's. Only it writes; whoever reads <n_examples> by acquire may read as many of them. */
struct shadow {
	uint64_t commands[SHADOW_VERDICTS]
			 [SHADOW_VERDICTS]; /* by verdict in force, then the shadow's */
	_Atomic uint32_t n_examples;
	struct shadow_example examples[SHADOW_EXAMPLES];
};
