"""Custom activities: types with their drafts, and adding activities of approved types."""

from __future__ import annotations

from typing import Any

from muster_simulators.marketo.call import Call, whole
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing
from muster_simulators.marketo.instance import CUSTOM_ACTIVITIES as STORED_IN
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import parse_datetime
from muster_simulators.store import Record
from muster_simulators.world.model import Change

FIRST_TYPE = 100_001
TYPES, ATTRIBUTES = 10, 20
_HEADS = ("apiName", "name", "description", "triggerName", "filterName", "primaryAttribute", "attributes")


def _state(found: Record) -> str:
    if found.get("live") is None:
        return "draft"
    return "approved with draft" if found.get("draft") is not None else "approved"


def _shown(found: Record, *, draft: bool) -> dict[str, Any]:
    version = (found.get("draft") if draft else found.get("live")) or found.get("live") or found["draft"]
    row = {"id": found["id"], "status": _state(found), **version}
    return {**row, "createdAt": found["createdAt"], "updatedAt": found["updatedAt"]}


def _find(instance: Instance, name: str) -> Record:
    found = instance.store.get(STORED_IN, name)
    if found is None:
        raise MarketoError("1013", f"Custom activity type '{name}' not found")
    return found


def _draft(found: Record) -> Record:
    return dict(found.get("draft") or found.get("live") or {})


def _keep(instance: Instance, found: Record) -> Answer:
    found = {**found, "updatedAt": instance.clock.now()}
    instance.store.put(STORED_IN, found["apiName"], found)
    return {"result": [_shown(found, draft=True)]}


# ---- types ---------------------------------------------------------------------------------------------------


def types(instance: Instance, call: Call) -> Answer:
    found = sorted(instance.store.records(STORED_IN).values(), key=lambda one: int(one["id"]))
    return {"result": [_shown(one, draft=False) for one in found]}


def describe(instance: Instance, call: Call, name: str) -> Answer:
    wants_draft = (call.one("draft") or "").lower() == "true"
    return {"result": [_shown(_find(instance, name), draft=wants_draft)]}


def create(instance: Instance, call: Call) -> Answer:
    body: Any = call.body if isinstance(call.body, dict) else {}
    for name in ("apiName", "name", "triggerName", "filterName", "primaryAttribute"):
        if not body.get(name):
            raise missing(name)
    name = str(body["apiName"])
    with instance.writing:
        known = instance.store.records(STORED_IN)
        if name in known:
            raise MarketoError("1017", f"Custom activity type '{name}' already exists")
        if len(known) >= TYPES:
            raise MarketoError("1027", f"Max number of custom activity types exceeded: {TYPES}")
        draft = {"attributes": [], "description": "", **{key: body[key] for key in _HEADS if key in body}}
        draft["primaryAttribute"] = _attribute(body["primaryAttribute"], is_primary=True)
        number = instance.next_id(STORED_IN, first=FIRST_TYPE)
        found = {"id": number, "apiName": name, "live": None, "draft": draft}
        return _keep(instance, {**found, "createdAt": instance.clock.now()})


def _attribute(given: Record, *, is_primary: bool = False) -> Record:
    for name in ("apiName", "name"):
        if not given.get(name):
            raise missing(name)
    return {
        "apiName": given["apiName"],
        "name": given["name"],
        "dataType": given.get("dataType") or "string",
        "description": given.get("description") or "",
        **({"isPrimary": True} if is_primary else {}),
    }


def update(instance: Instance, call: Call, name: str) -> Answer:
    found, body = _find(instance, name), call.body if isinstance(call.body, dict) else {}
    draft = {**_draft(found), **{key: body[key] for key in _HEADS if key in body and key != "attributes"}}
    if "primaryAttribute" in body:
        draft["primaryAttribute"] = _attribute(body["primaryAttribute"], is_primary=True)
    return _keep(instance, {**found, "draft": {**draft, "apiName": name}})


def approve(instance: Instance, call: Call, name: str) -> Answer:
    found = _find(instance, name)
    if found.get("draft") is None:
        raise MarketoError("709", f"Custom activity type '{name}' has no draft")
    return _keep(instance, {**found, "live": found["draft"], "draft": None})


def discard(instance: Instance, call: Call, name: str) -> Answer:
    found = _find(instance, name)
    if found.get("draft") is None or found.get("live") is None:
        raise MarketoError("1048", f"Custom activity type '{name}': discard draft failed")
    return _keep(instance, {**found, "draft": None})


def delete(instance: Instance, call: Call, name: str) -> Answer:
    """1022 while there are activities of it."""
    found = _find(instance, name)
    if instance.store.keys_by("activities", "activityTypeId", str).get(str(found["id"])):
        raise MarketoError("1022", f"Custom activity type '{name}' is in use")
    instance.store.delete(STORED_IN, name)
    return {"result": [{**_shown(found, draft=False), "status": "deleted"}]}


def _given_attributes(call: Call) -> list[Record]:
    found = call.body.get("attributes") if isinstance(call.body, dict) else None
    if not isinstance(found, list) or not found:
        raise missing("attributes")
    return found


def add_attributes(instance: Instance, call: Call, name: str) -> Answer:
    found = _find(instance, name)
    draft = _draft(found)
    held = list(draft["attributes"])
    for given in _given_attributes(call):
        if any(one["apiName"] == given.get("apiName") for one in held):
            raise MarketoError("1017", f"Attribute '{given.get('apiName')}' already exists")
        held.append(_attribute(given))
    if len(held) > ATTRIBUTES:
        raise MarketoError("1028", f"Max number of attributes exceeded: {ATTRIBUTES}")
    return _keep(instance, {**found, "draft": {**draft, "attributes": held}})


def update_attributes(instance: Instance, call: Call, name: str) -> Answer:
    found = _find(instance, name)
    draft, given = _draft(found), {one.get("apiName"): one for one in _given_attributes(call)}
    _known(draft, set(given))
    held = [{**one, **given.get(one["apiName"], {})} for one in draft["attributes"]]
    return _keep(instance, {**found, "draft": {**draft, "attributes": held}})


def delete_attributes(instance: Instance, call: Call, name: str) -> Answer:
    found = _find(instance, name)
    draft, names = _draft(found), {one.get("apiName") for one in _given_attributes(call)}
    _known(draft, names)
    held = [one for one in draft["attributes"] if one["apiName"] not in names]
    return _keep(instance, {**found, "draft": {**draft, "attributes": held}})


def _known(draft: Record, names: set[Any]) -> None:
    unknown = names - {one["apiName"] for one in draft["attributes"]}
    if unknown:
        raise MarketoError("1006", f"Attribute '{min(map(str, unknown))}' not found")


# ---- activities ----------------------------------------------------------------------------------------------


def add(instance: Instance, call: Call) -> Answer:
    """`added`, or skipped with `errors` (not `reasons`)."""
    live = {one["id"]: one["live"] for one in instance.store.records(STORED_IN).values() if one.get("live")}
    results, changes = [], list[Change]()
    with instance.writing:
        for given in call.inputs():
            try:
                change = _activity(instance, given, live)
            except MarketoError as refusal:
                errors = [{"code": refusal.code, "message": refusal.message}]
                results.append({"status": "skipped", "errors": errors})
                continue
            changes.append(change)
            results.append({"id": change.values["id"], "marketoGUID": change.key, "status": "added"})
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, "custom_activities_added", len(changes))
    return {"result": results}


def _activity(instance: Instance, given: Record, live: dict[Any, Record]) -> Change:
    for name in ("leadId", "activityDate", "activityTypeId", "primaryAttributeValue"):
        if given.get(name) in (None, ""):
            raise missing(name)
    lead_id, type_id = whole(given["leadId"]), whole(given["activityTypeId"])
    if instance.lead(lead_id) is None:
        raise MarketoError("1004")
    if type_id not in live:
        raise MarketoError("1013", f"Activity type '{type_id}' not found")
    names = {one[key]: one["name"] for one in live[type_id]["attributes"] for key in ("name", "apiName")}
    attributes = {}
    for one in given.get("attributes") or ():
        called = one.get("apiName") or one.get("name")
        if called not in names:
            raise MarketoError("1006", f"Attribute '{called}' not found")
        attributes[names[called]] = one.get("value")
    at = parse_datetime(given["activityDate"])
    primary = (None, str(given["primaryAttributeValue"]))
    return instance.activity(type_id, lead_id, primary, attributes, at)


BASE = "/rest/v1/activities/external"
ROUTES: list[Route] = [
    ("GET", f"{BASE}/types.json", types),
    ("POST", f"{BASE}.json", add),
    ("POST", f"{BASE}/type.json", create),
    ("POST", f"{BASE}/type/{{name}}.json", update),
    ("GET", f"{BASE}/type/{{name}}/describe.json", describe),
    ("POST", f"{BASE}/type/{{name}}/approve.json", approve),
    ("POST", f"{BASE}/type/{{name}}/discardDraft.json", discard),
    ("POST", f"{BASE}/type/{{name}}/delete.json", delete),
    ("POST", f"{BASE}/type/{{name}}/attributes/create.json", add_attributes),
    ("POST", f"{BASE}/type/{{name}}/attributes/update.json", update_attributes),
    ("POST", f"{BASE}/type/{{name}}/attributes/delete.json", delete_attributes),
]
