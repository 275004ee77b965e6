"""Custom activity types with their drafts, and the activities that clients add."""

from __future__ import annotations

from typing import Any

BASE = "/rest/v1/activities/external"
VISIT = {
    "apiName": "visit",
    "name": "Visit",
    "triggerName": "Visits",
    "filterName": "Visited",
    "primaryAttribute": {"apiName": "place", "name": "Place"},
}
ROOM = {"apiName": "room", "name": "Room", "dataType": "integer"}


def approved(site: Any) -> int:
    """The number of a live type `visit` with an attribute `room`."""
    site.post(f"{BASE}/type.json", json=VISIT)
    site.post(f"{BASE}/type/visit/attributes/create.json", json={"attributes": [ROOM]})
    (found,) = site.post(f"{BASE}/type/visit/approve.json")["result"]
    return int(found["id"])


def test_a_type_is_a_draft_until_it_is_approved_and_then_among_all_types(site: Any) -> None:
    (made,) = site.post(f"{BASE}/type.json", json=VISIT)["result"]
    assert (made["id"], made["status"]) == (100001, "draft")
    known = [row["id"] for row in site.get("/rest/v1/activities/types.json")["result"]]
    assert 100001 not in known
    assert approved(site) == 100001
    row = site.get("/rest/v1/activities/types.json")["result"][-1]
    assert (row["id"], row["name"], row["primaryAttribute"]["name"]) == (100001, "Visit", "Place")
    assert row["attributes"] == [{"name": "Room", "dataType": "integer", "apiName": "room"}]
    (listed,) = site.get(f"{BASE}/types.json")["result"]
    assert listed["status"] == "approved"


def test_changes_stay_in_the_draft(site: Any) -> None:
    approved(site)
    site.post(f"{BASE}/type/visit.json", json={"description": "of a place"})
    changed = {"attributes": [{"apiName": "room", "name": "Hall"}]}
    assert site.post(f"{BASE}/type/visit/attributes/update.json", json=changed)["success"]
    (live,) = site.get(f"{BASE}/type/visit/describe.json")["result"]
    (draft,) = site.get(f"{BASE}/type/visit/describe.json", draft="true")["result"]
    assert (live["status"], live["attributes"][0]["name"]) == ("approved with draft", "Room")
    assert (draft["description"], draft["attributes"][0]["name"]) == ("of a place", "Hall")
    assert site.post(f"{BASE}/type/visit/discardDraft.json")["result"][0]["status"] == "approved"
    assert site.code(site.post(f"{BASE}/type/visit/discardDraft.json")) == "1048"


def test_activities_are_added_and_read_like_any_other(site: Any) -> None:
    number = approved(site)
    given = {
        "activityDate": "2026-03-02T10:00:00Z",
        "activityTypeId": number,
        "primaryAttributeValue": "Hall 4",
    }
    items = [
        {"leadId": 1, **given, "attributes": [{"apiName": "room", "value": 12}]},
        {"leadId": 99, **given},
        {"leadId": 1, **given, "activityTypeId": 1},
        {"leadId": 1, **given, "attributes": [{"name": "colour", "value": "red"}]},
        {"leadId": 1, **given, "primaryAttributeValue": ""},
    ]
    found = site.post(f"{BASE}.json", json={"input": items})["result"]
    assert [row["status"] for row in found] == ["added", *["skipped"] * 4]
    assert [row["errors"][0]["code"] for row in found[1:]] == ["1004", "1013", "1006", "1002"]
    since = site.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-02T00:00:00Z")
    token = {"nextPageToken": since["nextPageToken"], "activityTypeIds": str(number)}
    (row,) = site.get("/rest/v1/activities.json", **token)["result"]
    assert (row["marketoGUID"], row["primaryAttributeValue"]) == (found[0]["marketoGUID"], "Hall 4")
    assert row["attributes"] == [{"name": "Room", "value": 12}]
    assert site.code(site.post(f"{BASE}/type/visit/delete.json")) == "1022"


def test_bad_types_are_refused(site: Any) -> None:
    approved(site)
    assert site.code(site.post(f"{BASE}/type.json", json=VISIT)) == "1017"
    assert site.code(site.post(f"{BASE}/type.json", json={"apiName": "x"})) == "1002"
    assert site.code(site.get(f"{BASE}/type/nothing/describe.json")) == "1013"
    twice = {"attributes": [ROOM]}
    assert site.code(site.post(f"{BASE}/type/visit/attributes/create.json", json=twice)) == "1017"
    many = {"attributes": [{"apiName": f"a{n}", "name": f"A{n}"} for n in range(20)]}
    assert site.code(site.post(f"{BASE}/type/visit/attributes/create.json", json=many)) == "1028"
    unknown = {"attributes": [{"apiName": "depth"}]}
    assert site.code(site.post(f"{BASE}/type/visit/attributes/delete.json", json=unknown)) == "1006"
    for number in range(9):
        assert site.post(f"{BASE}/type.json", json={**VISIT, "apiName": f"v{number}"})["success"]
    assert site.code(site.post(f"{BASE}/type.json", json={**VISIT, "apiName": "eleventh"})) == "1027"
