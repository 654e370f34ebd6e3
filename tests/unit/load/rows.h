/* SPDX-License-Identifier: Apache-2.0
 * Tables of what can be wrong. */
#pragma once

#include "tests/unit/load/expect.h"

extern const struct load_row rows_file[];
extern const size_t n_rows_file;
extern const struct load_row rows_data[], rows_commands[];
extern const size_t n_rows_data, n_rows_commands;
