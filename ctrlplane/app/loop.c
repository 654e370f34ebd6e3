/* SPDX-License-Identifier: Apache-2.0
 * The control loop: waits for the api and for signals, and looks after the workers in between. */
#include "ctrlplane/app/app_priv.h"
#include "ctrlplane/log/log.h"
#include "dataplane/port/idle.h"

#include <systemd/sd-daemon.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	REPORTS_BUSY_MS = 10, /* between looks when the last one found reports */
	REPORTS_QUIET_MS = 50,
	REPORTS_A_LOOK = 4096, /* so that the api waits no longer than for these */
	WATCH_US = 1000000,
};

int app_signals_up(struct app *a)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	a->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (a->signal_fd >= 0)
		return 0;
	log_err("app", "signalfd: %s", strerror(errno));
	return -EMFILE;
}

static uint32_t reports_write(struct app *a, uint32_t max)
{
	struct flow_report rep;
	uint32_t worker, n = 0;

	for (; n < max && workers_report_next(a->workers, &worker, &rep); n++)
		log_flow(worker, conf_target_name(a->conf, rep.target), &rep);
	return n;
}

void app_reports_write(struct app *a)
{
	if (a->workers != NULL)
		(void)reports_write(a, UINT32_MAX);
}

static void ports_watch(struct app *a)
{
	for (size_t i = 0; i < a->n_ports; i++) {
		struct port *p = &a->ports[i];

		if (!port_watch(p))
			continue;
		if (p->up)
			log_info("port", "%s: link up", p->device.name);
		else
			log_warn("port", "%s: link down", p->device.name);
	}
}

/* Every worker has turned since the last look. */
static bool workers_turn(struct app *a)
{
	bool all = true;

	for (uint32_t i = 0; i < a->n_workers; i++) {
		uint64_t turns = workers_turns(a->workers, i);

		if (turns == a->turns_seen[i]) {
			log_err("worker", "worker %u does not turn", i);
			all = false;
		}
		a->turns_seen[i] = turns;
	}
	return all;
}

/* systemd restarts us when a worker stands still, because then we do not tell it otherwise. */
static void watch(struct app *a)
{
	ports_watch(a);
	app_wall_clock(a);
	if (workers_turn(a) && a->watchdog_us > 0)
		sd_notify(0, "WATCHDOG=1");
}

static uint64_t watch_interval(struct app *a)
{
	if (sd_watchdog_enabled(0, &a->watchdog_us) <= 0)
		a->watchdog_us = 0;
	return a->watchdog_us > 0 && a->watchdog_us / 3 < WATCH_US ? a->watchdog_us / 3 : WATCH_US;
}

static int shorter(int a_ms, int b_ms)
{
	return a_ms < 0 || b_ms < a_ms ? b_ms : a_ms;
}

/* true: a signal says stop. */
static bool told_to_stop(struct app *a)
{
	struct signalfd_siginfo si;

	if (read(a->signal_fd, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return false;
	if (si.ssi_signo == SIGHUP) {
		app_reload_hup(a, (int32_t)si.ssi_uid);
		return false;
	}
	log_info("app", "stopping: %s", strsignal((int)si.ssi_signo));
	return true;
}

int app_run(struct app *a)
{
	uint64_t interval_us = watch_interval(a), watch_at = port_clock_us() + interval_us, now;
	int wait_ms = REPORTS_QUIET_MS;

	for (;;) {
		struct pollfd fds[3] = { { .fd = a->signal_fd, .events = POLLIN },
			{ .fd = api_fd(a->api), .events = POLLIN },
			{ .fd = reload_fd(a->reload), .events = POLLIN } };

		if (poll(fds, 3, shorter(api_timeout_ms(a->api), wait_ms)) < 0 && errno != EINTR)
			return -errno;
		if (told_to_stop(a))
			return 0;
		reload_run(a->reload);
		api_run(a->api);
		wait_ms = reports_write(a, REPORTS_A_LOOK) > 0 ? REPORTS_BUSY_MS : REPORTS_QUIET_MS;
		now = port_clock_us();
		if (now >= watch_at) {
			watch(a);
			watch_at = now + interval_us;
		}
	}
}
