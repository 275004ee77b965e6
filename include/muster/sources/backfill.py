"""Loading the past of a source: a plan first, with its price, then window by window, resumable from manifests alone.

    plan = plan_backfill(settings, "marketo__emea", ["leads"], start, end, resolver=resolver)
    save(settings, plan)                 # <reports>/backfills/<plan id>.json
    plan.require_fits()                  # raises PlanRefused with the numbers and the choices
    run_backfill(settings, plan, resolver)

A plan's file says what was wanted and what it will cost. What is still to be read is asked of the manifests each
time, so a run may end anywhere, nightly runs may go on beside it, and another run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from muster.errors import MusterError
from muster.lake import Lake, Manifest
from muster.sources import choices as ways
from muster.sources.backfill_plan import LIMIT_DAYS, BackfillPlan, BackfillRequest, load
from muster.sources.base import Sleep, WindowTask
from muster.sources.estimate import (
    DAY,
    Terms,
    assumed,
    limits_of,
    measured,
)
from muster.sources.planner import bulk_objects, missing, tile_back, windowed_objects
from muster.sources.quota import spent_today
from muster.sources.run import Progress, extract_tasks
from muster.state import Gates
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import ConnectionResolver, Settings, SourceConfig

PROBE = DAY
ROUND = 8  # windows that are asked of the manifests at a time


class BackfillRequestError(MusterError):
    """A backfill that can't be meant: a source, an object or a range that isn't there."""

    exit_code = 2


def known_source(settings: Settings, connection: str) -> str:
    """The same id, when it is one of a source. Raises BackfillRequestError with a suggestion."""
    from muster.config import suggest

    known = [source.connection for source in settings.platform.sources]
    if connection not in known:
        raise BackfillRequestError(f"there is no source {connection!r}", hint=suggest(connection, known))
    return connection


def requested(
    settings: Settings, connection: str, objects: Sequence[str], start: datetime, end: datetime
) -> BackfillRequest:
    """What is asked for, checked against the configuration. Raises BackfillRequestError with a suggestion."""
    from muster.config import suggest

    config = settings.platform.source(known_source(settings, connection))
    possible = windowed_objects(config)
    for name in objects:
        if name in config.all_objects and name not in possible:
            raise BackfillRequestError(
                f"'{name}' has no past to load: it is read whole each night", where=connection
            )
        if name not in possible:
            hint = suggest(name, possible) or f"it has {', '.join(possible)}"
            raise BackfillRequestError(f"there is no object {name!r}", where=connection, hint=hint)
    chosen = tuple(name for name in possible if not objects or name in objects)
    if start >= end:
        raise BackfillRequestError(
            f"the range ends at {end.isoformat()}, before or when it starts at {start.isoformat()}",
            where=connection,
            hint="the end is not part of the range: one day is 2026-03-01 to 2026-03-02",
        )
    return BackfillRequest(connection, chosen, Window(start, end))


def plan_backfill(
    settings: Settings,
    connection: str,
    objects: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    resolver: ConnectionResolver | None = None,
    now: datetime | None = None,
    limit_days: int = LIMIT_DAYS,
    on_progress: Progress | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
    gates: Gates | None = None,
) -> BackfillPlan:
    """The windows that are missing, the most recent first, and what they will cost. No objects: all that have a past.

    Each object's rate comes from its committed windows. Where there is none, a `resolver` lets the plan read (and
    commit) its newest missing day as a probe; without one a usual rate is assumed, and the plan says so.
    A plan that is too long is given too: `require_fits` refuses it.
    """
    request = requested(settings, connection, objects, start, end)
    config, lake = settings.platform.source(connection), Lake(settings.home.lake)
    probed: set[str] = set()
    if resolver is not None and (probe := _probe(request, config, lake)):
        probed = {task.object for task in probe}
        extract_tasks(
            settings, connection, probe, resolver, on_progress=on_progress, transport=transport, sleep=sleep,
            clock_patience=timedelta(0), gates=gates,
        )  # fmt: skip
    moment = now or datetime.now(UTC)
    terms = _terms(config, lake, request.objects, probed, gates or Gates.of(settings))
    forecast = ways.Forecast(
        terms, request.window, {name: missing(lake, config, name, request.window) for name in request.objects}
    )
    return _plan(settings, request, forecast, moment, limit_days)


def split(settings: Settings, plan: BackfillPlan) -> list[BackfillPlan]:
    """A refused plan as plans that fit, to be run one after the other; raises PlanRefused where none does.

    Every part but the first counts on a new day's quota.
    """
    if not plan.is_refused:
        return [plan]
    if plan.choices is None or not plan.choices.parts:
        plan.require_fits()
    assert plan.choices is not None
    config, lake = settings.platform.source(plan.request.connection), Lake(settings.home.lake)
    terms = _terms_of(config, plan)
    found = []
    for text in plan.choices.parts:
        request = replace(plan.request, window=Window.parse(text))
        spans = {name: missing(lake, config, name, request.window) for name in request.objects}
        forecast = ways.Forecast(terms, request.window, spans)
        found.append(_plan(settings, request, forecast, plan.created_at, plan.limit_days))
        terms = replace(terms, spent_bytes=0, spent_calls=0)
    return found


def _plan(
    settings: Settings, request: BackfillRequest, forecast: ways.Forecast, now: datetime, limit_days: int
) -> BackfillPlan:
    is_long = forecast.estimate.days > limit_days
    before = load(settings, request.id)
    return BackfillPlan(
        request,
        now,
        before.began_at if before else now,
        forecast.terms.limits,
        forecast.terms.nightly_bytes,
        forecast.terms.spent_bytes,
        forecast.terms.spent_calls,
        tuple(forecast.terms.rates[name] for name in request.objects),
        tuple(forecast.windows),
        forecast.estimate,
        limit_days,
        ways.choices(forecast, limit_days) if is_long else None,
    )


def _probe(request: BackfillRequest, config: SourceConfig, lake: Lake) -> list[WindowTask]:
    """The newest missing day of each object of which nothing was read yet. It is part of what is wanted anyway."""
    found = []
    for name in request.objects:
        if measured(name, lake.committed(config.system, config.instance, name)) is None:
            newest = missing(lake, config, name, request.window)[-1]
            found.append(WindowTask(name, tile_back(newest, PROBE)[0], "window", "backfill"))
    return found


def _terms(config: SourceConfig, lake: Lake, objects: Sequence[str], probed: set[str], gates: Gates) -> Terms:
    """The numbers of this source as they are now."""
    bulk, rates = bulk_objects(config), {}
    for name in windowed_objects(config):
        committed = lake.committed(config.system, config.instance, name)
        rate = measured(name, committed, is_probe=name in probed)
        if rate is not None or name in objects:
            rates[name] = rate or assumed(name)
    nightly = sum(
        rate.bytes_per_day * ((DAY + config.overlap) / DAY) for name, rate in rates.items() if name in bulk
    )
    return Terms(
        limits_of(config), rates, bulk, config.overlap, config.longest_window, config.poll_seconds,
        round(nightly), *spent_today(config, gates),
    )  # fmt: skip


def _terms_of(config: SourceConfig, plan: BackfillPlan) -> Terms:
    """The numbers a plan was made with."""
    rates = {rate.object: rate for rate in plan.rates}
    return Terms(
        plan.limits, rates, bulk_objects(config), config.overlap, config.longest_window, config.poll_seconds,
        plan.nightly_bytes, plan.spent_bytes, plan.spent_calls,
    )  # fmt: skip


# ---- reading it --------------------------------------------------------------------------------------------


def remaining(settings: Settings, plan: BackfillPlan) -> list[WindowTask]:
    """What no manifest covers yet of the plan's windows, in the plan's order; whoever committed the rest (F62, F63)."""
    config, lake = settings.platform.source(plan.request.connection), Lake(settings.home.lake)
    return [
        WindowTask(one.object, part, "window", "backfill")
        for one in plan.windows
        for part in reversed(missing(lake, config, one.object, one.window))
    ]


def run_backfill(
    settings: Settings,
    plan: BackfillPlan,
    resolver: ConnectionResolver,
    *,
    on_progress: Progress | None = None,
    run_id: str | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
    gates: Gates | None = None,
) -> list[Manifest]:
    """Read what is left of a plan, a few windows at a time, and ask the manifests again after each few.

    Raises PlanRefused before the first call, QuotaExhausted when a day is used up: what is committed stays, and
    the next run goes on from there.
    """
    plan.require_fits()
    read: list[Manifest] = []
    while tasks := remaining(settings, plan)[:ROUND]:
        read += extract_tasks(
            settings, plan.request.connection, tasks, resolver, on_progress=on_progress, run_id=run_id,
            transport=transport, sleep=sleep, clock_patience=timedelta(0), gates=gates,
        )  # fmt: skip
    return read
