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

# Objects whose windows go through bulk jobs; everything else is read when those are committed, because
# some of it is asked for by the keys that they brought.
BULK: Mapping[str, frozenset[str] | None] = {
    "marketo": frozenset({"leads", "activities"}),
    "salesforce": None,
}

Planned = list[dict[str, Any]]


def grouped(config: SourceConfig, tasks: Iterable[WindowTask]) -> tuple[list[Planned], Planned]:
    """(one list for each mapped task, what is read without a bulk job), JSON-able.

    A Marketo export is one window of one object and a task of its own: it takes minutes, two run at a time.
    Salesforce's objects are small and share the task of their window.
    """
    bulk_objects = BULK[config.system]
    groups: dict[Any, Planned] = {}
    at_once: Planned = []
    for task in tasks:
        if bulk_objects is None:
            groups.setdefault(str(task.window), []).append(task.to_dict())
        elif task.object in bulk_objects:
            groups.setdefault((task.object, str(task.window)), []).append(task.to_dict())
        else:
            at_once.append(task.to_dict())
    return list(groups.values()), at_once


def label(windows: Any) -> str:
    """`leads 2026-03-02`, `6 objects 2026-01-01 to 2026-01-31`; empty before the windows are known."""
    if not isinstance(windows, Sequence) or isinstance(windows, str) or not windows:
        return ""
    objects = [window["object"] for window in windows]
    window = _window(windows[0])
    what = objects[0] if len(objects) == 1 else f"{len(objects)} objects"
    last = (window.end - timedelta(seconds=1)).date()
    return f"{what} {window.start.date()}" + (f" to {last}" if last != window.start.date() else "")


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
