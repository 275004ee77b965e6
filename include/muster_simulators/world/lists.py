"""Marketo's assets: folders, programs, and lists that marketers keep by hand, whose members are nobody else's."""

from __future__ import annotations

from datetime import timedelta

from muster_simulators.world.cast import Scene
from muster_simulators.world.history import take
from muster_simulators.world.model import AMER, EMEA, HISTORY_START, record_key
from muster_simulators.world.moments import SECOND, after

FOLDERS = (
    (20, "Marketing Activities", None),
    (21, "Muster", 20),
    (22, "Events 2026", 20),
    (23, "Newsletters", 20),
)
PROGRAMS = ((1107, "Spring Webinar", "Event", "Webinar"), (1108, "Monthly Letter", "Email", "Email Send"))
LISTS = (
    (1021, "Newsletter DACH", 23, 0.03),
    (1022, 'Customer "Advisory", Board', 22, 0.005),
    (1023, "Handpicked guests", 21, 0.01),
    (1024, "Empty for now", 22, 0.0),
)
"""id, name, folder, share of the people. One stands in Muster's own folder and still isn't Muster's."""


def keep_lists(scene: Scene) -> None:
    random = scene.random("lists")
    for source in (EMEA, AMER):
        _assets(scene, source)
        for list_id, name, folder, share in LISTS[: 4 if source == EMEA else 1]:
            values = {
                "id": list_id, "name": name, "description": "kept by hand", "programName": None,
                "workspaceName": "Default", "folder": {"id": folder, "type": "Folder"},
            }  # fmt: skip
            scene.tape.create(
                source, "static_lists", str(list_id), HISTORY_START + list_id % 50 * SECOND, values
            )
            where = "emea" if source == EMEA else "amer"
            count = int(share * scene.size) + 2 if share else 0
            for person in take(scene, random, lambda p: bool(getattr(p, where)), count, keep=True):  # noqa: B023
                lead = getattr(person, where)[0]
                at = after(random, person.born + timedelta(hours=2))
                member = {"listId": list_id, "leadId": lead, "at": at}
                scene.tape.create(source, "list_members", f"{list_id}:{lead}", at, member)
                scene.tape.activity(source, lead, 24, at, (list_id, name), {"Source": "Marketo Flow Action"})
                scene.note("foreign_list_member", record_key(lead, source))


def _assets(scene: Scene, source: str) -> None:
    for folder, name, parent in FOLDERS:
        values = {
            "id": folder, "name": name, "description": "", "folderId": {"id": folder, "type": "Folder"},
            "folderType": "Marketing Folder", "parent": {"id": parent, "type": "Folder"} if parent else None,
            "path": f"/Marketing Activities/{name}" if parent else "/Marketing Activities", "isArchive": False,
            "isSystem": parent is None, "accessZoneId": 1, "workspace": "Default",
        }  # fmt: skip
        if name != "Muster" or source == EMEA:
            scene.tape.create(source, "folders", str(folder), HISTORY_START + folder * SECOND, values)
    for program, name, kind, channel in PROGRAMS:
        values = {
            "id": program, "name": name, "description": "", "type": kind, "channel": channel, "status": "",
            "folder": {"type": "Folder", "value": 22, "folderName": "Events 2026"}, "workspace": "Default",
        }  # fmt: skip
        scene.tape.create(source, "programs", str(program), HISTORY_START + program % 50 * SECOND, values)
