/* SPDX-License-Identifier: Apache-2.0
 * libbpf and libxdp come with the af_xdp driver, a plugin: they are asked for by name, since a
 * machine without them must do as well. */
#include "dataplane/port/quiet.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Both libraries have this shape: libbpf_print_fn_t, libxdp_print_fn_t. */
typedef int print_fn(int level, const char *fmt, va_list ap);
typedef print_fn *set_print_fn(print_fn *fn);

static void (*line_fn)(const char *text);

static int print_line(int level, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static int print_line(int level, const char *fmt, va_list ap)
{
	char text[256];

	(void)level;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	if (line_fn != NULL && text[0] != '\0')
		line_fn(text);
	return 0;
}

static void redirect(const char *library, const char *setter)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
	void *symbol = handle != NULL ? dlsym(handle, setter) : NULL;
	set_print_fn *set;

	if (symbol != NULL) {
		memcpy(&set, &symbol, sizeof(set)); /* POSIX grants it, ISO C has no cast for it */
		(void)set(print_line);
	}
	if (handle != NULL)
		dlclose(handle); /* the driver still holds it */
}

void port_libraries_log_to(void (*line)(const char *text))
{
	line_fn = line;
	redirect("libbpf.so.1", "libbpf_set_print");
	redirect("libxdp.so.1", "libxdp_set_print");
}
