/* SPDX-License-Identifier: Apache-2.0
 * See watch.h. */
#include "tools/sluicectl/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static void print_json(FILE *to, const json_t *answer, size_t flags)
{
	json_dumpf(answer, to, flags);
	fputc('\n', to);
}

int watch_once(struct ctl *c, const struct ctl_verb *v)
{
	json_t *answer = NULL;
	enum ctl_exit rc = v->fetch(c, &answer);

	if (answer == NULL)
		return (int)rc;
	if (c->is_json)
		print_json(c->out, answer, JSON_INDENT(2));
	else if (v->show != NULL)
		v->show(c, answer);
	json_decref(answer);
	return fflush(c->out) == 0 ? (int)rc : CTL_REFUSED;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

/* Of the terminal; 0: unknown. */
static size_t lines_of(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

/* One screen: from the upper left corner, each line cleared behind its text, no flicker; lines that
 * are too long are cut by the terminal (autowrap off), so that they stay lines. */
static void paint(const char *text, size_t lines)
{
	size_t used = 0;

	fputs("\033[H\033[?7l", stdout);
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		if (lines > 0 && ++used >= lines) {
			fputs("...\033[K", stdout);
			break;
		}
		fprintf(stdout, "%.*s\033[K\n", (int)(end - text), text);
	}
	fputs("\033[J\033[?7h", stdout);
}

static void heading(const struct ctl *c, const struct ctl_verb *v)
{
	time_t now = time(NULL);
	struct tm local;
	char at[16];

	localtime_r(&now, &local);
	strftime(at, sizeof(at), "%H:%M:%S", &local);
	fprintf(c->out, "sluicectl %s, every %u s, %s\n\n", v->name, c->watch_s, at);
}

/* For people: into memory first, so that a screen is written at once. */
static void show(struct ctl *c, const struct ctl_verb *v, const json_t *answer)
{
	char *text = NULL;
	size_t len = 0;

	c->out = open_memstream(&text, &len);
	if (c->out == NULL)
		return;
	if (is_terminal())
		heading(c, v);
	v->show(c, answer);
	fclose(c->out);
	c->out = stdout;
	if (is_terminal())
		paint(text, lines_of());
	else
		printf("%s\n", text);
	free(text);
}

static void one_round(struct ctl *c, const struct ctl_verb *v, double *at)
{
	json_t *answer = NULL;
	double now = now_s();

	if (v->fetch(c, &answer) != CTL_OK)
		return;
	c->seconds = now - *at;
	*at = now;
	if (c->is_json)
		print_json(stdout, answer, JSON_COMPACT);
	else
		show(c, v, answer);
	json_decref(c->before);
	c->before = answer;
}

int watch_forever(struct ctl *c, const struct ctl_verb *v)
{
	const struct timespec pause = { .tv_sec = c->watch_s };
	double at = 0;

	if (is_terminal() && !c->is_json)
		fputs("\033[2J", stdout);
	while (true) {
		one_round(c, v, &at);
		if (fflush(stdout) != 0)
			break;
		nanosleep(&pause, NULL);
	}
	json_decref(c->before);
	c->before = NULL;
	return CTL_OK;
}
