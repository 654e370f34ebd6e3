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

/* Those that the daemon has in force. */
enum ctl_exit rules_apply(const struct ctl *c, json_t **ret_answer);
void rules_apply_show(const struct ctl *c, const json_t *answer);
enum ctl_exit rules_rollback(const struct ctl *c, json_t **ret_answer);
enum ctl_exit rules_in_force(const struct ctl *c, json_t **ret_answer);
void rules_in_force_show(const struct ctl *c, const json_t *answer);
enum ctl_exit rules_history(const struct ctl *c, json_t **ret_answer);
void rules_history_show(const struct ctl *c, const json_t *answer);
enum ctl_exit rules_shadow(const struct ctl *c, json_t **ret_answer);
void rules_shadow_show(const struct ctl *c, const json_t *answer);
enum ctl_exit rules_hits(const struct ctl *c, json_t **ret_answer);
void rules_hits_show(const struct ctl *c, const json_t *answer);
enum ctl_exit rules_diff(const struct ctl *c, json_t **ret_answer);
void rules_diff_show(const struct ctl *c, const json_t *answer);

/* Adds files, and all of folders. False: what is wrong was said. */
bool rules_read(struct rules *rules, char *const *paths, size_t n);
/* A hash in hexadecimal, or the beginning of one. */
bool rules_is_hash(const char *text);
