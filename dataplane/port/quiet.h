/* SPDX-License-Identifier: Apache-2.0
 * Libraries that drivers bring along and that write to stderr of their own accord. */
#pragma once

/* Hands their messages to <line>, one at a time, as far as they are loaded; NULL: to nobody. */
void port_libraries_log_to(void (*line)(const char *text));
