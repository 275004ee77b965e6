"""What a create call may ask for, checked as the real service does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.errors import MarketoError, invalid, missing
from muster_simulators.marketo.export_files import ACTIVITY_FIELDS, DELIMITERS, activity_rows, lead_rows
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import parse_datetime
from muster_simulators.store import Record

LONGEST = timedelta(days=31)
_LEAD_FILTERS = ("createdAt", "updatedAt", "staticListName", "staticListId", "smartListName", "smartListId")
_SMART = ("smartListName", "smartListId")
_ASSET_GROUPS = ({13, 22}, {104}, {24, 25}, {2})
_ASSETS_PER_JOB = 50
Rows = Callable[[], Iterator[Sequence[Any]]]


@dataclass(frozen=True)
class ExportRequest:
    """A checked request: the file's header and a function that reads its rows when the job runs."""

    form: str
    header: tuple[str, ...]
    rows: Rows


def read_request(instance: Instance, call: Call, family: str) -> ExportRequest:
    """The request of a create call for `leads` or `activities`."""
    body = call.body
    if not isinstance(body, dict):
        raise missing("filter")
    form = str(body.get("format") or "CSV").upper()
    if form not in DELIMITERS:
        raise invalid(form, "ExportFormat")
    fields = body.get("fields") or []
    if not isinstance(fields, list):
        raise invalid(fields, "Array")
    criteria = body.get("filter")
    if not isinstance(criteria, dict) or not criteria:
        raise missing("filter")
    if family == "leads":
        names, rows = _leads(instance, fields, criteria)
    else:
        names, rows = _activities(instance, fields, criteria)
    renamed = body.get("columnHeaderNames") or {}
    return ExportRequest(form, tuple(str(renamed.get(name, name)) for name in names), rows)


def _date_range(given: Any, name: str) -> tuple[datetime, datetime]:
    if not isinstance(given, dict) or not given.get("startAt") or not given.get("endAt"):
        raise MarketoError("1003", f"Filter '{name}' needs startAt and endAt")
    start, end = parse_datetime(given["startAt"], "1003"), parse_datetime(given["endAt"], "1003")
    if end <= start:
        raise MarketoError("1003", f"Filter '{name}': endAt must lie after startAt")
    if end - start > LONGEST:
        raise MarketoError("1003", f"Filter '{name}': date range is longer than 31 days")
    return start, end


def _leads(instance: Instance, fields: list[Any], criteria: dict[str, Any]) -> tuple[list[str], Rows]:
    if not fields:
        raise missing("fields")
    names = instance.lead_fields.chosen([str(name) for name in fields], ())
    unknown = set(criteria) - set(_LEAD_FILTERS)
    if unknown or len(criteria) != 1:
        raise MarketoError("1003", "Exactly one filter of " + ", ".join(_LEAD_FILTERS))
    ((kind, given),) = criteria.items()
    if kind in _SMART or (kind == "updatedAt" and not instance.options.updated_at_filter):
        raise MarketoError("1035")
    if kind in ("createdAt", "updatedAt"):
        start, end = _date_range(given, kind)
        field = "createdAt" if kind == "createdAt" else None
        read = partial(instance.store.window, "leads", start, end, field=field)
    else:
        read = partial(_members, instance, _list_id(instance, kind, given))
    return names, lambda: lead_rows(read(), names)


def _list_id(instance: Instance, kind: str, given: Any) -> int:
    field = "name" if kind == "staticListName" else "id"
    found = instance.find("static_lists", field, [given], "id")
    if not found:
        raise MarketoError("1013", f"List '{given}' not found")
    return int(found[0])


def _members(instance: Instance, list_id: int) -> list[Record]:
    found = (instance.lead(lead_id) for lead_id in instance.members(list_id))
    return [lead for lead in found if lead is not None]


def _activities(instance: Instance, fields: list[Any], criteria: dict[str, Any]) -> tuple[list[str], Rows]:
    names = [str(name) for name in fields] or list(ACTIVITY_FIELDS)
    for name in names:
        if name not in (*ACTIVITY_FIELDS, "actionResult"):
            raise MarketoError("1006", f"Field '{name}' not found")
    known = {"createdAt", "activityTypeIds", "primaryAttributeValueIds", "primaryAttributeValues"}
    if set(criteria) - known:
        raise MarketoError("1003", "Unknown filter: " + ", ".join(sorted(set(criteria) - known)))
    start, end = _date_range(criteria.get("createdAt"), "createdAt")
    types = _types(criteria.get("activityTypeIds"))
    asset_field, assets = _assets(criteria, types)
    return names, lambda: activity_rows(_selected(instance, start, end, types, asset_field, assets), names)


def _types(given: Any) -> frozenset[int] | None:
    if given in (None, []):
        return None
    if not isinstance(given, list) or not all(str(value).isdigit() for value in given):
        raise invalid(given, "Array of Integer")
    types = frozenset(int(value) for value in given)
    if 37 in types:
        raise MarketoError("1003", "Activity type 37 (Delete Lead) is not supported")
    return types


def _assets(criteria: dict[str, Any], types: frozenset[int] | None) -> tuple[str, frozenset[str]]:
    ids, names = criteria.get("primaryAttributeValueIds"), criteria.get("primaryAttributeValues")
    if not ids and not names:
        return "", frozenset()
    if ids and names:
        raise MarketoError("1003", "primaryAttributeValueIds and primaryAttributeValues exclude each other")
    if not types or not any(types <= group for group in _ASSET_GROUPS):
        raise MarketoError("1003", "primary attribute filters need activityTypeIds of one asset group")
    values = frozenset(str(value) for value in ids or names or ())
    if len(values) > _ASSETS_PER_JOB:
        raise MarketoError("1003", f"Max number of primary attribute values exceeded: {_ASSETS_PER_JOB}")
    return ("primaryAttributeValueId" if ids else "primaryAttributeValue"), values


def _selected(
    instance: Instance,
    start: datetime,
    end: datetime,
    types: frozenset[int] | None,
    asset_field: str,
    assets: frozenset[str],
) -> Iterator[Record]:
    for activity in instance.store.window("activities", start, end, field="activityDate"):
        type_id = activity["activityTypeId"]
        if type_id == 37 or (types is not None and type_id not in types):
            continue
        if not assets or str(activity.get(asset_field)) in assets:
            yield activity
