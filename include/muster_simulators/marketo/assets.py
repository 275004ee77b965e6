"""The asset API: folders and static lists; programs and smart campaigns are in programs.py and campaigns.py.

Segmentations, e-mails, smart lists and tokens, which others read along, are empty here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from muster_simulators.marketo.asset_kit import (
    NOTHING_FOUND,
    asset_page,
    by_id,
    folder_given,
    found_or_warning,
    needed,
    stamps,
    updated_within,
)
from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.lists import find_list
from muster_simulators.store import Record

ROOT = {"id": 1, "name": "Marketing Activities"}
FIRST_BUILT_IN_FOLDER = 2001


# ---- folders -------------------------------------------------------------------------------------------------


def folders(instance: Instance) -> list[Record]:
    """Root, those of the world and of clients, and those the options name when nobody made them."""
    stored = by_id(instance, "folders")
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
        **stamps(folder),
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
    return asset_page(call, [_folder_row(instance, folder) for folder in folders(instance)])


def folder_by_name(instance: Instance, call: Call) -> Answer:
    name = needed(call, "name")
    return found_or_warning([_folder_row(instance, f) for f in folders(instance) if f["name"] == name])


def one_folder(instance: Instance, call: Call, folder_id: str) -> Answer:
    return found_or_warning(
        [_folder_row(instance, f) for f in folders(instance) if str(f["id"]) == folder_id]
    )


def create_folder(instance: Instance, call: Call) -> Answer:
    name, parent = needed(call, "name"), reference(instance, call, "parent")
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


def reference(instance: Instance, call: Call, parameter: str) -> dict[str, Any]:
    """A folder or program that is there; 710 for another."""
    found = folder_given(call, parameter)
    if found["type"] == "Program":
        known = instance.store.get("programs", str(found["id"])) is not None
    else:
        known = any(folder["id"] == found["id"] for folder in folders(instance))
    if not known:
        raise MarketoError("710", "Parent folder not found")
    return found


# ---- static lists --------------------------------------------------------------------------------------------


def _list_row(found: Record) -> dict[str, Any]:
    folder = found.get("folder") or {"id": 1, "type": "Folder"}
    url = f"https://app-sim.marketo.com/#ST{found['id']}A1"
    return {
        "id": found["id"],
        "name": found["name"],
        "description": found.get("description") or "",
        **stamps(found),
        "url": url,
        "folder": {"id": folder["id"], "type": folder.get("type", "Folder")},
        "workspace": found.get("workspaceName") or "Default",
        "computedUrl": url,
    }


def browse_lists(instance: Instance, call: Call) -> Answer:
    lists = updated_within(call, by_id(instance, "static_lists"))
    if call.one("folder") is not None:
        wanted = reference(instance, call, "folder")
        lists = [found for found in lists if _list_row(found)["folder"] == wanted]
    return asset_page(call, [_list_row(found) for found in lists])


def one_list(instance: Instance, call: Call, list_id: str) -> Answer:
    found = instance.store.get("static_lists", list_id)
    return found_or_warning([_list_row(found)] if found else [])


def list_by_name(instance: Instance, call: Call) -> Answer:
    name = needed(call, "name")
    return found_or_warning([_list_row(f) for f in by_id(instance, "static_lists") if f["name"] == name])


def _check_name(instance: Instance, name: str, but: Any = None) -> None:
    if any(f["name"] == name and f["id"] != but for f in by_id(instance, "static_lists")):
        raise MarketoError("709", "Static list with the same name already exists")


def create_list(instance: Instance, call: Call) -> Answer:
    folder, name = reference(instance, call, "folder"), needed(call, "name")
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


def _all(method: str, paths: str, handler: Callable[..., Answer]) -> list[Route]:
    return [(method, path, handler) for path in paths.split()]


ROUTES: list[Route] = [
    ("GET", "/rest/asset/v1/folders.json", browse_folders),
    ("POST", "/rest/asset/v1/folders.json", create_folder),
    ("GET", "/rest/asset/v1/folder/byName.json", folder_by_name),
    ("GET", "/rest/asset/v1/folder/{id}.json", one_folder),
    ("GET", "/rest/asset/v1/staticLists.json", browse_lists),
    ("POST", "/rest/asset/v1/staticLists.json", create_list),
    ("GET", "/rest/asset/v1/staticList/byName.json", list_by_name),
    ("GET", "/rest/asset/v1/staticList/{id}.json", one_list),
    ("POST", "/rest/asset/v1/staticList/{id}.json", update_list),
    ("POST", "/rest/asset/v1/staticList/{id}/delete.json", delete_list),
    *_all(
        "GET",
        "/rest/asset/v1/segmentation.json /rest/asset/v1/segmentation/{id}/segments.json"
        " /rest/asset/v1/emails.json /rest/asset/v1/smartLists.json /rest/asset/v1/folder/{id}/tokens.json",
        _empty_assets,
    ),
]
