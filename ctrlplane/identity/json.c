/* SPDX-License-Identifier: Apache-2.0
 * JSON from strangers: no member twice, bounded depth (RFC 8725 2.4, RFC 7515 4, RFC 7519 4). */
#include "ctrlplane/identity/identity_priv.h"

/* jansson allows 2,048 levels, on the stack. What is inside of texts does not nest. */
static bool is_deep(struct span text)
{
	size_t depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];

		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
			return true;
		else if (!in_text && (c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return false;
}

enum identity_reason json_object_load(struct span text, enum identity_reason or, json_t **ret)
{
	json_error_t e;
	json_t *value;

	if (is_deep(text))
		return IDENTITY_JSON_DEEP;
	value = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &e);
	if (value == NULL)
		return json_error_code(&e) == json_error_duplicate_key ? IDENTITY_JSON_DUPLICATE
								       : or
				;
	if (!json_is_object(value)) {
		json_decref(value);
		return or ;
	}
	*ret = value;
	return IDENTITY_OK;
}

const char *json_short_text(const json_t *value)
{
	const size_t len = json_string_length(value);

	return len >= 1 && len <= ACTOR_TEXT_MAX ? json_string_value(value) : NULL;
}
