"""How a run's windows are dealt out to tasks, and how they are named in the UI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import SourceConfig
    from muster.lake import Manifest
    from muster.sources import WindowTask

# Systems whose objects are small, so that those of one window share a task.
TOGETHER = frozenset({"salesforce", "dynamics"})
# Objects whose window is worth a task of its own, so that it is seen and retried alone.
ALONE = frozenset({"leads", "activities"})

Planned = list[dict[str, Any]]


def grouped(config: SourceConfig, tasks: Iterable[WindowTask]) -> tuple[list[Planned], Planned]:
    """(one list for each mapped task, what is read without a bulk job), JSON-able.

    A Marketo export of leads or activities is one window of one object and a task of its own: it takes minutes, two run
    at a time; program members and custom objects share one. Salesforce's and Dynamics' objects share the task of their window. What goes through no bulk job is read when
    those are committed, because some of it is asked for by the keys that they brought.
    """
    from muster.sources import source_class

    is_bulk = source_class(config.system).is_bulk
    groups: dict[Any, Planned] = {}
    at_once: Planned = []
    for task in tasks:
        if config.system in TOGETHER:
            groups.setdefault(str(task.window), []).append(task.to_dict())
        elif is_bulk(task.object) and task.object not in ALONE:
            groups.setdefault("the others", []).append(task.to_dict())
        elif is_bulk(task.object):
            groups.setdefault((task.object, str(task.window)), []).append(task.to_dict())
        else:
            at_once.append(task.to_dict())
    return list(groups.values()), at_once


def label(windows: Any) -> str:
    """`leads 2026-03-02`, `6 objects 2026-01-01 to 2026-01-31`; empty before the windows are known."""
    if not isinstance(windows, Sequence) or isinstance(windows, str) or not windows:
        return ""
    objects = {window["object"] for window in windows}
    spans = [_window(window) for window in windows]
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    what = windows[0]["object"] if len(objects) == 1 else f"{len(objects)} objects"
    last = (end - timedelta(seconds=1)).date()
    return f"{what} {start.date()}" + (f" to {last}" if last != start.date() else "")


def _window(planned: Mapping[str, Any]) -> Window:
    from muster.sources import WindowTask

    return WindowTask.from_dict(dict(planned)).window


def described(tasks: Iterable[WindowTask]) -> str:
    """`2 windows of leads, 1 of activities`."""
    counts = Counter(task.object for task in tasks)
    return ", ".join(f"{count} of {name}" for name, count in counts.items())


def total(manifests: Iterable[Manifest]) -> dict[str, Any]:
    """Counts for XCom and the asset event: no value of any record."""
    found = list(manifests)
    rows = Counter[str]()
    for manifest in found:
        rows[manifest.object] += manifest.rows
    return {
        "windows": len(found),
        "rows": sum(rows.values()),
        "quarantined": sum(manifest.quarantined_rows for manifest in found),
        "bytes": sum(file.bytes for manifest in found for file in manifest.files),
        "rows_by_object": dict(sorted(rows.items())),
        "until": max((manifest.window.end.isoformat() for manifest in found), default=""),
    }
