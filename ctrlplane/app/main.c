/* SPDX-License-Identifier: Apache-2.0
 * sluiced: reads the command line and the configuration, then runs the appliance. */
#include "ctrlplane/app/app.h"
#include "ctrlplane/conf/conf.h"
#include "ctrlplane/log/log.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum exit_status {
	EXIT_OK,
	EXIT_FAILED,  /* it could not run, or not stop cleanly */
	EXIT_INVALID, /* wrong configuration or command line */
};

struct options {
	const char *conf_path;
	bool check;
};

static void usage(FILE *to)
{
	fputs("usage: sluiced -c FILE          run in the foreground\n"
	      "       sluiced --check -c FILE  say all that is wrong with FILE, and end\n"
	      "       sluiced --version | --help\n"
	      "\n"
	      "Stops cleanly on SIGTERM. Exit status: 0 stopped, 1 could not run, 2 wrong\n"
	      "configuration or command line.\n",
			to);
}

/* -1: go on; else the status to end with. */
static int options_read(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		switch (opt) {
		case 'c':
			o->conf_path = optarg;
			break;
		case 'k':
			o->check = true;
			break;
		case 'v':
			puts("sluiced " SLUICE_VERSION);
			return EXIT_OK;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			usage(stderr);
			return EXIT_INVALID;
		}
	}
	if (o->conf_path != NULL && optind == argc)
		return -1;
	fputs(optind < argc ? "sluiced: unexpected argument\n" : "sluiced: -c FILE is missing\n",
			stderr);
	usage(stderr);
	return EXIT_INVALID;
}

static int conf_read(const char *path, struct conf **ret)
{
	struct doc_errors *errors = calloc(1, sizeof(*errors));
	int rc;

	if (errors == NULL)
		return -ENOMEM;
	rc = conf_load(path, ret, errors);
	if (rc < 0)
		conf_errors_print(stderr, path, errors);
	free(errors);
	return rc;
}

/* Threads that are made later inherit this, so that only the control loop sees these signals. */
static void signals_block(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run(const struct conf *conf)
{
	struct app *app;
	int rc;

	signals_block();
	log_open(conf->log_level);
	if (app_start(conf, &app) < 0)
		return EXIT_FAILED;
	rc = app_run(app);
	if (rc < 0)
		log_err("app", "control loop: %s", strerror(-rc));
	if (app_stop(&app) < 0)
		_exit(EXIT_FAILED);
	log_info("app", "stopped");
	return rc < 0 ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct conf *conf = NULL;
	int status = options_read(argc, argv, &o);

	if (status >= 0)
		return status;
	if (conf_read(o.conf_path, &conf) < 0)
		return EXIT_INVALID;
	if (o.check)
		printf("%s: configuration is valid\n", o.conf_path);
	else
		status = run(conf);
	conf_free(&conf);
	return o.check ? EXIT_OK : status;
}
