/* SPDX-License-Identifier: Apache-2.0
 * What becomes of a command. */
#pragma once

enum verdict { /* a greater one beats a lesser one */
	VERDICT_ALLOW,
	VERDICT_HOLD,
	VERDICT_DENY,
};

const char *verdict_name(enum verdict verdict); /* "allow" */
