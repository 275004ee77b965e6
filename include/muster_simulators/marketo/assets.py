"""The asset API: static lists, folders and programs; the rest of the asset families answers that it is empty."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, invalid
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.lists import find_list
from muster_simulators.marketo.values import iso_asset, parse_datetime
from muster_simulators.store import Record
from muster_simulators.world.model import HISTORY_START

NOTHING_FOUND = {"warnings": ["No assets found for the given search criteria."]}
ROOT = {"id": 1, "name": "Marketing Activities"}
FIRST_BUILT_IN_FOLDER = 2001


def found_or_warning(rows: list[dict[str, Any]]) -> Answer:
    """Assets leave `result` out when nothing was found."""
    return {"result": rows} if rows else NOTHING_FOUND


def _page(call: Call, rows: list[dict[str, Any]]) -> Answer:
    offset = call.number("offset", 0, 1_000_000_000)
    count = call.number("maxReturn", 20, 200) or 20
    return found_or_warning(rows[offset : offset + count])


def _blank(name: str) -> MarketoError:
    return MarketoError("701", f"{name} cannot be blank")


def _needed(call: Call, name: str) -> str:
    value = call.one(name)
    if value is None:
        raise _blank(name)
    return value


def _stamps(found: Record) -> dict[str, str]:
    created = found.get("createdAt") or HISTORY_START
    return {"createdAt": iso_asset(created), "updatedAt": iso_asset(found.get("updatedAt") or created)}


def _updated_within(call: Call, rows: Iterable[Record]) -> list[Record]:
    earliest, latest = call.one("earliestUpdatedAt"), call.one("latestUpdatedAt")
    start = parse_datetime(earliest) if earliest else None
    end = parse_datetime(latest) if latest else None
    return [
        row
        for row in rows
        if (start is None or row["updatedAt"] >= start) and (end is None or row["updatedAt"] <= end)
    ]


def _by_id(instance: Instance, object_name: str) -> list[Record]:
    return sorted(instance.store.records(object_name).values(), key=lambda found: int(found["id"]))


# ---- folders -------------------------------------------------------------------------------------------------


def folders(instance: Instance) -> list[Record]:
    """Root, those of the world and of clients, and those the options name when nobody made them."""
    stored = _by_id(instance, "folders")
    names = {folder["name"] for folder in stored}
    wanted = enumerate(instance.options.folders, start=FIRST_BUILT_IN_FOLDER)
    built_in = [ROOT, *({"id": number, "name": name} for number, name in wanted)]
    return [*(folder for folder in built_in if folder["name"] not in names), *stored]


def _folder_row(instance: Instance, folder: Record) -> dict[str, Any]:
    is_root = folder["name"] == ROOT["name"]
    path = "/Marketing Activities" if is_root else f"/Marketing Activities/{folder['name']}"
    return {
        "name": folder["name"],
        "description": folder.get("description") or "",
        **_stamps(folder),
        "url": f"https://app-sim.marketo.com/#MF{folder['id']}A1",
        "folderId": {"id": folder["id"], "type": "Folder"},
        "folderType": folder.get("folderType") or "Marketing Folder",
        "parent": folder.get("parent") or {"id": folder["id"] if is_root else ROOT["id"], "type": "Folder"},
        "path": folder.get("path") or path,
        "isArchive": False,
        "isSystem": is_root,
        "accessZoneId": 1,
        "workspace": folder.get("workspace") or "Default",
        "id": folder["id"],
    }


def browse_folders(instance: Instance, call: Call) -> Answer:
    return _page(call, [_folder_row(instance, folder) for folder in folders(instance)])


def folder_by_name(instance: Instance, call: Call) -> Answer:
    name = _needed(call, "name")
    return found_or_warning([_folder_row(instance, f) for f in folders(instance) if f["name"] == name])


def one_folder(instance: Instance, call: Call, folder_id: str) -> Answer:
    return found_or_warning(
        [_folder_row(instance, f) for f in folders(instance) if str(f["id"]) == folder_id]
    )


def create_folder(instance: Instance, call: Call) -> Answer:
    name, parent = _needed(call, "name"), _reference(instance, call, "parent")
    with instance.writing:
        if any(folder["name"] == name for folder in folders(instance)):
            raise MarketoError("709", "Folder with the same name already exists")
        now = instance.clock.now()
        number = instance.next_id("folders", first=90_000)
        folder = {"id": number, "name": name, "description": call.one("description"), "parent": parent}
        folder |= {"workspace": "Default", "createdAt": now, "updatedAt": now}
        instance.store.put("folders", str(number), folder, at=now)
        instance.stats.wrote(instance.source, "folders_created")
    return {"result": [_folder_row(instance, folder)]}


def _reference(instance: Instance, call: Call, parameter: str) -> dict[str, Any]:
    """A folder or program named as `{"id": 13, "type": "Folder"}`; 710 when it isn't there."""
    found: Any = call.body.get(parameter) if isinstance(call.body, dict) else None
    try:
        found = found or json.loads(_needed(call, parameter))
        reference = {"id": int(found["id"]), "type": str(found.get("type", "Folder"))}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise invalid(call.one(parameter), "Folder") from None
    if reference["type"] == "Program":
        known = instance.store.get("programs", str(reference["id"])) is not None
    else:
        known = any(folder["id"] == reference["id"] for folder in folders(instance))
    if not known:
        raise MarketoError("710", "Parent folder not found")
    return reference


# ---- programs ------------------------------------------------------------------------------------------------


def _program_row(found: Record) -> dict[str, Any]:
    """A program names its folder by `value`, where a static list says `id`."""
    folder = found.get("folder") or {"type": "Folder", "value": 1, "folderName": ROOT["name"]}
    return {
        "id": found["id"],
        "name": found["name"],
        "description": found.get("description") or "",
        **_stamps(found),
        "url": f"https://app-sim.marketo.com/#PG{found['id']}A1",
        "type": found.get("type") or "Default",
        "channel": found.get("channel") or "Content",
        "folder": folder,
        "status": found.get("status") or "",
        "workspace": found.get("workspace") or "Default",
        "headStart": False,
    }


def browse_programs(instance: Instance, call: Call) -> Answer:
    found = _updated_within(call, [{"updatedAt": HISTORY_START, **p} for p in _by_id(instance, "programs")])
    return _page(call, [_program_row(program) for program in found])


def one_program(instance: Instance, call: Call, program_id: str) -> Answer:
    found = instance.store.get("programs", program_id)
    return found_or_warning([{**_program_row(found), "tags": [], "costs": []}] if found else [])


def program_by_name(instance: Instance, call: Call) -> Answer:
    name = _needed(call, "name")
    found = [program for program in _by_id(instance, "programs") if program["name"] == name]
    return found_or_warning([{**_program_row(program), "tags": [], "costs": []} for program in found])


# ---- static lists --------------------------------------------------------------------------------------------


def _list_row(found: Record) -> dict[str, Any]:
    folder = found.get("folder") or {"id": 1, "type": "Folder"}
    url = f"https://app-sim.marketo.com/#ST{found['id']}A1"
    return {
        "id": found["id"],
        "name": found["name"],
        "description": found.get("description") or "",
        **_stamps(found),
        "url": url,
        "folder": {"id": folder["id"], "type": folder.get("type", "Folder")},
        "workspace": found.get("workspaceName") or "Default",
        "computedUrl": url,
    }


def browse_lists(instance: Instance, call: Call) -> Answer:
    lists = _updated_within(call, _by_id(instance, "static_lists"))
    if call.one("folder") is not None:
        wanted = _reference(instance, call, "folder")
        lists = [found for found in lists if _list_row(found)["folder"] == wanted]
    return _page(call, [_list_row(found) for found in lists])


def one_list(instance: Instance, call: Call, list_id: str) -> Answer:
    found = instance.store.get("static_lists", list_id)
    return found_or_warning([_list_row(found)] if found else [])


def list_by_name(instance: Instance, call: Call) -> Answer:
    name = _needed(call, "name")
    return found_or_warning([_list_row(f) for f in _by_id(instance, "static_lists") if f["name"] == name])


def _check_name(instance: Instance, name: str, but: Any = None) -> None:
    if any(f["name"] == name and f["id"] != but for f in _by_id(instance, "static_lists")):
        raise MarketoError("709", "Static list with the same name already exists")


def create_list(instance: Instance, call: Call) -> Answer:
    folder, name = _reference(instance, call, "folder"), _needed(call, "name")
    with instance.writing:
        _check_name(instance, name)
        now, number = instance.clock.now(), instance.next_id("static_lists", first=90_000)
        program = instance.store.get("programs", str(folder["id"])) if folder["type"] == "Program" else None
        found = {
            "id": number,
            "name": name,
            "description": call.one("description"),
            "programName": program["name"] if program else None,
            "workspaceName": "Default",
            "folder": folder,
            "createdAt": now,
            "updatedAt": now,
        }
        instance.store.put("static_lists", str(number), found, at=now)
        instance.stats.wrote(instance.source, "lists_created")
    return {"result": [_list_row(found)]}


def update_list(instance: Instance, call: Call, list_id: str) -> Answer:
    with instance.writing:
        found = find_list(instance, list_id)
        name = call.one("name") or found["name"]
        _check_name(instance, name, found["id"])
        now = instance.clock.now()
        description = call.one("description") or found.get("description")
        found = {**found, "name": name, "description": description, "updatedAt": now}
        instance.store.put("static_lists", list_id, found, at=now)
        instance.stats.wrote(instance.source, "lists_updated")
    return {"result": [_list_row(found)]}


def delete_list(instance: Instance, call: Call, list_id: str) -> Answer:
    """Takes the list and its memberships away."""
    with instance.writing:
        found, now = find_list(instance, list_id), instance.clock.now()
        keys = instance.find("list_members", "listId", [list_id], "")
        gone = [instance.change("list_members", key, None, now) for key in keys]
        instance.store.write([instance.change("static_lists", list_id, None, now), *gone])
        instance.stats.wrote(instance.source, "lists_deleted")
    return {"result": [{"id": found["id"]}]}


# ---- the others ----------------------------------------------------------------------------------------------


def _empty_assets(instance: Instance, call: Call, *ids: str) -> Answer:
    return NOTHING_FOUND


def _empty(instance: Instance, call: Call, *ids: str) -> Answer:
    return {"result": []}


def _all(method: str, paths: str, handler: Callable[..., Answer]) -> list[Route]:
    return [(method, path, handler) for path in paths.split()]


ROUTES: list[Route] = [
    ("GET", "/rest/asset/v1/folders.json", browse_folders),
    ("POST", "/rest/asset/v1/folders.json", create_folder),
    ("GET", "/rest/asset/v1/folder/byName.json", folder_by_name),
    ("GET", "/rest/asset/v1/folder/{id}.json", one_folder),
    ("GET", "/rest/asset/v1/programs.json", browse_programs),
    ("GET", "/rest/asset/v1/program/byName.json", program_by_name),
    ("GET", "/rest/asset/v1/program/{id}.json", one_program),
    ("GET", "/rest/asset/v1/staticLists.json", browse_lists),
    ("POST", "/rest/asset/v1/staticLists.json", create_list),
    ("GET", "/rest/asset/v1/staticList/byName.json", list_by_name),
    ("GET", "/rest/asset/v1/staticList/{id}.json", one_list),
    ("POST", "/rest/asset/v1/staticList/{id}.json", update_list),
    ("POST", "/rest/asset/v1/staticList/{id}/delete.json", delete_list),
    *_all(
        "GET",
        "/rest/asset/v1/segmentation.json /rest/asset/v1/emails.json /rest/asset/v1/smartCampaigns.json"
        " /rest/asset/v1/smartLists.json /rest/asset/v1/channels.json /rest/asset/v1/folder/{id}/tokens.json",
        _empty_assets,
    ),
    ("GET", "/rest/v1/campaigns.json", _empty),
]
