"""Which windows are still to be read. Nightly runs, backfills, retries and cleared tasks ask the same question (F63)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from muster.sources.base import RunKind, WindowTask
from muster.sources.registry import source_class
from muster.windows import Window, to_extract

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
    snapshots = source_class(config.system).snapshot_objects
    wanted = _wanted(settings, interval, run_kind)
    windows = [
        WindowTask(name, window, "window", run_kind)
        for name in config.objects
        if name not in snapshots and wanted is not None
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
        if name in config.objects and interval not in _committed(lake, config, name, "snapshot")
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
