"""Programs, channels, tags and smart campaigns of the asset API, and the lead database's view of campaigns."""

from __future__ import annotations

from typing import Any

ASSET = "/rest/asset/v1"
FOLDER = '{"id":2001,"type":"Folder"}'


def names(answer: dict[str, Any]) -> list[str]:
    return [row["name"] for row in answer.get("result", [])]


def test_programs_are_browsed_without_tags_and_costs_and_shown_one_by_one_with_them(whole: Any) -> None:
    rows = whole.get(f"{ASSET}/programs.json")["result"]
    assert [row["id"] for row in rows] == [1107, 1200]
    assert not {"tags", "costs"} & set(rows[0])
    (one,) = whole.get(f"{ASSET}/program/1107.json")["result"]
    assert one["tags"] == [{"tagType": "Region", "tagValue": "EMEA"}]
    assert one["costs"] == [{"startDate": "2026-02-01T00:00:00Z+0000", "cost": 900, "note": "hall"}]
    assert one["createdAt"].endswith("Z+0000")
    assert one["folder"] == {"type": "Folder", "value": 1, "folderName": "Marketing Activities"}


def test_a_program_is_found_by_name_with_what_is_asked_for(whole: Any) -> None:
    path = f"{ASSET}/program/byName.json"
    (bare,) = whole.get(path, name="Spring Webinar")["result"]
    (tagged,) = whole.get(path, name="Spring Webinar", includeTags="true")["result"]
    assert ("tags" in bare, "tags" in tagged, "costs" in tagged) == (False, True, False)
    assert "result" not in whole.get(path, name="Nobody")


def test_programs_are_found_by_tag_status_id_and_update(whole: Any) -> None:
    assert names(whole.get(f"{ASSET}/program/byTag.json", tagType="Region", tagValue="EMEA")) == [
        "Spring Webinar"
    ]
    assert "result" not in whole.get(f"{ASSET}/program/byTag.json", tagType="Region", tagValue="AMER")
    browse = f"{ASSET}/programs.json"
    assert names(whole.get(browse, status="unlocked")) == ["Letter"]
    assert names(whole.get(browse, filterType="id", filterValues="1107")) == ["Spring Webinar"]
    assert "result" not in whole.get(browse, earliestUpdatedAt="2026-03-02T12:00:00Z")
    past = whole.get(browse, offset=2)
    assert (past["success"], "result" in past) == (True, False)
    assert past["warnings"] == ["No assets found for the given search criteria."]


def test_a_program_lives_from_create_to_delete(whole: Any) -> None:
    new = {"name": "New", "type": "event", "channel": "Webinar", "folder": FOLDER}
    tags, costs = "[{'tagType': 'Region', 'tagValue': 'AMER'}]", '[{"startDate":"2026-03-01","cost":5}]'
    (made,) = whole.post(f"{ASSET}/programs.json", data={**new, "tags": tags, "costs": costs})["result"]
    assert (made["type"], made["tags"][0]["tagValue"], made["costs"][0]["cost"]) == ("Event", "AMER", 5)
    assert whole.code(whole.post(f"{ASSET}/programs.json", data=new)) == "709"
    path = f"{ASSET}/program/{made['id']}"
    more = {"costs": '[{"startDate":"2026-04-01","cost":7}]', "description": "two"}
    (changed,) = whole.post(f"{path}.json", data=more)["result"]
    assert [cost["cost"] for cost in changed["costs"]] == [5, 7]
    (bare,) = whole.post(f"{path}.json", data={"costsDestructiveUpdate": "true"})["result"]
    assert (bare["costs"], bare["description"], bare["tags"]) == ([], "two", made["tags"])
    (twin,) = whole.post(f"{path}/clone.json", data={"name": "Twin", "folder": FOLDER})["result"]
    assert twin["id"] != made["id"]
    assert whole.code(whole.post(f"{path}/approve.json")) == "709"
    assert whole.post(f"{path}/delete.json")["result"] == [{"id": made["id"]}]
    assert names(whole.get(f"{ASSET}/programs.json")) == ["Spring Webinar", "Letter", "Twin"]


def test_deleting_a_program_takes_its_members_away(whole: Any) -> None:
    whole.post(f"{ASSET}/program/1107/delete.json")
    assert not whole.store.records("program_members")


def test_channels_tell_the_statuses_in_order(whole: Any) -> None:
    (channel,) = whole.get(f"{ASSET}/channels.json")["result"]
    steps = [(one["name"], one["step"], one["success"]) for one in channel["progressionStatuses"]]
    assert steps == [("Invited", 10, False), ("Registered", 20, False), ("Attended", 40, True)]
    assert names(whole.get(f"{ASSET}/channel/byName.json", name="Webinar")) == ["Webinar"]
    assert whole.code(whole.get(f"{ASSET}/channel/byName.json")) == "701"


def test_tags_tell_their_allowed_values(whole: Any) -> None:
    (tag,) = whole.get(f"{ASSET}/tagTypes.json")["result"]
    assert "allowableValues" not in tag
    (found,) = whole.get(f"{ASSET}/tagType/byName.json", name="Region")["result"]
    assert found["allowableValues"] == "[EMEA, AMER]"


# ---- smart campaigns -----------------------------------------------------------------------------------------


def test_campaigns_are_browsed_and_found_in_both_views(whole: Any) -> None:
    assert names(whole.get(f"{ASSET}/smartCampaigns.json")) == ["Score", "Once"]
    assert names(whole.get(f"{ASSET}/smartCampaigns.json", isActive="true")) == ["Score"]
    (found,) = whole.get(f"{ASSET}/smartCampaign/byName.json", name="Score")["result"]
    assert (found["id"], found["parentProgramId"], found["isActive"]) == (8022, 1107, True)
    (same,) = whole.get("/rest/v1/campaigns.json", programName="Spring Webinar")["result"]
    assert (same["id"], same["type"], same["active"]) == (8022, "trigger", True)
    assert same["createdAt"].endswith("Z")
    assert names(whole.get("/rest/v1/campaigns.json", isTriggerable="true")) == ["Score"]
    assert whole.code(whole.get("/rest/v1/campaigns/1.json")) == "1013"


def test_a_campaign_lives_from_create_to_delete(whole: Any) -> None:
    new = {"name": "New", "folder": '{"id":1107,"type":"Program"}'}
    (made,) = whole.post(f"{ASSET}/smartCampaigns.json", data=new)["result"]
    assert (made["folder"], made["parentProgramId"]) == ({"id": 1107, "type": "Program"}, 1107)
    path = f"{ASSET}/smartCampaign/{made['id']}"
    assert whole.post(f"{path}.json", data={"name": "Newer"})["result"][0]["name"] == "Newer"
    assert whole.code(whole.post(f"{path}/activate.json")) == "709"
    assert whole.post(f"{path}/delete.json")["result"] == [{"id": made["id"]}]
    assert whole.code(whole.post(f"{ASSET}/smartCampaign/8022/delete.json")) == "709"


def test_leads_are_passed_to_an_active_campaign_only(whole: Any) -> None:
    body = {"input": {"leads": [{"id": 1}]}}
    assert whole.post("/rest/v1/campaigns/8022/trigger.json", json=body)["result"] == [{"id": 8022}]
    assert whole.code(whole.post("/rest/v1/campaigns/8023/trigger.json", json=body)) == "1003"
    many = {"input": {"leads": [{"id": 1}] * 101}}
    assert whole.code(whole.post("/rest/v1/campaigns/8022/trigger.json", json=many)) == "1003"
    soon = {"input": {"runAt": "2026-03-03T00:31:00Z"}}
    assert whole.code(whole.post("/rest/v1/campaigns/8023/schedule.json", json=soon)) == "1042"


def test_what_third_party_readers_ask_for_is_there_and_empty(whole: Any) -> None:
    for path in ("segmentation.json", "segmentation/1/segments.json", "emails.json", "smartLists.json"):
        answer = whole.get(f"{ASSET}/{path}")
        assert (answer["success"], "result" in answer) == (True, False), path
    tokens = whole.get(f"{ASSET}/folder/1107/tokens.json", folderType="Program")
    assert (tokens["success"], "result" in tokens) == (True, False)
