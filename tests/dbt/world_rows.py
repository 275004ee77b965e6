"""The generated world's changes as raw rows, without servers or lake: what a night's extract would have read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from raw_warehouse import EXPECTED, START, Raw, iso

from muster_simulators.world.model import Change, World

DELETE_LEAD = 37
OVERLAP = timedelta(hours=1)
SNAPSHOTS = ("static_lists", "companies", "opportunities", "opportunity_roles")
LOG = ("activities", "deleted_leads")


def rows_of(world: World, night: int) -> Raw:
    """What the nights up to this one have read: of each record the state that could be seen, if its stamp lay in the
    night's window or in the overlap before it; of snapshots the newest alone.
    """
    raw = Raw()
    start = START
    for number in range(night):
        end, clock = world.notes["window_ends"][number], world.notes["clocks"][number]
        stamps = {"_window_start": start, "_window_end": end, "_extracted_at": clock}
        for source, changes in world.changes.items():
            seen = [change for change in changes if change.visible_at <= clock]
            for name in EXPECTED[source]:
                rows = list(_rows(source, name, seen, start - OVERLAP, end))
                if name in SNAPSHOTS and source.startswith("marketo"):
                    raw.rows[source, name] = []
                raw.add(source, name, *rows, **stamps)
        start = raw.as_of = end
    return raw


def _rows(
    source: str, name: str, seen: list[Change], start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    if name == "static_lists" and source.startswith("marketo"):
        yield from _lists(seen)
    elif name in SNAPSHOTS and source.startswith("marketo"):
        yield from (_plain(change.values) for change in _standing(name, seen))
    elif name in LOG:
        inside = (change for change in seen if start <= change.at < end)
        yield from (
            _plain(change.values) if name == "deleted_leads" else _bulk(change.values)
            for change in inside
            if _is_activity(change, deleted=name == "deleted_leads")
        )
    else:
        inside = (change for change in _standing(name, seen) if start <= change.at < end)
        write = _bulk if source.startswith("marketo") else _csv
        yield from (write(change.values) for change in inside)


def _is_activity(change: Change, *, deleted: bool) -> bool:
    return change.object == "activities" and (change.values["activityTypeId"] == DELETE_LEAD) == deleted


def _standing(name: str, changes: Iterable[Change]) -> list[Change]:
    """The last state of every record that is still there."""
    found: dict[str, Change] = {}
    for change in changes:
        if change.object == name and change.op == "upsert":
            found[change.key] = change
        elif change.object == name:
            found.pop(change.key, None)
    return list(found.values())


def _lists(changes: list[Change]) -> Iterator[dict[str, Any]]:
    members = [change.values for change in _standing("list_members", changes)]
    names = ("id", "name", "programName", "workspaceName", "createdAt", "updatedAt")
    for values in (change.values for change in _standing("static_lists", changes)):
        on_list = [member["leadId"] for member in members if member["listId"] == values["id"]]
        kept = {name: values.get(name) for name in names}
        yield from (_plain({**kept, "leadId": lead}) for lead in on_list or [None])


def _csv(values: dict[str, Any]) -> dict[str, Any]:
    """As Bulk 2.0 writes it: an empty value is an empty text."""
    return {key: "" if value is None else text(value, ".000+0000") for key, value in values.items()}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it."""
    return {key: None if value is None else text(value, "Z") for key, value in values.items()}


def _bulk(values: dict[str, Any]) -> dict[str, Any]:
    """As Marketo's bulk files: an empty value is the literal null."""
    return {key: "null" if value is None else text(value, "Z") for key, value in values.items()}


def text(value: Any, zone: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value).removesuffix("Z") + zone
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value)
