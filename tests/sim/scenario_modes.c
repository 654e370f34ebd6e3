/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/scenario.h"
const struct scenario scenarios_modes[] = { { 0 } };
