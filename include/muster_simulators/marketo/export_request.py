"""What a create call may ask for, checked as the real service does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.errors import MarketoError, invalid, missing
from muster_simulators.marketo.export_files import ACTIVITY_FIELDS, DELIMITERS, activity_rows, lead_rows
from muster_simulators.marketo.export_members import custom_objects, program_members
from muster_simulators.marketo.export_parts import Rows, date_range, field_names, list_id, list_members
from muster_simulators.marketo.instance import Instance
from muster_simulators.store import Record

_LEAD_FILTERS = ("createdAt", "updatedAt", "staticListName", "staticListId", "smartListName", "smartListId")
_SMART = ("smartListName", "smartListId")
_ASSET_GROUPS = ({13, 22}, {104}, {24, 25}, {2})
_ASSETS_PER_JOB = 50


@dataclass(frozen=True)
class ExportRequest:
    """A checked request: the file's header and a function that reads its rows when the job runs."""

    form: str
    header: tuple[str, ...]
    rows: Rows


def read_request(instance: Instance, call: Call, family: str) -> ExportRequest:
    """The request of a create call for `leads`, `activities`, `program/members` or `customobjects/<apiName>`."""
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
    read = {"leads": _leads, "activities": _activities, "program/members": program_members}.get(family)
    if read is None:
        read = partial(custom_objects, family.removeprefix("customobjects/"))
    names, rows = read(instance, fields, criteria)
    renamed = body.get("columnHeaderNames") or {}
    return ExportRequest(form, tuple(str(renamed.get(name, name)) for name in names), rows)


def _leads(instance: Instance, fields: list[Any], criteria: dict[str, Any]) -> tuple[list[str], Rows]:
    names = instance.lead_fields.chosen(field_names(fields), ())
    unknown = set(criteria) - set(_LEAD_FILTERS)
    if unknown or len(criteria) != 1:
        raise MarketoError("1003", "Exactly one filter of " + ", ".join(_LEAD_FILTERS))
    ((kind, given),) = criteria.items()
    if kind in _SMART or (kind == "updatedAt" and not instance.options.updated_at_filter):
        raise MarketoError("1035")
    if kind in ("createdAt", "updatedAt"):
        start, end = date_range(given, kind)
        field = "createdAt" if kind == "createdAt" else None
        read = partial(instance.store.window, "leads", start, end, field=field)
    else:
        read = partial(list_members, instance, list_id(instance, kind, given))
    read_fields = instance.lead_fields.reader(names)
    return names, lambda: lead_rows(read(), read_fields)


def _activities(instance: Instance, fields: list[Any], criteria: dict[str, Any]) -> tuple[list[str], Rows]:
    names = [str(name) for name in fields] or list(ACTIVITY_FIELDS)
    for name in names:
        if name not in (*ACTIVITY_FIELDS, "actionResult"):
            raise MarketoError("1006", f"Field '{name}' not found")
    known = {"createdAt", "activityTypeIds", "primaryAttributeValueIds", "primaryAttributeValues"}
    if set(criteria) - known:
        raise MarketoError("1003", "Unknown filter: " + ", ".join(sorted(set(criteria) - known)))
    start, end = date_range(criteria.get("createdAt"), "createdAt")
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
