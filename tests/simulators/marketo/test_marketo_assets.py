from __future__ import annotations

import json
from typing import Any

import pytest

LISTS = "/rest/asset/v1/staticLists.json"


def muster(site: Any) -> dict[str, Any]:
    (folder,) = site.get("/rest/asset/v1/folder/byName.json", name="Muster")["result"]
    return dict(folder["folderId"])


def create(site: Any, name: str = "Audience", **more: Any) -> dict[str, Any]:
    return dict(site.post(LISTS, data={"folder": json.dumps(muster(site)), "name": name, **more}))


def test_a_list_is_created_in_a_folder_and_seen_from_both_sides(site: Any) -> None:
    (made,) = create(site, description="of Muster")["result"]
    assert (made["createdAt"], made["folder"]) == ("2026-03-03T00:30:00Z+0000", muster(site))
    assert site.get("/rest/asset/v1/staticList/byName.json", name="Audience")["result"] == [made]
    assert site.get(f"/rest/asset/v1/staticList/{made['id']}.json")["result"] == [made]
    assert site.get(LISTS, folder=json.dumps(muster(site)))["result"] == [made]
    (seen,) = site.get("/rest/v1/lists.json", name="Audience")["result"]
    assert (seen["id"], seen["createdAt"]) == (made["id"], "2026-03-03T00:30:00Z")
    assert site.writes() == {"lists_created": 1}


def test_a_list_may_live_in_a_program(site: Any) -> None:
    answer = site.post(LISTS, data={"folder": '{"id":1107,"type":"Program"}', "name": "In a program"})
    assert answer["result"][0]["folder"] == {"id": 1107, "type": "Program"}
    assert (
        site.get("/rest/v1/lists.json", programName="Spring Webinar")["result"][0]["name"] == "In a program"
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"folder": '{"id":2001,"type":"Folder"}'}, "701"),
        ({"name": "A"}, "701"),
        ({"name": "A", "folder": "Muster"}, "1001"),
        ({"name": "A", "folder": '{"id":5,"type":"Folder"}'}, "710"),
        ({"name": "A", "folder": '{"id":5,"type":"Program"}'}, "710"),
        ({"name": "Seed", "folder": '{"id":2001,"type":"Folder"}'}, "709"),
    ],
)
def test_a_bad_create_has_its_code(site: Any, given: dict[str, str], code: str) -> None:
    assert site.code(site.post(LISTS, data=given)) == code
    assert site.writes() == {}


def test_a_list_is_renamed_and_deleted_with_its_members(site: Any) -> None:
    (renamed,) = site.post("/rest/asset/v1/staticList/1021.json", data={"name": "Seeds"})["result"]
    assert renamed["name"] == "Seeds"
    assert site.post("/rest/asset/v1/staticList/1021/delete.json")["result"] == [{"id": 1021}]
    assert site.get("/rest/v1/lists.json")["result"] == []
    assert dict(site.store.records("list_members")) == {}


def test_nothing_found_has_no_result_but_a_warning(site: Any) -> None:
    answer = site.get("/rest/asset/v1/staticList/byName.json", name="Nothing")
    assert answer["success"] is True
    assert "result" not in answer
    assert answer["warnings"] == ["No assets found for the given search criteria."]


def test_browsing_ends_with_the_warning_and_takes_20_unless_asked(new_site: Any) -> None:
    site = new_site()
    for number in range(25):
        create(site, f"List {number}")
    assert len(site.get(LISTS)["result"]) == 20
    assert len(site.get(LISTS, maxReturn=200)["result"]) == 26
    assert "result" not in site.get(LISTS, offset=26)
    assert len(site.get(LISTS, maxReturn=200, earliestUpdatedAt="2026-03-03T00:00:00Z")["result"]) == 25


def test_folders_can_be_made_once(site: Any) -> None:
    root = '{"id":1,"type":"Folder"}'
    (made,) = site.post("/rest/asset/v1/folders.json", data={"name": "Other", "parent": root})["result"]
    assert made["folderType"] == "Marketing Folder"
    assert site.get(f"/rest/asset/v1/folder/{made['id']}.json")["result"] == [made]
    assert (
        site.code(site.post("/rest/asset/v1/folders.json", data={"name": "Other", "parent": root})) == "709"
    )


def test_folders_of_the_world_replace_the_built_in_ones(new_site: Any, make: Any) -> None:
    folder = {"id": 21, "name": "Muster", "parent": {"id": 1, "type": "Folder"}}
    site = new_site([*make.small_world(), make.change("folders", 21, folder)])
    assert muster(site) == {"id": 21, "type": "Folder"}
    names = [row["name"] for row in site.get("/rest/asset/v1/folders.json")["result"]]
    assert names == ["Marketing Activities", "Muster"]


def test_programs_are_browsed_and_found_by_name(site: Any) -> None:
    (program,) = site.get("/rest/asset/v1/programs.json", maxReturn=200)["result"]
    assert (program["name"], program["folder"]["type"]) == ("Spring Webinar", "Folder")
    assert site.get("/rest/asset/v1/program/1107.json")["result"][0]["tags"] == []
    assert site.get("/rest/asset/v1/program/byName.json", name="Spring Webinar")["result"][0]["id"] == 1107


@pytest.mark.parametrize(
    "path",
    [
        "/rest/asset/v1/segmentation.json",
        "/rest/asset/v1/emails.json",
        "/rest/asset/v1/folder/21/tokens.json?folderType=Program",
        "/rest/v1/campaigns.json",
    ],
)
def test_families_without_content_answer_all_the_same(site: Any, path: str) -> None:
    assert site.get(path)["success"] is True
