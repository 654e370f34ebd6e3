/* SPDX-License-Identifier: Apache-2.0
 * What every fuzz target has. Properties are must()s: they hold in every build. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The one entry: libFuzzer calls it, or replay_main.c. Returns 0. <data> is a block of exactly
 * <size> bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
