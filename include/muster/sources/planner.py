"""Which windows are still to be read. Nightly runs, backfills, retries and cleared tasks ask the same question (F63)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from muster.sources.base import RunKind, WindowTask
from muster.sources.registry import source_class
from muster.windows import Window, gaps, to_extract

if TYPE_CHECKING:
    from muster.config import Settings, SourceConfig
    from muster.lake import Lake


def plan_windows(
    settings: Settings, config: SourceConfig, interval: Window, *, run_kind: RunKind, lake: Lake
) -> list[WindowTask]:
    """The tasks of one run, the most recent window first; snapshots last. Reads manifests only, makes no call.

    nightly: all from history_start to the interval's end that no manifest covers, and one reading of each snapshot
    object for this interval. backfill: the interval's own gaps, no snapshots.
    """
    snapshots = source_class(config.system).snapshots(config)
    wanted = _wanted(settings, interval, run_kind)
    windows = [
        WindowTask(name, window, "window", run_kind)
        for name in windowed_objects(config)
        if wanted is not None
        for window in to_extract(wanted, _committed(lake, config, name, "window"), config.longest_window)
    ]
    windows.sort(
        key=lambda task: task.window.start, reverse=True
    )  # stable: the configured order within a window
    if run_kind == "backfill":
        return windows
    return windows + [
        WindowTask(name, interval, "snapshot", run_kind)
        for name in snapshots
        if name in config.all_objects and interval not in _committed(lake, config, name, "snapshot")
    ]


def _wanted(settings: Settings, interval: Window, run_kind: RunKind) -> Window | None:
    """The span of time that a run answers for; None for a night that ends before history begins."""
    if run_kind == "backfill":
        return interval
    start = settings.platform.history_start
    return Window(start, interval.end) if start < interval.end else None


def _committed(lake: Lake, config: SourceConfig, object_name: str, kind: str) -> list[Window]:
    found: Iterable = lake.committed(config.system, config.instance, object_name)
    return [manifest.window for manifest in found if manifest.kind == kind]


def windowed_objects(config: SourceConfig) -> tuple[str, ...]:
    """The objects that have a past to read: all but those that are read whole each night."""
    snapshots = source_class(config.system).snapshots(config)
    return tuple(name for name in config.all_objects if name not in snapshots)


def bulk_objects(config: SourceConfig) -> frozenset[str]:
    """The objects whose windows go through bulk jobs."""
    is_bulk = source_class(config.system).is_bulk
    return frozenset(name for name in config.all_objects if is_bulk(name))


def missing(lake: Lake, config: SourceConfig, object_name: str, wanted: Window) -> list[Window]:
    """The parts of a span that no committed window of the object covers, in time order."""
    return gaps(wanted, _committed(lake, config, object_name, "window"))


def tile_back(wanted: Window, length: timedelta) -> list[Window]:
    """Cut `wanted` from its end backwards, the most recent first: only the oldest window may be shorter."""
    tiles: list[Window] = []
    at = wanted.end
    while at > wanted.start:
        start = max(at - length, wanted.start)
        tiles.append(Window(start, at))
        at = start
    return tiles


def backfill_windows(
    missing_of: Mapping[str, Sequence[Window]], length_of: Mapping[str, timedelta]
) -> list[tuple[str, Window]]:
    """(object, window) of all that is missing, the most recent first; the given order within a moment (F5, F37)."""
    found = [
        (name, window)
        for name, spans in missing_of.items()
        for span in spans
        for window in tile_back(span, length_of[name])
    ]
    return sorted(found, key=lambda one: one[1].end, reverse=True)
