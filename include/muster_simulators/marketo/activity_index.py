"""Where a paging token can stand: activities by type in time order."""

from __future__ import annotations

import heapq
import threading
from bisect import bisect_right
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from muster_simulators.marketo.values import same
from muster_simulators.store import Record, Store

Place = tuple[datetime, str]
"""(activityDate, marketoGUID)"""


class ActivityIndex:
    """Places of all activities by type, sorted when first asked for after a change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._groups: dict[Any, list[str]] | None = None
        self._places: dict[int, list[Place]] = {}

    def after(self, place: Place, types: Collection[int]) -> Iterator[Record]:
        """Activities of these types behind a place, in order."""
        records = self._store.records("activities")
        with self._lock:
            lists = [self._sorted(type_id) for type_id in types]
        parts = [islice(places, bisect_right(places, place), None) for places in lists]
        for _, key in heapq.merge(*parts):
            if key in records:
                yield records[key]

    def _sorted(self, type_id: int) -> list[Place]:
        groups = self._store.keys_by("activities", "activityTypeId", same)
        if groups is not self._groups:
            self._groups, self._places = groups, {}
        if type_id not in self._places:
            records = self._store.records("activities")
            keys = groups.get(str(type_id), ())
            self._places[type_id] = sorted(
                (records[key]["activityDate"], key) for key in keys if key in records
            )
        return self._places[type_id]
