"""Extract: plan what is missing, read it window by window, announce it.

The twin on the command line is `muster extract <connection>`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from muster import errors
from muster_airflow import assets
from muster_airflow.hooks.source import resolve
from muster_airflow.links import OverviewLink
from muster_airflow.runtime import interval_of, megabytes, quiet, run_kind, settings_now
from muster_airflow.triggers.source import BulkJobsTrigger, SourceClockTrigger
from muster_airflow.work import described, grouped, label, total

if TYPE_CHECKING:
    from airflow.sdk import Context

    from muster.config import Settings, SourceConfig
    from muster.lake import Manifest
    from muster.sources import Source, WindowTask

AT_ONCE = "read_at_once"  # XCom of `plan`: what `finish` reads when the bulk jobs are committed
GRACE_SECONDS = 3.0  # a job that is ready within this needs no deferral
CLOCK_LIMIT = timedelta(hours=20)
JOB_LIMIT = timedelta(hours=6)


class SourceOperator(BaseOperator):
    """Holds the connection id; opens the source inside the task."""

    operator_extra_links = (OverviewLink(),)
    ui_color = "#e8f0f2"

    def __init__(self, *, connection_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connection_id = connection_id

    def opened(self, settings: Settings) -> tuple[SourceConfig, Source]:
        from muster.sources import open_source
        from muster.state import Gates

        config = settings.platform.source(self.connection_id)
        return config, open_source(config, resolve(self.connection_id), gates=Gates.of(settings))

    def wait_for_clock(self, settings: Settings, end: datetime) -> None:
        """Defer unless the source's own clock has passed the last window's end and the hold-back (F21, F39)."""
        config, source = self.opened(settings)
        until = end + config.hold_back
        now = source.server_time()
        if now < until:
            self.log.info("the clock of %s says %s; waiting for %s", self.connection_id, now, until)
            trigger = SourceClockTrigger(self.connection_id, until.isoformat())
            self.defer(trigger=trigger, method_name="execute", timeout=CLOCK_LIMIT)


class PlanExtract(SourceOperator):
    """Work out the windows that no manifest lists yet, and wait until the source's clock is past them.

    Gives one list of windows for each mapped `extract` task; what is read without a bulk job goes to `finish`.
    A run that finds nothing missing makes no call at all.
    """

    def execute(self, context: Context, event: Mapping[str, Any] | None = None) -> list[list[dict[str, Any]]]:
        from muster.lake import Lake
        from muster.sources import plan_windows

        fail_on(event)
        settings = settings_now()
        config = settings.platform.source(self.connection_id)
        interval, kind = interval_of(context, settings), run_kind(context)
        tasks = plan_windows(settings, config, interval, run_kind=kind, lake=Lake(settings.home.lake))
        if tasks and event is None:
            self.wait_for_clock(settings, max(task.window.end for task in tasks))
        bulk, at_once = grouped(config, tasks)
        self.log.info(
            "%s run of %s: %s", kind, interval, described(tasks) or "everything is committed already"
        )
        context["ti"].xcom_push(key=AT_ONCE, value=at_once)
        return bulk


class ExtractWindows(SourceOperator):
    """Read a few windows through bulk jobs: submit, wait without a worker, check, commit. Idempotent by manifest."""

    template_fields: Sequence[str] = ("windows",)

    def __init__(self, *, windows: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.windows = windows

    @property
    def label(self) -> str:
        """What the grid shows instead of the map index: `leads 2026-03-02`."""
        return label(self.windows)

    def execute(
        self, context: Context, event: Mapping[str, Any] | None = None, tickets: list[Any] | None = None
    ) -> dict[str, Any]:
        return self.read_windows(context, event, tickets)

    def read_windows(
        self, context: Context, event: Mapping[str, Any] | None, tickets: list[Any] | None
    ) -> dict[str, Any]:
        """Begin the jobs, or go on with those of these tickets; defer until they are ready; commit."""
        from muster.sources import WindowTask, begin_missing

        fail_on(event)
        settings = settings_now()
        config, source = self.opened(settings)
        tasks = [WindowTask.from_dict(window) for window in self.windows]
        with quiet("httpx", "httpcore"):
            if tickets is None:
                tickets = begin_missing(settings, config, source, tasks)
                self._wait_for_jobs(source, config.poll_seconds, tickets)
            return read(self.log, settings, config, source, tasks, tickets, context)

    def kept(self) -> dict[str, Any]:
        """What `execute` must be given again when the jobs are ready, beside their tickets."""
        return {}

    def _wait_for_jobs(self, source: Source, poll_seconds: float, tickets: list[Any]) -> None:
        """Give fast jobs a moment, then defer: a real one takes minutes, and a worker slot is worth more."""
        waiting = [ticket for ticket in tickets if ticket is not None]
        deadline = time.monotonic() + GRACE_SECONDS
        while waiting := [ticket for ticket in waiting if not source.ready(ticket)]:
            if time.monotonic() + poll_seconds > deadline:
                self.log.info("%d bulk jobs are running at %s", len(waiting), self.connection_id)
                trigger = BulkJobsTrigger(self.connection_id, waiting)
                kept = {"tickets": tickets, **self.kept()}
                self.defer(trigger=trigger, method_name="execute", kwargs=kept, timeout=JOB_LIMIT)
            time.sleep(poll_seconds)


class FinishExtract(SourceOperator):
    """Read what needs no bulk job (lists, deletes, records by key), then announce the source's raw asset."""

    def __init__(self, *, plan_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan_task_id = plan_task_id

    def execute(self, context: Context) -> dict[str, Any]:
        from muster.lake import Lake
        from muster.sources import WindowTask

        settings = settings_now()
        planned = context["ti"].xcom_pull(task_ids=self.plan_task_id, key=AT_ONCE) or []
        if tasks := [WindowTask.from_dict(window) for window in planned]:
            config, source = self.opened(settings)
            with quiet("httpx", "httpcore"):
                read(self.log, settings, config, source, tasks, [None] * len(tasks), context)
        config = settings.platform.source(self.connection_id)
        done = [
            manifest
            for manifest in Lake(settings.home.lake).manifests()
            if (manifest.system, manifest.instance) == (config.system, config.instance)
            and manifest.run_id == context["dag_run"].run_id
        ]
        summary = total(done)
        self.log.info("this run committed %(windows)d windows, %(rows)d rows", summary)
        context["outlet_events"][assets.raw(settings, self.connection_id)].extra = summary
        return summary


def read(
    log: Any,
    settings: Settings,
    config: SourceConfig,
    source: Source,
    tasks: Sequence[WindowTask],
    tickets: Sequence[Any],
    context: Context,
) -> dict[str, Any]:
    """Collect and commit each window; one log line each: rows, size, seconds.

    Where another run has committed a part of a window meanwhile, only its gaps are read, waiting for their jobs here.
    """
    from muster.sources import extract_window

    manifests: list[Manifest] = []
    for task, ticket in zip(tasks, tickets, strict=True):
        began = time.monotonic()
        made = extract_window(settings, config, source, task, ticket, run_id=context["dag_run"].run_id)
        summary = total(made)
        log.info(
            "%s %s: %d rows, %d quarantined, %s, %.1f s",
            task.object, task.window, summary["rows"], summary["quarantined"], megabytes(summary["bytes"]),
            time.monotonic() - began,
        )  # fmt: skip
        if [one.window for one in made] != [task.window]:
            log.info("another run has committed a part of it; %d gaps were read", len(made))
        manifests += made
    return total(manifests)


def fail_on(event: Mapping[str, Any] | None) -> None:
    """Raise in the task what its trigger could not go on with: the same kind of error, so that its retry rule holds."""
    if event and (text := event.get("error")):
        kind = getattr(errors, str(event.get("kind")), errors.SourceError)
        raise kind(str(text))
