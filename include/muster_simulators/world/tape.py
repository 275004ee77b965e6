"""The tape: edits in any order go in, each record's states in time order come out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any

from muster_simulators.world.model import MAIN, SOURCES, Change
from muster_simulators.world.moments import SECOND, seen

NONE = timedelta(0)
CREATE, SET, GONE = "create", "set", "gone"
_PLAIN = frozenset({"list_members", "activities"})

_Edit = tuple[datetime, str, timedelta, dict[str, Any]]
_Line = tuple[datetime, timedelta, int, int, int | None, str | None, Mapping[str, Any]]


class Tape:
    """Collects what happens in the three sources.

    A record is created once and then edited or removed; an edit after its removal (or after a Salesforce
    delete) is dropped. Stamps of one record strictly rise and it never becomes visible in another order.
    """

    def __init__(self) -> None:
        self._edits: dict[tuple[str, str, str], list[_Edit]] = defaultdict(list)
        self._activities: dict[str, list[_Line]] = defaultdict(list)
        self._status_changes: dict[str, list[_Line]] = defaultdict(list)
        self._gone: dict[tuple[str, int], datetime] = {}

    def create(
        self,
        source: str,
        object_name: str,
        key: str,
        at: datetime,
        values: dict[str, Any],
        late: timedelta = NONE,
    ) -> None:
        """The record's first state; `late` is how long after its stamp it can be seen."""
        self._edits[source, object_name, key].append((at, CREATE, late, values))

    def edit(
        self,
        source: str,
        object_name: str,
        key: str,
        at: datetime,
        values: dict[str, Any],
        late: timedelta = NONE,
    ) -> None:
        """Some fields change; the others stay as they then are."""
        self._edits[source, object_name, key].append((at, SET, late, values))

    def remove(self, source: str, object_name: str, key: str, at: datetime) -> None:
        """The record is gone (Marketo)."""
        self._edits[source, object_name, key].append((at, GONE, NONE, {}))
        if object_name == "leads":
            self._gone[source, int(key)] = at

    def activity(
        self,
        source: str,
        lead: int,
        type_id: int,
        at: datetime,
        primary: tuple[int | None, str | None],
        attributes: Mapping[str, Any],
        late: timedelta = NONE,
    ) -> None:
        """One line of a lead's activity log."""
        self._activities[source].append((at, late, lead, type_id, primary[0], primary[1], attributes))

    def status_change(
        self,
        source: str,
        lead: int,
        at: datetime,
        primary: tuple[int | None, str | None],
        attributes: Mapping[str, Any],
        late: timedelta = NONE,
    ) -> None:
        """An activity 104. These are numbered on their own, so that no other activity's id depends on them."""
        self._status_changes[source].append((at, late, lead, 104, primary[0], primary[1], attributes))

    def gone_at(self, source: str, lead: int) -> datetime | None:
        """When a Marketo lead is deleted, None for never."""
        return self._gone.get((source, lead))

    def add_field(self, source: str, object_name: str, key: str, name: str, value: Any) -> None:
        """A field that the record has from its first state on, and that no event changes."""
        self._edits[source, object_name, key][0][3][name] = value

    def changes(self) -> dict[str, tuple[Change, ...]]:
        """All changes of each source, sorted by visible_at (then by stamp)."""
        found: dict[str, list[Change]] = {source: [] for source in SOURCES}
        for (source, object_name, key), edits in self._edits.items():
            edits.sort(key=itemgetter(0))
            found[source].extend(_states(source, object_name, key, edits))
        for first, log in ((783_000_001, self._activities), (733_000_001, self._status_changes)):
            for source, rows in log.items():
                found[source].extend(
                    _log(source, [row for row in rows if self._is_there(source, row)], first)
                )
        return {
            source: tuple(sorted(rows, key=attrgetter("visible_at", "at"))) for source, rows in found.items()
        }

    def _is_there(self, source: str, row: _Line) -> bool:
        """A lead that is gone does nothing more."""
        gone = self._gone.get((source, row[2]))
        return gone is None or row[0] <= gone


def _states(source: str, object_name: str, key: str, edits: list[_Edit]) -> list[Change]:
    """Fold the edits of one record. Raises ValueError when something happened before it was there."""
    if edits[0][1] != CREATE:
        raise ValueError(f"{source} {object_name} {key} is edited before it is created")
    states: list[Change] = []
    values: dict[str, Any] = {}
    last_at, last_seen = edits[0][0] - SECOND, edits[0][0] - SECOND
    for at, kind, late, fields in edits:
        if states and (states[-1].op == "delete" or values.get("IsDeleted")):
            break
        at = max(at, last_at + SECOND)
        visible = max(seen(at, late), last_seen)
        values = {**values, **fields}
        if object_name not in _PLAIN:
            values.update(_stamps(source, values, at))
        op: Any = "delete" if kind == GONE else "upsert"
        states.append(Change(at, visible, source, object_name, key, op, values if op == "upsert" else {}))
        last_at, last_seen = at, visible
    return states


def _stamps(source: str, values: dict[str, Any], at: datetime) -> dict[str, Any]:
    if source == MAIN:
        created = values.get("CreatedDate") or at
        return {"CreatedDate": created, "LastModifiedDate": at, "SystemModstamp": at}
    return {"createdAt": values.get("createdAt") or at, "updatedAt": at}


def _log(source: str, rows: list[_Line], first: int) -> list[Change]:
    """Activities get ids in time order. Both instances count from the same number: an id is only unique in one."""
    rows.sort(key=itemgetter(0, 2, 3))
    changes = []
    for number, (at, late, lead, type_id, value_id, value, attributes) in enumerate(rows, start=first):
        guid = str(number)
        changes.append(
            Change(
                at,
                seen(at, late) if late else _on_time(at),
                source,
                "activities",
                guid,
                "upsert",
                {
                    "id": number,
                    "marketoGUID": guid,
                    "leadId": lead,
                    "activityDate": at,
                    "activityTypeId": type_id,
                    "campaignId": 8000 + (value_id or 0) % 40 if type_id in (6, 7, 22, 24, 104) else None,
                    "primaryAttributeValueId": value_id,
                    "primaryAttributeValue": value,
                    "attributes": attributes,
                },
            )
        )
    return changes


def _on_time(at: datetime) -> datetime:
    """Most activities lie in no reading's quiet minutes; only those near midnight need a look."""
    return at if at.hour else seen(at, NONE)
