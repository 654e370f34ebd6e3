/* SPDX-License-Identifier: Apache-2.0
 * What the engine counts and what it calls its states: one name each, fit for a counter's name. */
#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/flow_priv.h"
#include "dataplane/tcp/relay.h"
#include "tests/unit/net/suite.h"

#include <ctype.h>
#include <string.h>

static const char *const symbols[STAT_MAX] = {
#define STAT(sym, text) [STAT_##sym] = #sym,
#include "dataplane/tcp/stat.tbl.h"
#undef STAT
};

static bool is_counter_name(const char *name)
{
	if (!islower((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c != '\0'; c++) {
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	}
	return true;
}

static void test_stats(void)
{
	CU_ASSERT_STRING_EQUAL(stat_info(STAT_RX_FRAMES)->name, "rx_frames");
	for (enum stat_id i = 0; i < STAT_MAX; i++) {
		const struct stat_info *info = stat_info(i);

		CHECK_ROW(symbols[i], strcasecmp(info->name, symbols[i]) == 0);
		CHECK_ROW(symbols[i], is_counter_name(info->name));
		CHECK_ROW(symbols[i], info->text[0] != '\0');
	}
}

/* A drop and a statistic stand in one list in sluicectl: they must not share a name either. */
static void test_no_two_alike(void)
{
	for (enum stat_id i = 0; i < STAT_MAX; i++) {
		for (enum stat_id j = 0; j < i; j++) {
			CHECK_ROW(symbols[i], strcmp(stat_info(i)->name, stat_info(j)->name) != 0);
			CHECK_ROW(symbols[i], strcmp(stat_info(i)->text, stat_info(j)->text) != 0);
		}
		for (enum drop_reason d = DROP_NONE; d < DROP_MAX; d++)
			CHECK_ROW(symbols[i], strcmp(stat_info(i)->name, drop_info(d)->name) != 0);
	}
}

struct enum_names {
	const char *row;
	const char *(*name)(uint8_t value);
	uint8_t n;
};

static const struct enum_names enums[] = {
	{ "state", relay_state_name, FLOW_STATES },
	{ "mode", relay_mode_name, MODES },
	{ "end", relay_end_name, END_REASONS },
};

static void enum_check(const struct enum_names *e)
{
	for (uint8_t i = 0; i < e->n; i++) {
		const char *name = e->name(i);

		CHECK_ROW(e->row, name != NULL && islower((unsigned char)name[0]));
		CHECK_ROW(e->row, strcmp(name, "?") != 0);
		for (uint8_t j = 0; j < i; j++)
			CHECK_ROW(e->row, strcmp(name, e->name(j)) != 0);
	}
	CHECK_ROW(e->row, strcmp(e->name(e->n), "?") == 0);
	CHECK_ROW(e->row, strcmp(e->name(UINT8_MAX), "?") == 0);
}

static void test_enums(void)
{
	for (size_t i = 0; i < sizeof(enums) / sizeof(enums[0]); i++)
		enum_check(&enums[i]);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "statistics are named after their symbols", test_stats },
		{ "no two alike, nor like a drop", test_no_two_alike },
		{ "states, modes and ends", test_enums },
	};

	return suite_run("names", tests, sizeof(tests) / sizeof(*tests));
}
