/* SPDX-License-Identifier: Apache-2.0
 * Wrong configurations and what is said about them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct conf_row_error {
	uint32_t line, column;
	const char *text; /* a part of the message */
};

struct conf_row {
	const char *name;
	const char *yaml;
	struct conf_row_error errors[6]; /* all of them, in order; NULL text ends */
};

extern const struct conf_row conf_rows[], conf_rows_postgres[];
extern const size_t conf_n_rows, conf_n_rows_postgres;
