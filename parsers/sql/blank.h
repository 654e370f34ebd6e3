/* SPDX-License-Identifier: Apache-2.0
 * A text for people who are not to see its data: its tokens, each literal a question mark, without
 * comments. */
#pragma once

#include "parsers/base/outbuf.h"
#include "parsers/sql/settings.h"

/* Appends it to <o>, as much of it as there is room for; where the lexer refuses the text nothing more
 * comes, since what follows may be a literal's inside. Not made visible (parsers/base/visible.h): names may
 * hold anything. false: not all of it. */
bool sql_blank_put(struct outbuf *o, struct span text, const struct sql_settings *settings);
