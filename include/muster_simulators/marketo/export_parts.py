"""What the create calls of all families check alike: date ranges, field names, static lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from muster_simulators.marketo.errors import MarketoError, missing
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import parse_datetime
from muster_simulators.store import Record

LONGEST = timedelta(days=31)
Rows = Callable[[], Iterator[Sequence[Any]]]


def field_names(fields: list[Any]) -> list[str]:
    """The names asked for; 1002 for none."""
    if not fields:
        raise missing("fields")
    return [str(name) for name in fields]


def date_range(given: Any, name: str) -> tuple[datetime, datetime]:
    if not isinstance(given, dict) or not given.get("startAt") or not given.get("endAt"):
        raise MarketoError("1003", f"Filter '{name}' needs startAt and endAt")
    start, end = parse_datetime(given["startAt"], "1003"), parse_datetime(given["endAt"], "1003")
    if end <= start:
        raise MarketoError("1003", f"Filter '{name}': endAt must lie after startAt")
    if end - start > LONGEST:
        raise MarketoError("1003", f"Filter '{name}': date range is longer than 31 days")
    return start, end


def list_id(instance: Instance, kind: str, given: Any) -> int:
    field = "name" if kind == "staticListName" else "id"
    found = instance.find("static_lists", field, [given], "id")
    if not found:
        raise MarketoError("1013", f"List '{given}' not found")
    return int(found[0])


def list_members(instance: Instance, list_id: int) -> list[Record]:
    found = (instance.lead(lead_id) for lead_id in instance.members(list_id))
    return [lead for lead in found if lead is not None]
