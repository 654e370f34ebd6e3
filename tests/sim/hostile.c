/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ep_priv.h"

void hostile_start(struct ep *e)
{
	(void)e;
}

void hostile_fired(struct ep *e)
{
	(void)e;
}

void hostile_twist(struct ep *e, struct seg *s)
{
	(void)e;
	(void)s;
}

void hostile_after_input(struct ep *e, const struct seg *s)
{
	(void)e;
	(void)s;
}
