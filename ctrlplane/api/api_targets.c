/* SPDX-License-Identifier: Apache-2.0
 * GET /v1/targets: what the configuration protects. */
#include "ctrlplane/api/api_priv.h"

#include <arpa/inet.h>

static void set_address(json_t *object, const struct conf_target *t)
{
	const bool is_v4 = flow_addr_is_v4(t->addr) && t->prefix >= 96;
	char ip[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];

	inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? t->addr + 12 : t->addr, ip, sizeof(ip));
	if (t->prefix == 128)
		snprintf(text, sizeof(text), "%s", ip);
	else
		snprintf(text, sizeof(text), "%s/%d", ip, is_v4 ? t->prefix - 96 : t->prefix);
	api_set_text(object, "address", text);
}

static json_t *target_object(const struct conf_target *t)
{
	json_t *object = json_object();

	api_set_text(object, "name", t->name);
	set_address(object, t);
	if (t->port != 0)
		api_set_u64(object, "port", t->port);
	else
		api_set(object, "port", json_null());
	api_set_text(object, "protocol", t->protocol == CONF_PROTOCOL_TCP ? "tcp" : "postgres");
	api_set_text(object, "mode",
			t->xlate ? relay_mode_name(MODE_XLATE) : relay_mode_name(t->policy.mode));
	api_set_bool(object, "asks_who", t->n_actors > 0);
	return object;
}

void api_get_targets(const struct api_request *rq, struct api_reply *reply)
{
	const struct conf *c = rq->api->conf;
	json_t *answer = json_object(), *list = json_array();

	for (size_t i = 0; i < c->n_targets; i++)
		json_array_append_new(list, target_object(&c->targets[i]));
	api_set(answer, "targets", list);
	api_reply_json(reply, answer);
}
