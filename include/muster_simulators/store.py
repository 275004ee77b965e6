"""What one simulated instance knows at the clock's time: the world's changes plus what clients wrote.

Changes become visible at `visible_at`. The store moves forward lazily, on each read; when the clock was set
back it rebuilds. Records are plain dicts in the vendor's own field names (`None` for empty, aware UTC datetimes
for stamps) and are shared, not copied: replace a record by `put`, never change it in place.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.journal import Journal
from muster_simulators.world.model import Change

Record = dict[str, Any]
EXTRA = "__extra"
"""Records of `leads__extra` are values that clients gave to leads in fields that the world's leads don't have: each
later state of the lead that the world brings carries them too."""


class Store:
    """State of one source. `changes` must be sorted by `visible_at`. Safe to use from any thread."""

    def __init__(
        self, source: str, changes: Sequence[Change], clock: SimClock, journal: Journal | None = None
    ) -> None:
        self.source = source
        self.clock = clock
        self.version = 0
        self._changes = changes
        self._journal = journal or Journal(None)
        self._lock = threading.RLock()
        self._writes = [c for e in self._journal.entries() if e["kind"] == "write" for c in _changes(e)]
        self._reset()

    def _reset(self) -> None:
        self._at: datetime | None = None
        self._next = 0
        self._written = 0
        self._records: dict[str, dict[str, Record]] = defaultdict(dict)
        self._stamps: dict[str, dict[str, datetime]] = defaultdict(dict)
        self._versions: dict[str, int] = defaultdict(int)
        self._sorted: dict[tuple[str, str | None], tuple[int, list[datetime], list[str]]] = {}
        self._grouped: dict[tuple[str, str], tuple[int, dict[Any, list[str]]]] = {}
        self._has_extra = False
        self.version += 1

    # ---- reading -------------------------------------------------------------------------------------------

    def catch_up(self) -> datetime:
        """Apply all that became visible by now; every read does this first. Returns the time it stands at."""
        now = self.clock.now()
        with self._lock:
            if self._at is not None and now < self._at:
                self._reset()
            while self._next < len(self._changes) and self._changes[self._next].visible_at <= now:
                change = self._changes[self._next]
                self._write_until(change.visible_at)
                self._apply(self._with_extra(change) if self._has_extra else change)
                self._next += 1
            self._write_until(None)
            self._at = now
        return now

    def records(self, object_name: str) -> Mapping[str, Record]:
        """All live records of an object by key (Salesforce's soft-deleted ones are here, with IsDeleted)."""
        self.catch_up()
        return self._records[object_name]

    def get(self, object_name: str, key: str) -> Record | None:
        return self.records(object_name).get(key)

    def stamp(self, object_name: str, key: str) -> datetime:
        """When the record last changed in any way. Raises KeyError when there is no such record."""
        self.catch_up()
        return self._stamps[object_name][key]

    def window(
        self, object_name: str, start: datetime, end: datetime, *, field: str | None = None
    ) -> list[Record]:
        """Records whose last change (or whose datetime `field`) lies in [start, end), in time order."""
        self.catch_up()
        with self._lock:
            times, keys = self._by_time(object_name, field)
            found = keys[bisect_left(times, start) : bisect_left(times, end)]
            return [self._records[object_name][key] for key in found]

    def keys_by(
        self, object_name: str, field: str, normalise: Callable[[Any], Any] | None = None
    ) -> dict[Any, list[str]]:
        """Keys grouped by a field's value (`normalise` e.g. str.lower is fixed per field); nulls left out."""
        self.catch_up()
        with self._lock:
            version, groups = self._grouped.get((object_name, field), (-1, {}))
            if version != self._versions[object_name]:
                groups = defaultdict(list)
                for key, record in self._records[object_name].items():
                    value = record.get(field)
                    if value is not None:
                        groups[normalise(value) if normalise else value].append(key)
                self._grouped[object_name, field] = (self._versions[object_name], groups)
            return groups

    def _by_time(self, object_name: str, field: str | None) -> tuple[list[datetime], list[str]]:
        version, times, keys = self._sorted.get((object_name, field), (-1, [], []))
        if version != self._versions[object_name]:
            if field is None:
                pairs = sorted((at, key) for key, at in self._stamps[object_name].items())
            else:
                rows = self._records[object_name].items()
                pairs = sorted((r[field], key) for key, r in rows if r.get(field) is not None)
            times, keys = [at for at, _ in pairs], [key for _, key in pairs]
            self._sorted[object_name, field] = (self._versions[object_name], times, keys)
        return times, keys

    # ---- writing -------------------------------------------------------------------------------------------

    def put(self, object_name: str, key: str, values: Record, *, at: datetime | None = None) -> None:
        """Create or replace one record, journalled. `at` is the stamp (default: the clock's time)."""
        moment = at or self.clock.now()
        self.write([Change(moment, moment, self.source, object_name, key, "upsert", values)])

    def delete(self, object_name: str, key: str, *, at: datetime | None = None) -> None:
        """Take one record away, journalled."""
        moment = at or self.clock.now()
        self.write([Change(moment, moment, self.source, object_name, key, "delete", {})])

    def write(self, changes: Sequence[Change]) -> None:
        """Several changes as one journal entry: after a crash either all of them are there or none."""
        self.catch_up()
        with self._lock:
            self._journal.append("write", changes=[_entry(change) for change in changes])
            for change in changes:
                self._writes.append(change)
                self._apply(change)
            self._written = len(self._writes)

    def _write_until(self, moment: datetime | None) -> None:
        while self._written < len(self._writes):
            change = self._writes[self._written]
            if moment is not None and change.visible_at > moment:
                return
            self._apply(change)
            self._written += 1

    def _with_extra(self, change: Change) -> Change:
        extra = self._records[f"{change.object}{EXTRA}"].get(change.key)
        if extra is None or change.op == "delete":
            return change
        return replace(change, values={**change.values, **extra})

    def _apply(self, change: Change) -> None:
        records, stamps = self._records[change.object], self._stamps[change.object]
        if change.object.endswith(EXTRA):
            self._has_extra = True
            records[change.key] = {**records.get(change.key, {}), **change.values}
        elif change.op == "upsert":
            records[change.key] = change.values
            stamps[change.key] = change.at
        else:
            records.pop(change.key, None)
            stamps.pop(change.key, None)
        self._versions[change.object] += 1
        self.version += 1


def _entry(change: Change) -> dict[str, Any]:
    return {
        "at": change.at,
        "visible_at": change.visible_at,
        "source": change.source,
        "object": change.object,
        "key": change.key,
        "op": change.op,
        "values": change.values,
    }


def _changes(entry: Mapping[str, Any]) -> list[Change]:
    return [Change(**change) for change in entry["changes"]]
