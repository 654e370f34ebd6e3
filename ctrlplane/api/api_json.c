/* SPDX-License-Identifier: Apache-2.0
 * Small helpers over jansson, and the names that several answers share. */
#include "ctrlplane/api/api_priv.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_reply_json(struct api_reply *reply, json_t *take)
{
	reply->body = json_dumps(take, JSON_COMPACT);
	reply->len = reply->body == NULL ? 0 : strlen(reply->body);
	json_decref(take);
}

void api_reply_error(struct api_reply *reply, unsigned status, const char *fmt, ...)
{
	json_t *object = json_object();
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	reply->status = status;
	api_set_text(object, "error", text);
	api_reply_json(reply, object);
}

void api_set(json_t *object, const char *key, json_t *take)
{
	json_object_set_new(object, key, take);
}

/* JSON numbers of jansson are signed: a counter that large stays at the end. */
void api_set_u64(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key,
			json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

/* Text that is no UTF-8 becomes null rather than a broken answer. */
void api_set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = json_string(text);

	json_object_set_new(object, key, value == NULL ? json_null() : value);
}

void api_set_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void api_sha256_text(const uint8_t sha256[32], char text[65])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", sha256[i]);
}

void api_set_id(json_t *object, const char *key, uint64_t id)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, id);
	api_set_text(object, key, text);
}

json_t *api_endpoint(const struct flow_key *key, enum side side)
{
	json_t *object = json_object();
	char ip[INET6_ADDRSTRLEN];

	if (flow_key_is_v4(key))
		inet_ntop(AF_INET, key->addr[side] + 12, ip, sizeof(ip));
	else
		inet_ntop(AF_INET6, key->addr[side], ip, sizeof(ip));
	api_set_text(object, "address", ip);
	api_set_u64(object, "port", key->port[side]);
	return object;
}

const char *api_side_name(enum side side)
{
	return side == SIDE_AGENT ? "agent" : "prod";
}

const char *api_pressure_name(uint8_t pressure)
{
	static const char *const names[] = {
		[PRESSURE_GREEN] = "green",
		[PRESSURE_YELLOW] = "yellow",
		[PRESSURE_RED] = "red",
		[PRESSURE_BLACK] = "black",
	};

	return pressure < sizeof(names) / sizeof(names[0]) ? names[pressure] : "unknown";
}
