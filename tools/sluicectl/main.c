/* SPDX-License-Identifier: Apache-2.0
 * The command line, the table of verbs, --watch. */
#include "tools/sluicectl/ctl.h"
#include "tools/sluicectl/watch.h"

#include <curl/curl.h>

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	OPTIONS_MAX = 24,
	OPTION_WATCH = 256,
	OPTION_VERB = 512, /* and up: of the verb's table */
	WATCH_DEFAULT_S = 2,
	WATCH_MAX_S = 3600,
	WIDTH_MIN = 40,
};

static const struct ctl_verb *const verbs[] = { &ctl_status, &ctl_wires, &ctl_targets, &ctl_flows,
	&ctl_sessions, &ctl_holds, &ctl_actors, &ctl_stats, &ctl_kill, &ctl_rules, &ctl_ca, NULL };

static const char default_socket[] = "/run/sluice/api.sock";

uint64_t ctl_u64(const json_t *object, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(object, key));

	return v > 0 ? (uint64_t)v : 0;
}

const char *ctl_text(const json_t *object, const char *key)
{
	const char *v = json_string_value(json_object_get(object, key));

	return v == NULL ? "-" : v;
}

bool ctl_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const char *ctl_endpoint(char text[CTL_ENDPOINT_MAX], const json_t *endpoint)
{
	const char *address = ctl_text(endpoint, "address");
	const bool is_v6 = strchr(address, ':') != NULL;

	snprintf(text, CTL_ENDPOINT_MAX, is_v6 ? "[%s]:%u" : "%s:%u", address,
			(unsigned)ctl_u64(endpoint, "port"));
	return text;
}

bool ctl_is_hex(const char *text)
{
	return strspn(text, "0123456789abcdef") == 16;
}

bool ctl_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	unsigned long v;
	char *rest;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	v = strtoul(text, &rest, 10);
	if (errno != 0 || *rest != '\0' || v < min || v > max)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* Help. */

static void print_common(FILE *to)
{
	fprintf(to,
			"Options:\n"
			"  -s, --socket PATH      the daemon's socket; else $SLUICE_SOCKET, else\n"
			"                         %s\n"
			"  -o, --output FORMAT    table: for people (default); json: for programs\n"
			"      --watch[=SECONDS]  again and again, every %d s unless said otherwise\n"
			"  -h, --help             this\n"
			"\n"
			"Exit status: 0 done, 1 refused, 2 wrong usage, 3 no daemon answers.\n",
			default_socket, WATCH_DEFAULT_S);
}

static void print_help(FILE *to)
{
	fprintf(to, "sluicectl %s: what sluiced does, and has it done\n\n", SLUICE_VERSION);
	fprintf(to, "usage: sluicectl [OPTIONS] VERB [OPTIONS]\n\nVerbs:\n");
	for (const struct ctl_verb *const *v = verbs; *v != NULL; v++)
		fprintf(to, "  %-8s %s\n", (*v)->name, (*v)->summary);
	fprintf(to, "  %-8s this, or the help of a verb: sluicectl help VERB\n\n", "help");
	print_common(to);
	fprintf(to, "Colours appear on a terminal only, and not when $NO_COLOR is set.\n");
}

static void print_verb_help(FILE *to, const struct ctl_verb *v)
{
	fprintf(to, "usage: sluicectl [OPTIONS] %s%s%s [OPTIONS]\n\n%s\n\n", v->name,
			v->argument == NULL ? "" : " ", v->argument == NULL ? "" : v->argument,
			v->about);
	for (const struct ctl_option *o = v->options; o != NULL && o->name != NULL; o++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value == NULL ? "" : " ",
				o->value == NULL ? "" : o->value);
		fprintf(to, "%s      %-18s %s\n", o == v->options ? "Of this verb:\n" : "", left,
				o->text);
	}
	if (v->options != NULL)
		fputc('\n', to);
	print_common(to);
}

static const struct ctl_verb *verb_find(const char *name)
{
	const struct ctl_verb *const *v = verbs;

	while (*v != NULL && strcmp((*v)->name, name) != 0)
		v++;
	if (*v == NULL)
		fprintf(stderr, "sluicectl: there is no verb '%s': see sluicectl help\n", name);
	return *v;
}

static int help(const char *about)
{
	const struct ctl_verb *v = about == NULL ? NULL : verb_find(about);

	if (about == NULL)
		print_help(stdout);
	else if (v != NULL)
		print_verb_help(stdout, v);
	return about == NULL || v != NULL ? CTL_OK : CTL_USAGE;
}

/* The command line. */

static const struct option common[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "output", required_argument, NULL, 'o' },
	{ "watch", optional_argument, NULL, OPTION_WATCH },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
};

enum { N_COMMON = sizeof(common) / sizeof(common[0]) };

static bool set_output(struct ctl *c, const char *value)
{
	c->is_json = strcmp(value, "json") == 0;
	if (c->is_json || strcmp(value, "table") == 0)
		return true;
	fprintf(stderr, "sluicectl: --output is table or json, not '%s'\n", value);
	return false;
}

static bool set_watch(struct ctl *c, const char *value)
{
	c->watch_s = WATCH_DEFAULT_S;
	if (value == NULL || ctl_number(value, 1, WATCH_MAX_S, &c->watch_s))
		return true;
	fprintf(stderr, "sluicectl: --watch takes seconds from 1 to %d, not '%s'\n", WATCH_MAX_S,
			value);
	return false;
}

static bool set_of_verb(struct ctl *c, const struct ctl_option *o, const char *value)
{
	const char *wrong = o->set(c, value);

	if (wrong != NULL)
		fprintf(stderr, "sluicectl: --%s %s\n", o->name, wrong);
	return wrong == NULL;
}

/* Common options and, behind a verb, its own. */
static void options_join(const struct ctl_verb *v, struct option out[OPTIONS_MAX])
{
	int n = N_COMMON;

	memset(out, 0, OPTIONS_MAX * sizeof(out[0]));
	memcpy(out, common, sizeof(common));
	for (int i = 0; v != NULL && v->options != NULL && v->options[i].name != NULL; i++) {
		if (n + 1 == OPTIONS_MAX)
			break;
		out[n++] = (struct option){ v->options[i].name,
			v->options[i].value == NULL ? no_argument : required_argument, NULL,
			OPTION_VERB + i };
	}
}

/* What reading options ended with. */
enum parsed {
	PARSED_ALL,
	PARSED_HELP,
	PARSED_VERSION,
	PARSED_WRONG,
};

static enum parsed parse_options(struct ctl *c, const struct ctl_verb *v, int argc, char **argv)
{
	struct option options[OPTIONS_MAX];
	int o;

	options_join(v, options);
	optind = 0; /* GNU: begin anew */
	while ((o = getopt_long(argc, argv, v == NULL ? "+s:o:hV" : "s:o:hV", options, NULL)) !=
			-1) {
		bool good = true;

		if (o == 'h')
			return PARSED_HELP;
		if (o == 'V')
			return PARSED_VERSION;
		if (o == 's')
			c->socket = optarg;
		else if (o == 'o')
			good = set_output(c, optarg);
		else if (o == OPTION_WATCH)
			good = set_watch(c, optarg);
		else if (o >= OPTION_VERB && v != NULL)
			good = set_of_verb(c, &v->options[o - OPTION_VERB], optarg);
		else
			good = false;
		if (!good)
			return PARSED_WRONG;
	}
	return PARSED_ALL;
}

/* The action's name and what it is done to: <v> becomes a verb of that one action. */
static bool parse_action(struct ctl *c, struct ctl_verb *v, int argc, char **argv)
{
	const struct ctl_action *a = v->actions;

	while (argc > 0 && a->name != NULL && strcmp(a->name, argv[0]) != 0)
		a++;
	if (argc == 0 || a->name == NULL) {
		fprintf(stderr, "sluicectl: %s takes one of %s\n", v->name, v->argument);
		return false;
	}
	if (!a->takes_many && argc != (a->object == NULL ? 1 : 2)) {
		fprintf(stderr, "sluicectl: %s %s takes %s: see sluicectl help %s\n", v->name,
				a->name, a->object == NULL ? "nothing more" : a->object, v->name);
		return false;
	}
	c->argument = a->name;
	c->object = a->object == NULL ? NULL : argv[1]; /* NULL ends <argv> */
	c->objects = argv + 1;
	c->n_objects = (size_t)argc - 1;
	v->runs_once = a->runs_once;
	v->fetch = a->fetch;
	v->show = a->show;
	return true;
}

static bool parse_one(struct ctl *c, const struct ctl_verb *v, int argc, char **argv)
{
	int expected = v->argument == NULL ? 0 : 1;

	if (argc != expected) {
		fprintf(stderr,
				expected == 0 ? "sluicectl: %s takes no argument\n"
					      : "sluicectl: %s takes one argument: see sluicectl help %s\n",
				v->name, v->name);
		return false;
	}
	if (expected == 1)
		c->argument = argv[0];
	return true;
}

static bool parse_argument(struct ctl *c, struct ctl_verb *v, int argc, char **argv)
{
	if (!(v->actions == NULL ? parse_one(c, v, argc, argv) : parse_action(c, v, argc, argv)))
		return false;
	if (c->watch_s == 0 || !v->runs_once)
		return true;
	fprintf(stderr, "sluicectl: %s cannot be watched\n", v->name);
	return false;
}

static void find_terminal(struct ctl *c)
{
	const char *no_color = getenv("NO_COLOR"), *columns = getenv("COLUMNS");
	bool is_tty = isatty(STDOUT_FILENO) == 1;
	struct winsize size;
	uint32_t width;

	c->out = stdout;
	c->colour = is_tty && (no_color == NULL || no_color[0] == '\0');
	c->width = SIZE_MAX;
	if (columns != NULL && ctl_number(columns, 1, UINT16_MAX, &width))
		c->width = width;
	else if (is_tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		c->width = size.ws_col;
	if (c->width < WIDTH_MIN)
		c->width = WIDTH_MIN;
}

static int end_early(enum parsed p, const struct ctl_verb *v)
{
	if (p == PARSED_HELP)
		return help(v == NULL ? NULL : v->name);
	if (p == PARSED_VERSION) {
		printf("sluicectl %s\n", SLUICE_VERSION);
		return CTL_OK;
	}
	fprintf(stderr, "sluicectl: see sluicectl help%s%s\n", v == NULL ? "" : " ",
			v == NULL ? "" : v->name);
	return CTL_USAGE;
}

/* The verb and its arguments begin at argv[0]. */
static int run_verb(struct ctl *c, int argc, char **argv, char *program)
{
	const struct ctl_verb *v;
	struct ctl_verb run;
	enum parsed p;
	int rc;

	if (strcmp(argv[0], "help") == 0)
		return argc > 2 ? end_early(PARSED_WRONG, NULL) : help(argv[1]);
	v = verb_find(argv[0]);
	if (v == NULL)
		return CTL_USAGE;
	argv[0] = program; /* getopt_long() names it in its complaints */
	p = parse_options(c, v, argc, argv);
	if (p != PARSED_ALL)
		return end_early(p, v);
	run = *v;
	if (!parse_argument(c, &run, argc - optind, argv + optind))
		return CTL_USAGE;
	find_terminal(c);
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
		fprintf(stderr, "sluicectl: libcurl does not start\n");
		return CTL_UNREACHABLE;
	}
	rc = c->watch_s == 0 ? watch_once(c, &run) : watch_forever(c, &run);
	curl_global_cleanup();
	return rc;
}

int main(int argc, char **argv)
{
	struct ctl c = { .socket = getenv("SLUICE_SOCKET") };
	enum parsed p;

	if (c.socket == NULL || c.socket[0] == '\0')
		c.socket = default_socket;
	p = parse_options(&c, NULL, argc, argv);
	if (p != PARSED_ALL)
		return end_early(p, NULL);
	if (optind == argc) {
		print_help(stderr);
		return CTL_USAGE;
	}
	return run_verb(&c, argc - optind, argv + optind, argv[0]);
}
