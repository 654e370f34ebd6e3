/* SPDX-License-Identifier: Apache-2.0
 * GET /v1/stats: every counter with its name and meaning, by worker and in all. */
#include "ctrlplane/api/api_priv.h"

#include <stdlib.h>

/* A column of the workers' numbers. */
struct column {
	const char *name, *text;
	const char *severity; /* NULL: no drop */
};

static const char *severity_name(enum drop_severity s)
{
	switch (s) {
	case DROP_SEV_NOTE:
		return "note";
	case DROP_SEV_WARN:
		return "warn";
	case DROP_SEV_EVIL:
		return "evil";
	}
	return "unknown";
}

/* One number of each worker, <stride> bytes apart from <first> on. */
static json_t *row(struct column c, const void *first, size_t stride, uint32_t n)
{
	json_t *object = json_object(), *workers = json_array();
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t v = *(const uint64_t *)(const void *)((const char *)first + i * stride);

		sum += v;
		json_array_append_new(
				workers, json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v));
	}
	api_set_text(object, "name", c.name);
	api_set_text(object, "text", c.text);
	if (c.severity != NULL)
		api_set_text(object, "severity", c.severity);
	api_set_u64(object, "sum", sum);
	api_set(object, "workers", workers);
	return object;
}

static json_t *stats(const struct counters *all, uint32_t n)
{
	json_t *list = json_array();

	for (unsigned s = 0; s < STAT_MAX; s++) {
		const struct stat_info *i = stat_info(s);

		json_array_append_new(list,
				row((struct column){ i->name, i->text, NULL }, &all[0].stat[s],
						sizeof(*all), n));
	}
	return list;
}

static json_t *drops(const struct counters *all, uint32_t n)
{
	json_t *list = json_array();

	for (unsigned d = DROP_NONE + 1; d < DROP_MAX; d++) {
		const struct drop_info *i = drop_info(d);

		json_array_append_new(list,
				row((struct column){ i->name, i->text, severity_name(i->severity) },
						&all[0].drop[d], sizeof(*all), n));
	}
	return list;
}

const struct api_worker_column api_worker_columns[] = {
	{ "loops", "turns of the poll loop", offsetof(struct worker_stats, loops) },
	{ "idle_loops", "of these, with nothing to do", offsetof(struct worker_stats, idle_loops) },
	{ "busy_cycles", "TSC cycles in turns that did something",
			offsetof(struct worker_stats, busy_cycles) },
	{ "total_cycles", "TSC cycles", offsetof(struct worker_stats, total_cycles) },
	{ "spread_in", "frames taken from other workers",
			offsetof(struct worker_stats, spread_in) },
	{ "spread_out", "frames given to other workers",
			offsetof(struct worker_stats, spread_out) },
	{ "report_lost", "flow reports that found their ring full",
			offsetof(struct worker_stats, report_lost) },
	{ NULL, NULL, 0 },
};

static json_t *loops(const struct worker_stats *all, uint32_t n)
{
	json_t *list = json_array();

	for (const struct api_worker_column *c = api_worker_columns; c->name != NULL; c++)
		json_array_append_new(list,
				row((struct column){ c->name, c->text, NULL },
						(const char *)&all[0] + c->off, sizeof(*all), n));
	return list;
}

static json_t *ports(const struct api *a)
{
	json_t *list = json_array();

	for (uint16_t w = 0; w < a->conf->dataplane.n_wires; w++) {
		for (enum side s = SIDE_AGENT; s < SIDES; s++) {
			json_t *port = api_port_object(a, w, s);

			api_set_text(port, "wire", a->conf->dataplane.wires[w].name);
			api_set_text(port, "side", api_side_name(s));
			json_array_append_new(list, port);
		}
	}
	return list;
}

bool api_sample(const struct api *a, struct api_sample *ret)
{
	ret->n = workers_count(a->workers);
	ret->counters = calloc(ret->n, sizeof(ret->counters[0]));
	ret->stats = calloc(ret->n, sizeof(ret->stats[0]));
	for (uint32_t i = 0; ret->counters != NULL && ret->stats != NULL && i < ret->n; i++) {
		workers_counters(a->workers, i, &ret->counters[i]);
		workers_stats(a->workers, i, &ret->stats[i]);
	}
	return ret->counters != NULL && ret->stats != NULL;
}

void api_sample_done(struct api_sample *s)
{
	free(s->counters);
	free(s->stats);
}

void api_get_stats(const struct api_request *rq, struct api_reply *reply)
{
	struct api_sample sample;
	json_t *answer = json_object();

	if (api_sample(rq->api, &sample)) {
		api_set(answer, "stats", stats(sample.counters, sample.n));
		api_set(answer, "drops", drops(sample.counters, sample.n));
		api_set(answer, "loops", loops(sample.stats, sample.n));
		api_set(answer, "ports", ports(rq->api));
		api_reply_json(reply, json_incref(answer));
	}
	api_sample_done(&sample);
	json_decref(answer);
}
