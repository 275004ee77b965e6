"""Static lists in the lead database: browse, members, add, remove, is-member."""

from __future__ import annotations

from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, skipped
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.leads import chosen_fields, shown
from muster_simulators.marketo.paging import page
from muster_simulators.store import Record

ADDED, REMOVED = 24, 25
_FILTERS = {"id": "id", "name": "name", "programName": "programName", "workspaceName": "workspaceName"}


def find_list(instance: Instance, list_id: str) -> Record:
    """The list's record; 1013 when there is none."""
    found = instance.store.get("static_lists", list_id)
    if found is None:
        raise MarketoError("1013", f"List '{list_id}' not found")
    return found


def _row(found: Record) -> dict[str, Any]:
    row = {name: found.get(name) for name in ("id", "name", "description", "programName")}
    row |= {"workspaceName": found.get("workspaceName") or "Default"}
    row |= {name: found[name] for name in ("createdAt", "updatedAt")}
    return {name: value for name, value in row.items() if value is not None}


def browse(instance: Instance, call: Call) -> Answer:
    lists = sorted(instance.store.records("static_lists").values(), key=lambda found: int(found["id"]))
    rows = [_row(found) for found in lists]
    for parameter, field in _FILTERS.items():
        wanted = set(call.many(parameter))
        if wanted:
            rows = [row for row in rows if str(row.get(field)) in wanted]
    part, beside = page(instance, call, "lists", rows)
    return {"result": list(part), **beside}


def one_list(instance: Instance, call: Call, list_id: str) -> Answer:
    return {"result": [_row(find_list(instance, list_id))]}


def members(instance: Instance, call: Call, list_id: str) -> Answer:
    """Lead records of the members in order of lead id."""
    find_list(instance, list_id)
    fields = chosen_fields(instance, call)
    part, beside = page(instance, call, f"members {list_id}", instance.members(int(list_id)))
    leads = (instance.lead(lead_id) for lead_id in part)
    return {"result": [shown(instance, lead, fields) for lead in leads if lead is not None], **beside}


def add(instance: Instance, call: Call, list_id: str) -> Answer:
    """`added` for every existing lead, present members included; only new ones are written."""
    found = find_list(instance, list_id)
    results: list[dict[str, Any]] = []
    with instance.writing:
        now, changes, fresh = instance.clock.now(), [], set()
        for lead_id in call.ids():
            if instance.lead(lead_id) is None:
                results.append(skipped("1004", id=lead_id))
                continue
            results.append({"id": lead_id, "status": "added"})
            key = f"{found['id']}:{lead_id}"
            if lead_id not in fresh and instance.store.get("list_members", key) is None:
                fresh.add(lead_id)
                membership = {"listId": int(found["id"]), "leadId": lead_id, "at": now}
                changes.append(instance.change("list_members", key, membership, now))
                changes.append(_moved(instance, ADDED, lead_id, found, now))
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, "list_members_added", len(fresh))
    return {"result": results}


def remove(instance: Instance, call: Call, list_id: str) -> Answer:
    """`removed`, or skipped: 1004 for an unknown lead, 1015 for one that isn't in the list."""
    found = find_list(instance, list_id)
    results: list[dict[str, Any]] = []
    with instance.writing:
        now, changes, gone = instance.clock.now(), [], set()
        for lead_id in call.ids():
            key = f"{found['id']}:{lead_id}"
            if instance.lead(lead_id) is None:
                results.append(skipped("1004", id=lead_id))
            elif lead_id in gone or instance.store.get("list_members", key) is None:
                results.append(skipped("1015", id=lead_id))
            else:
                gone.add(lead_id)
                changes.append(instance.change("list_members", key, None, now))
                changes.append(_moved(instance, REMOVED, lead_id, found, now))
                results.append({"id": lead_id, "status": "removed"})
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, "list_members_removed", len(gone))
    return {"result": results}


def _moved(instance: Instance, type_id: int, lead_id: int, found: Record, now: Any) -> Any:
    primary = (int(found["id"]), found["name"])
    return instance.activity(type_id, lead_id, primary, {"Source": "Web service API"}, now)


def is_member(instance: Instance, call: Call, list_id: str) -> Answer:
    found = find_list(instance, list_id)
    results = []
    for lead_id in call.ids():
        if instance.lead(lead_id) is None:
            results.append(skipped("1004", id=lead_id))
        else:
            held = instance.store.get("list_members", f"{found['id']}:{lead_id}") is not None
            results.append({"id": lead_id, "status": "memberof" if held else "notmemberof"})
    return {"result": results}


ROUTES: list[Route] = [
    ("GET", "/rest/v1/lists.json", browse),
    ("GET", "/rest/v1/lists/{id}.json", one_list),
    ("GET", "/rest/v1/lists/{id}/leads.json", members),
    ("GET", "/rest/v1/list/{id}/leads.json", members),
    ("POST", "/rest/v1/lists/{id}/leads.json", add),
    ("DELETE", "/rest/v1/lists/{id}/leads.json", remove),
    ("GET", "/rest/v1/lists/{id}/leads/ismember.json", is_member),
]
