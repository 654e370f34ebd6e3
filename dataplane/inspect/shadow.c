/* SPDX-License-Identifier: Apache-2.0
 * Rules that only watch: judged on the same commands as those in force, and counted. They know no rates, which
 * are counted for the rules in force alone, and what is not known counts against a command (ruleset/match). */
#include "dataplane/inspect/shadow.h"

#include "dataplane/inspect/session_priv.h"
#include "parsers/base/visible.h"
#include "parsers/sql/blank.h"

static void example_put(struct session *s, struct shadow *to, struct span text,
		const struct match_result *in_force, const struct match_result *shadow)
{
	const uint32_t n = atomic_load_explicit(&to->n_examples, memory_order_relaxed);
	const struct sql_settings settings = judge_settings(s);
	struct outbuf blank = ob_of(s->spine->words, sizeof(s->spine->words)), o;
	struct shadow_example *e;

	if (n == SHADOW_EXAMPLES)
		return;
	e = &to->examples[n];
	*e = (struct shadow_example){
		.in_force = in_force->verdict, .shadow = shadow->verdict, .slot = shadow->slot
	};
	o = ob_of(e->text, sizeof(e->text));
	(void)sql_blank_put(&blank, text, &settings);
	visible_put(&o, ob_span(&blank), sizeof(e->text), false);
	e->len = (uint16_t)o.len;
	atomic_store_explicit(&to->n_examples, n + 1, memory_order_release);
}

void shadow_judge(struct session *s, const struct match_command *m, struct span text,
		const struct match_result *in_force)
{
	const struct spine_rules *rules =
			atomic_load_explicit(&s->target->shadow, memory_order_acquire);
	const uint32_t worker = s->spine->conf.worker;
	struct match_command command = *m;
	struct match_context context;
	struct match_result r;
	struct shadow *to;

	if (rules == NULL || s->is_shadowed)
		return;
	s->is_shadowed = true;
	to = rules->shadow[worker];
	context = *m->context;
	context.rates = NULL;
	context.texts = texts_of(s, rules, text);
	command.context = &context;
	match_command(rules->policy, &command, &r);
	to->commands[in_force->verdict][r.verdict]++;
	spine_rules_hit(rules, worker, r.slot);
	if (r.verdict != in_force->verdict)
		example_put(s, to, text, in_force, &r);
}
