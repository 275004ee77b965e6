"""Activities over REST: types, paging tokens, activities, lead changes, deleted leads.

A token marks a place in (activityDate, marketoGUID) order. It is always returned and is where the next poll goes
on, so that an activity which comes later with an earlier date is not seen: the real service has the same gap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from muster_simulators.clock import parse_iso
from muster_simulators.marketo.activity_index import Place
from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, invalid, missing
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.lists import find_list
from muster_simulators.marketo.values import iso_offset, parse_datetime, seal, unseal
from muster_simulators.store import Record

NEW_LEAD, CHANGE_DATA_VALUE, DELETE_LEAD = 12, 13, 37
TYPES_PER_CALL, LEADS_PER_CALL = 10, 30
PLACE = "activities"


def types(instance: Instance, call: Call) -> Answer:
    return {"result": instance.activity_types()}


def paging_token(instance: Instance, call: Call) -> Answer:
    since = parse_datetime(call.required("sinceDatetime"))
    return {"nextPageToken": _token((since - timedelta(microseconds=1), "~"))}


def _token(place: Place) -> str:
    return seal(PLACE, place[0].isoformat(), place[1])


def _place(call: Call) -> Place:
    at, key = unseal(PLACE, call.required("nextPageToken"))
    return parse_iso(at), key


def _whole_numbers(call: Call, name: str, most: int) -> list[int]:
    texts = call.many(name)
    if len(set(texts)) > most:
        raise MarketoError("1003", f"Max number of {name} exceeded: {most}")
    if not all(text.isdigit() for text in texts):
        raise invalid(",".join(texts), "Integer")
    return [int(text) for text in dict.fromkeys(texts)]


def _wanted_leads(instance: Instance, call: Call) -> Collection[int] | None:
    """The leads that `leadIds` and `listId` narrow to, None for all."""
    ids = set(_whole_numbers(call, "leadIds", LEADS_PER_CALL))
    list_id = call.one("listId")
    if list_id is None:
        return ids or None
    members = set(instance.members(int(find_list(instance, list_id)["id"])))
    if len(members) >= instance.options.static_list_id_limit:
        raise MarketoError("1003", f"List has {len(members)} leads, too many for the filter")
    return members & ids if ids else members


def _read(
    instance: Instance, call: Call, types: Collection[int], assets: Collection[int]
) -> Iterator[Record]:
    leads = _wanted_leads(instance, call)
    for activity in instance.activity_index.after(_place(call), types):
        if leads is not None and activity["leadId"] not in leads:
            continue
        if not assets or activity.get("primaryAttributeValueId") in assets:
            yield activity


def _page(instance: Instance, call: Call, found: Iterator[Record]) -> tuple[list[Record], dict[str, Any]]:
    """One page, its token and whether there is more."""
    if instance.fault(call.method, call.path, "empty_page") is not None:
        return [], {"nextPageToken": call.required("nextPageToken"), "moreResult": True}
    rows = list(islice(found, call.batch_size + 1))
    more = len(rows) > call.batch_size
    rows = rows[: call.batch_size]
    place = (rows[-1]["activityDate"], rows[-1]["marketoGUID"]) if rows else _place(call)
    return rows, {"nextPageToken": _token(place), "moreResult": more}


def _row(activity: Record) -> dict[str, Any]:
    """An activity as REST shows it: attributes as a list, empty values left out."""
    attributes = activity.get("attributes") or {}
    row = {name: value for name, value in activity.items() if value is not None}
    row["attributes"] = [
        {"name": name, "value": value} for name, value in attributes.items() if value is not None
    ]
    return row


def activities(instance: Instance, call: Call) -> Answer:
    wanted = _whole_numbers(call, "activityTypeIds", TYPES_PER_CALL)
    call.required("nextPageToken")
    if not wanted:
        raise missing("activityTypeIds")
    assets = _whole_numbers(call, "assetIds", 10)
    rows, beside = _page(instance, call, _read(instance, call, wanted, assets))
    return {"result": [_row(activity) for activity in rows], **beside}


def deleted_leads(instance: Instance, call: Call) -> Answer:
    """Activities 37, with dates in the `+0000` spelling."""
    found = _read(instance, call, (DELETE_LEAD,), ())
    if instance.options.deleted_leads_days is not None:
        oldest = instance.clock.now() - timedelta(days=instance.options.deleted_leads_days)
        found = (activity for activity in found if activity["activityDate"] >= oldest)
    rows, beside = _page(instance, call, found)
    result = [{**_row(activity), "activityDate": iso_offset(activity["activityDate"])} for activity in rows]
    return {"result": result, **beside}


def lead_changes(instance: Instance, call: Call) -> Answer:
    """New leads, and changes of the asked-for fields."""
    fields = instance.lead_fields.chosen(call.many("fields"), ())
    if not fields:
        raise missing("fields")
    labels = {instance.lead_fields.by_name[name].label: name for name in fields}
    names = {**{name: name for name in fields}, **labels}
    found = (
        activity
        for activity in _read(instance, call, (NEW_LEAD, CHANGE_DATA_VALUE), ())
        if activity["activityTypeId"] == NEW_LEAD or activity.get("primaryAttributeValue") in names
    )
    rows, beside = _page(instance, call, found)
    return {"result": [_change_row(instance, activity, names) for activity in rows], **beside}


def _change_row(instance: Instance, activity: Record, names: dict[str, str]) -> dict[str, Any]:
    attributes = activity.get("attributes") or {}
    told = {
        "Reason": attributes.get("Reason"),
        "Source": attributes.get("Source"),
        "Lead ID": activity["leadId"],
    }
    row = {
        "id": activity["id"],
        "marketoGUID": activity["marketoGUID"],
        "leadId": activity["leadId"],
        "activityDate": activity["activityDate"],
        "activityTypeId": activity["activityTypeId"],
        "fields": [],
        "attributes": [{"name": name, "value": value} for name, value in told.items() if value is not None],
    }
    if activity["activityTypeId"] == CHANGE_DATA_VALUE:
        name = names[activity["primaryAttributeValue"]]
        change = {
            "id": instance.lead_fields.number(name),
            "name": name,
            "newValue": attributes.get("New Value"),
            "oldValue": attributes.get("Old Value"),
        }
        row["fields"] = [
            {key: value for key, value in change.items() if value is not None or key == "newValue"}
        ]
    return row


ROUTES: list[Route] = [
    ("GET", "/rest/v1/activities/types.json", types),
    ("GET", "/rest/v1/activities/pagingtoken.json", paging_token),
    ("GET", "/rest/v1/activities.json", activities),
    ("GET", "/rest/v1/activities/leadchanges.json", lead_changes),
    ("GET", "/rest/v1/activities/deletedleads.json", deleted_leads),
]
