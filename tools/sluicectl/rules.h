/* SPDX-License-Identifier: Apache-2.0
 * What the actions of sluicectl rules share. */
#pragma once

#include "ctrlplane/policy/rules.h"
#include "ruleset/match/match.h"
#include "ruleset/model/model.h"
#include "tools/sluicectl/ctl.h"

/* The pack that <what> names: a pack's name, or a file (which has a '/' or ends in ".yaml"), which is
 * added to <rules>. NULL: said why. Its name is valid until the next pack is added. */
const struct rules_pack *rules_pack_of(struct rules *rules, const char *what);

/* Facts of <text>, in memory that the next call takes again. */
enum sql_rc rules_facts(const char *text, const struct sql_facts **ret);

/* A text with what a terminal would obey made visible; "" for none. */
json_t *rules_text(struct span text);

enum ctl_exit rules_test(const struct ctl *c, json_t **ret_answer);
void rules_test_show(const struct ctl *c, const json_t *answer);
enum ctl_exit rules_explain(const struct ctl *c, json_t **ret_answer);
void rules_explain_show(const struct ctl *c, const json_t *answer);
