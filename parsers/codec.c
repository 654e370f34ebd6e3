/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/codec.h"

#include <errno.h>

static bool edits_fit(size_t wire_len, const struct codec_edit *edits, size_t n_edits)
{
	size_t at = 0;

	for (size_t i = 0; i < n_edits; i++) {
		if (edits[i].at < at || edits[i].at > wire_len ||
				edits[i].del > wire_len - edits[i].at)
			return false;
		at = (size_t)edits[i].at + edits[i].del;
	}
	return true;
}

int codec_edits_apply(
		struct span wire, const struct codec_edit *edits, size_t n_edits, struct outbuf *o)
{
	const struct outbuf before = *o;
	size_t at = 0;

	if (!edits_fit(wire.len, edits, n_edits))
		return -EINVAL;
	for (size_t i = 0; i < n_edits; i++) {
		ob_put(o, wire.ptr + at, edits[i].at - at);
		ob_put(o, edits[i].put.ptr, edits[i].put.len);
		at = (size_t)edits[i].at + edits[i].del;
	}
	ob_put(o, wire.ptr + at, wire.len - at);
	if (!o->full)
		return 0;
	*o = before;
	return -ENOSPC;
}
