/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/scenario.h"
const struct scenario scenarios_hold[] = { { 0 } };
