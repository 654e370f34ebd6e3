/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/port/error.h"

#include <stdarg.h>
#include <stdio.h>

int port_error_set(struct port_error *e, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return rc;
}
