"""Backfill: tell what loading the past would cost, refuse what takes too long, read it window by window.

The twins on the command line are `muster backfill plan`, `run` and `status`. Which source is read is a parameter of
the run; it is looked up in platform.yml and never put into a text (F97).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from muster.errors import QuotaExhausted, SourceError
from muster_airflow import assets
from muster_airflow.hooks.source import resolve
from muster_airflow.operators.extract import AT_ONCE, ExtractWindows, SourceOperator, fail_on, read
from muster_airflow.runtime import quiet, settings_now
from muster_airflow.triggers.source import MomentTrigger
from muster_airflow.work import grouped, total

if TYPE_CHECKING:
    from airflow.sdk import Context

    from muster.config import Settings, SourceConfig
    from muster.sources import BackfillPlan, Source

PLAN_ID = "plan"  # XCom of the plan task: the id of its plan
COST = "estimate"
MOST_MAPPED = 1000  # Airflow maps to 1,024 tasks at most
AFTER_RESET = timedelta(minutes=5)


class BackfillOperator(SourceOperator):
    """Takes the source from the run's parameters, which its schema has checked, and checks it once more."""

    _found: tuple[SourceConfig, Source] | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(connection_id="", **kwargs)

    def opened(self, settings: Settings) -> tuple[SourceConfig, Source]:
        if self._found is None:
            self._found = super().opened(settings)
        return self._found

    def begun(self, context: Context) -> Settings:
        """The configuration; from here on this task knows its source. Raises BackfillRequestError."""
        from muster.sources.backfill import known_source

        settings = settings_now()
        self.connection_id = known_source(settings, str(context["params"]["connection"]))
        return settings

    def log_progress(self, settings: Settings, plan_id: str) -> dict[str, Any]:
        """Done, left, expected end and quota, in the log and as a value for XCom."""
        from muster.sources.backfill_plan import load
        from muster.sources.progress import progress_of

        plan = load(settings, plan_id)
        if plan is None:
            return {}
        found = progress_of(settings, plan)
        self.log.info("%s", found)
        return {
            "plan": plan_id,
            "done": found.windows_done,
            "left": found.windows_left,
            "expected_end": found.expected_end.isoformat() if found.expected_end else "",
            "quota_left_bytes": found.quota_left_bytes,
        }

    @contextmanager
    def until_reset(self, source: Source) -> Iterator[None]:
        """A used-up day is no failure: defer to the source's next day of quota, without a worker (F6)."""
        try:
            yield
        except QuotaExhausted as error:
            now = _clock(source)
            pause = source.quota_reset(now) - now + AFTER_RESET
            self.log.info("%s; going on in %s", error, pause)
            trigger = MomentTrigger((datetime.now(UTC) + pause).isoformat())
            self.defer(trigger=trigger, method_name="execute", timeout=pause + AFTER_RESET)

    def still_missing(self, settings: Settings, windows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The parts of these windows that no manifest covers, whoever committed the rest (F62, F63)."""
        from dataclasses import replace

        from muster.lake import Lake
        from muster.sources import WindowTask
        from muster.sources.planner import missing

        config, lake = settings.platform.source(self.connection_id), Lake(settings.home.lake)
        return [
            replace(task, window=part).to_dict()
            for task in (WindowTask.from_dict(window) for window in windows)
            for part in reversed(missing(lake, config, task.object, task.window))
        ]


class PlanBackfill(BackfillOperator):
    """Make the plan and show its price; refuse it here, before the first call beyond the probe (B8).

    Gives one list of windows for each mapped `extract` task. A dry run ends with the price.
    """

    def execute(self, context: Context, event: Mapping[str, Any] | None = None) -> list[list[dict[str, Any]]]:
        from muster.sources.backfill import remaining

        fail_on(event)
        settings = self.begun(context)
        plan = self._plan(settings, context["params"])
        ti = context["ti"]
        ti.xcom_push(key=PLAN_ID, value=plan.id)
        ti.xcom_push(key=COST, value={"bytes": plan.estimate.bytes, "calls": plan.estimate.calls,
                                      "hours": plan.estimate.hours, "quota_days": plan.estimate.days})  # fmt: skip
        plan.require_fits()
        if context["params"]["dry_run"]:
            self.log.info("a dry run: nothing is read")
            return []
        tasks = remaining(settings, plan)
        if tasks and event is None:
            self.wait_for_clock(settings, max(task.window.end for task in tasks))
        bulk, at_once = grouped(settings.platform.source(self.connection_id), tasks)
        ti.xcom_push(key=AT_ONCE, value=at_once)
        self.log_progress(settings, plan.id)
        return _few(bulk)

    def _plan(self, settings: Settings, params: Mapping[str, Any]) -> BackfillPlan:
        from muster.config.models import instant
        from muster.sources.backfill import plan_backfill
        from muster.sources.backfill_plan import save

        with quiet("httpx", "httpcore"):
            plan = plan_backfill(
                settings, self.connection_id, list(params["objects"]), instant(params["start"]),
                instant(params["end"]), resolver=resolve, on_progress=lambda step: self.log.info("%s", step),
            )  # fmt: skip
        save(settings, plan)
        for line in [f"plan {plan.id}", *plan.summary()]:
            self.log.info("%s", line)
        return plan


class BackfillWindows(BackfillOperator, ExtractWindows):
    """Read a window as a nightly run does; what somebody else committed of it meanwhile is left out (F62, F63)."""

    def execute(
        self,
        context: Context,
        event: Mapping[str, Any] | None = None,
        tickets: list[Any] | None = None,
        windows: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        settings = self.begun(context)
        self.windows = self.still_missing(settings, self.windows) if windows is None else windows
        if not self.windows:
            self.log.info("all of it is committed already")
            return total([])
        _, source = self.opened(settings)
        with self.until_reset(source):
            result = self.read_windows(context, event, tickets)
        plan_id = context["ti"].xcom_pull(task_ids="plan", key=PLAN_ID)
        return {**result, "progress": self.log_progress(settings, str(plan_id))}

    def kept(self) -> dict[str, Any]:
        return {"windows": self.windows}


class FinishBackfill(BackfillOperator):
    """Read what needs no bulk job, then announce the source's raw asset, where this run committed anything."""

    def execute(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        from muster.lake import Lake
        from muster.sources import WindowTask

        fail_on(event)
        settings = self.begun(context)
        config, run_id = settings.platform.source(self.connection_id), context["dag_run"].run_id
        planned = self.still_missing(settings, context["ti"].xcom_pull(task_ids="plan", key=AT_ONCE) or [])
        if tasks := [WindowTask.from_dict(window) for window in planned]:
            _, source = self.opened(settings)
            with self.until_reset(source), quiet("httpx", "httpcore"):
                read(self.log, settings, config, source, tasks, [None] * len(tasks), context)
        done = [
            manifest
            for manifest in Lake(settings.home.lake).manifests()
            if (manifest.source_instance, manifest.run_id) == (self.connection_id, run_id)
        ]
        summary = total(done)
        self.log.info("this run committed %(windows)d windows, %(rows)d rows", summary)
        if done:
            context["outlet_events"][assets.backfilled()].add(
                assets.raw(settings, self.connection_id), extra=summary
            )
        plan_id = context["ti"].xcom_pull(task_ids="plan", key=PLAN_ID)
        return {**summary, "progress": self.log_progress(settings, str(plan_id))}


def _clock(source: Source) -> datetime:
    """The source's own clock; ours where it no longer answers today."""
    try:
        return source.now()
    except SourceError:
        return datetime.now(UTC)


def _few(bulk: Sequence[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """As many lists as Airflow maps; neighbours share one where there are more."""
    size = -(-len(bulk) // MOST_MAPPED) or 1
    return [list(chain.from_iterable(bulk[at : at + size])) for at in range(0, len(bulk), size)]
