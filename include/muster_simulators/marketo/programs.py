"""Programs, channels and tags of the asset API."""

from __future__ import annotations

from typing import Any

from muster_simulators.marketo.asset_kit import (
    asset_page,
    blank,
    by_id,
    found_or_warning,
    given,
    is_true,
    needed,
    stamps,
    updated_within,
)
from muster_simulators.marketo.assets import ROOT, folders, reference
from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, invalid
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.program_members import find_program
from muster_simulators.store import Record
from muster_simulators.world.model import HISTORY_START

FIRST_NUMBER = 90_000
TYPES = ("Default", "Event", "Event with Webinar", "Engagement", "Email")


def _row(found: Record, *, tags: bool = False, costs: bool = False) -> dict[str, Any]:
    """A program names its folder by `value`, where a static list says `id`."""
    folder = found.get("folder") or {"type": "Folder", "value": 1, "folderName": ROOT["name"]}
    row = {
        "id": found["id"],
        "name": found["name"],
        "description": found.get("description") or "",
        **stamps(found),
        "url": f"https://app-sim.marketo.com/#PG{found['id']}A1",
        "type": found.get("type") or "Default",
        "channel": found.get("channel") or "Content",
        "folder": folder,
        "status": found.get("status") or "",
        "workspace": found.get("workspace") or "Default",
        "headStart": bool(found.get("headStart")),
    }
    if tags:
        row["tags"] = found.get("tags") or []
    if costs:
        row["costs"] = [_cost(cost) for cost in found.get("costs") or []]
    return row


def _cost(cost: Record) -> dict[str, Any]:
    """A period cost: its start as assets spell a time."""
    day = str(cost.get("startDate") or "")[:10]
    return {
        "startDate": f"{day}T00:00:00Z+0000",
        "cost": int(cost.get("cost") or 0),
        "note": cost.get("note") or "",
    }


def _whole_row(found: Record) -> dict[str, Any]:
    return _row(found, tags=True, costs=True)


# ---- reading -------------------------------------------------------------------------------------------------

_FILTERS = {"id": "id", "programId": "id", "workspace": "workspace", "folderId": "folder"}


def browse(instance: Instance, call: Call) -> Answer:
    found = updated_within(call, [{"updatedAt": HISTORY_START, **p} for p in by_id(instance, "programs")])
    if call.one("status") is not None:
        found = [program for program in found if (program.get("status") or "") == call.one("status")]
    kind = call.one("filterType")
    if kind is not None:
        if kind not in _FILTERS:
            raise invalid(kind, "filterType")
        wanted = set(call.many("filterValues"))
        found = [program for program in found if _filter_value(program, kind) in wanted]
    return asset_page(call, [_row(program) for program in found])


def _filter_value(program: Record, kind: str) -> str:
    row = _row(program)
    return str(row["folder"].get("value") if kind == "folderId" else row[_FILTERS[kind]])


def one(instance: Instance, call: Call, program_id: str) -> Answer:
    found = instance.store.get("programs", program_id)
    return found_or_warning([_whole_row(found)] if found else [])


def by_name(instance: Instance, call: Call) -> Answer:
    """`includeTags` and `includeCosts` bring what is left out otherwise."""
    name, tags, costs = needed(call, "name"), is_true(call, "includeTags"), is_true(call, "includeCosts")
    found = [program for program in by_id(instance, "programs") if program["name"] == name]
    return found_or_warning([_row(program, tags=tags, costs=costs) for program in found])


def by_tag(instance: Instance, call: Call) -> Answer:
    tag = {"tagType": needed(call, "tagType"), "tagValue": needed(call, "tagValue")}
    found = [program for program in by_id(instance, "programs") if tag in (program.get("tags") or [])]
    return asset_page(call, [_whole_row(program) for program in found])


def smart_list(instance: Instance, call: Call, program_id: str) -> Answer:
    """E-mail programs have one."""
    found = instance.store.get("programs", program_id)
    return found_or_warning([smart_list_row(call, found)] if found and found.get("type") == "Email" else [])


def smart_list_row(call: Call, owner: Record) -> dict[str, Any]:
    """The smart list inside a program or campaign."""
    number = int(owner.get("smartListId") or int(owner["id"]) + 100_000)
    row: dict[str, Any] = {
        "id": number,
        "name": f"Smart list of {owner['name']}",
        "description": "",
        **stamps(owner),
        "url": f"https://app-sim.marketo.com/#SL{number}A1",
        "folder": {"id": int(owner["id"]), "type": "Program"},
        "workspace": "Default",
    }
    if is_true(call, "includeRules"):
        row["rules"] = {"filterMatchType": "All", "triggers": [], "filters": []}
    return row


# ---- writing -------------------------------------------------------------------------------------------------


def _unused(instance: Instance, name: str, but: Any = None) -> None:
    if any(found["name"] == name and found["id"] != but for found in by_id(instance, "programs")):
        raise MarketoError("709", "Program with the same name already exists")


def _folder(instance: Instance, call: Call) -> dict[str, Any]:
    found = reference(instance, call, "folder")
    names = {folder["id"]: folder["name"] for folder in folders(instance)}
    return {"type": found["type"], "value": found["id"], "folderName": names.get(found["id"], "")}


def create(instance: Instance, call: Call) -> Answer:
    name, kind, channel = needed(call, "name"), needed(call, "type"), needed(call, "channel")
    if kind.lower() not in {known.lower() for known in TYPES}:
        raise invalid(kind, "ProgramType")
    if all(found["name"] != channel for found in by_id(instance, "channels")):
        raise MarketoError("709", f"Channel '{channel}' not found")
    values = {
        "description": call.one("description") or "",
        "type": next(known for known in TYPES if known.lower() == kind.lower()),
        "channel": channel,
        "status": "",
        "folder": _folder(instance, call),
        "workspace": "Default",
        "tags": given(call, "tags") or [],
        "costs": given(call, "costs") or [],
    }
    return _made(instance, name, values)


def clone(instance: Instance, call: Call, program_id: str) -> Answer:
    found, name = find_program(instance, program_id), needed(call, "name")
    values = {**found, "folder": _folder(instance, call), "description": call.one("description") or ""}
    return _made(instance, name, values)


def _made(instance: Instance, name: str, values: Record) -> Answer:
    with instance.writing:
        _unused(instance, name)
        now, number = instance.clock.now(), instance.next_id("programs", first=FIRST_NUMBER)
        program = {**values, "id": number, "name": name, "createdAt": now, "updatedAt": now}
        instance.store.put("programs", str(number), program, at=now)
        instance.stats.wrote(instance.source, "programs_created")
    return {"result": [_whole_row(program)]}


def update(instance: Instance, call: Call, program_id: str) -> Answer:
    with instance.writing:
        found = find_program(instance, program_id)
        name = call.one("name") or found["name"]
        _unused(instance, name, found["id"])
        tags, costs = given(call, "tags"), given(call, "costs") or []
        kept = [] if is_true(call, "costsDestructiveUpdate") else list(found.get("costs") or [])
        values = {
            "name": name,
            "description": call.one("description") or found.get("description"),
            "tags": found.get("tags") or [] if tags is None else tags,
            "costs": [*kept, *costs],
        }
        return _changed(instance, found, values)


def _changed(instance: Instance, found: Record, values: Record) -> Answer:
    now = instance.clock.now()
    program = {**found, **values, "updatedAt": now}
    instance.store.put("programs", str(found["id"]), program, at=now)
    instance.stats.wrote(instance.source, "programs_updated")
    return {"result": [_whole_row(program)]}


def approve(instance: Instance, call: Call, program_id: str) -> Answer:
    return _set_status(instance, program_id, "locked")


def unapprove(instance: Instance, call: Call, program_id: str) -> Answer:
    return _set_status(instance, program_id, "unlocked")


def _set_status(instance: Instance, program_id: str, status: str) -> Answer:
    """Only e-mail programs are approved."""
    found = find_program(instance, program_id)
    if found.get("type") != "Email":
        raise MarketoError("709", "Only an e-mail program can be approved")
    if found.get("status") == status:
        raise MarketoError("709", f"The program is {status} already")
    _changed(instance, found, {"status": status})
    return {"result": [{"id": found["id"]}]}


def delete(instance: Instance, call: Call, program_id: str) -> Answer:
    """Takes the program and its memberships away."""
    with instance.writing:
        found, now = find_program(instance, program_id), instance.clock.now()
        keys = instance.find("program_members", "programId", [program_id], "")
        gone = [instance.change("program_members", key, None, now) for key in keys]
        instance.store.write([instance.change("programs", program_id, None, now), *gone])
        instance.stats.wrote(instance.source, "programs_deleted")
    return {"result": [{"id": found["id"]}]}


# ---- channels and tags ---------------------------------------------------------------------------------------


def _channel_row(found: Record) -> dict[str, Any]:
    return {
        "id": found["id"],
        "name": found["name"],
        "applicableProgramType": found["applicableProgramType"],
        "progressionStatuses": found["progressionStatuses"],
        **stamps(found),
    }


def channels(instance: Instance, call: Call) -> Answer:
    return asset_page(call, [_channel_row(found) for found in by_id(instance, "channels")])


def channel_by_name(instance: Instance, call: Call) -> Answer:
    """The parameter is called `Name` in the description and `name` by clients."""
    name = call.one("name") or call.one("Name")
    if name is None:
        raise blank("name")
    return found_or_warning([_channel_row(f) for f in by_id(instance, "channels") if f["name"] == name])


def _tag_row(found: Record, *, whole: bool) -> dict[str, Any]:
    row = {
        "tagType": found["tagType"],
        "applicableProgramTypes": "program, event, webinar, nurture",
        "required": bool(found.get("required")),
    }
    return {**row, "allowableValues": f"[{', '.join(found['allowableValues'])}]"} if whole else row


def tag_types(instance: Instance, call: Call) -> Answer:
    return asset_page(call, [_tag_row(found, whole=False) for found in by_id(instance, "tag_types")])


def tag_type_by_name(instance: Instance, call: Call) -> Answer:
    name = needed(call, "name")
    found = [tag for tag in by_id(instance, "tag_types") if tag["tagType"] == name]
    return found_or_warning([_tag_row(tag, whole=True) for tag in found])


BASE = "/rest/asset/v1"
ROUTES: list[Route] = [
    ("GET", f"{BASE}/programs.json", browse),
    ("POST", f"{BASE}/programs.json", create),
    ("GET", f"{BASE}/program/byName.json", by_name),
    ("GET", f"{BASE}/program/byTag.json", by_tag),
    ("GET", f"{BASE}/program/{{id}}.json", one),
    ("POST", f"{BASE}/program/{{id}}.json", update),
    ("GET", f"{BASE}/program/{{id}}/smartList.json", smart_list),
    ("POST", f"{BASE}/program/{{id}}/approve.json", approve),
    ("POST", f"{BASE}/program/{{id}}/unapprove.json", unapprove),
    ("POST", f"{BASE}/program/{{id}}/clone.json", clone),
    ("POST", f"{BASE}/program/{{id}}/delete.json", delete),
    ("GET", f"{BASE}/channels.json", channels),
    ("GET", f"{BASE}/channel/byName.json", channel_by_name),
    ("GET", f"{BASE}/tagTypes.json", tag_types),
    ("GET", f"{BASE}/tagType/byName.json", tag_type_by_name),
]
