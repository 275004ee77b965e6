"""Program members over REST: what is read and written, and that activities 104 tell the same."""

from __future__ import annotations

from typing import Any

BASE = "/rest/v1/programs/1107/members"


def read(site: Any, **params: Any) -> list[dict[str, Any]]:
    answer = site.get(f"{BASE}.json", **params)
    assert answer["success"], answer
    return list(answer["result"])


def statuses(site: Any) -> dict[int, str]:
    rows = read(site, filterType="leadId", filterValues="1,2,3,4,5", fields="statusName")
    return {row["leadId"]: row["statusName"] for row in rows}


def told(site: Any, lead_id: int) -> list[dict[str, Any]]:
    """The attributes of the lead's activities 104."""
    found = site.store.records("activities").values()
    return [a["attributes"] for a in found if a["activityTypeId"] == 104 and a["leadId"] == lead_id]


def set_status(site: Any, name: str, *leads: int) -> list[dict[str, Any]]:
    body = {"statusName": name, "input": [{"leadId": lead} for lead in leads]}
    return list(site.post(f"{BASE}/status.json", json=body)["result"])


def test_describe_names_the_fields_with_their_types_and_what_may_be_searched(whole: Any) -> None:
    (found,) = whole.get("/rest/v1/programs/members/describe.json")["result"]
    assert found["dedupeFields"] == ["leadId", "programId"]
    assert ["statusName"] in found["searchableFields"]
    types = {field["name"]: field["dataType"] for field in found["fields"]}
    assert len(types) == 17
    assert (types["leadId"], types["reachedSuccess"], types["updatedAt"]) == (
        "integer",
        "boolean",
        "datetime",
    )
    (older,) = whole.get("/rest/v1/program/members/describe.json")["result"]
    assert older["fields"] == found["fields"]


def test_members_are_read_by_status_by_lead_and_by_update_with_fields_of_both(whole: Any) -> None:
    rows = read(whole, filterType="statusName", filterValues="registered", fields="statusName,email")
    assert [row["leadId"] for row in rows] == [1, 2, 3]
    assert rows[0]["email"] == "person1@acme.example"
    assert [row["seq"] for row in rows] == [0, 1, 2]
    plain = read(whole, filterType="leadId", filterValues="2")
    assert set(plain[0]) == {"seq", "leadId", "programId", "acquiredBy", "membershipDate", "reachedSuccess"}
    span = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-02T00:30:00Z"}
    assert read(whole, filterType="updatedAt", **span) == []
    assert len(read(whole, filterType="updatedAt", **{**span, "endAt": "2026-03-02T00:30:01Z"})) == 3


def test_members_come_in_pages(whole: Any) -> None:
    first = whole.get(f"{BASE}.json", filterType="statusName", filterValues="Registered", batchSize=2)
    more = {"nextPageToken": first["nextPageToken"], "batchSize": 2}
    rest = whole.get(f"{BASE}.json", filterType="statusName", filterValues="Registered", **more)
    assert [row["leadId"] for row in first["result"] + rest["result"]] == [1, 2, 3]
    assert (first["moreResult"], rest["moreResult"]) == (True, False)


def test_bad_questions_are_refused_with_their_codes(whole: Any) -> None:
    def code(**params: Any) -> str:
        return str(whole.code(whole.get(f"{BASE}.json", **params)))

    assert code(filterType="colour", filterValues="red") == "1011"
    assert code(filterType="leadId") == "1002"
    assert code(filterType="leadId", filterValues="1", fields="colour") == "1006"
    week = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-08T00:00:01Z"}
    assert code(filterType="updatedAt", **week) == "1003"
    assert code(filterType="updatedAt", startAt="yesterday", endAt="today") == "704"
    missing = whole.get("/rest/v1/programs/99/members.json", filterType="leadId", filterValues="1")
    assert whole.code(missing) == "1013"


def test_a_program_above_the_limit_is_read_by_lead_only(new_site: Any, make: Any) -> None:
    site = new_site(make.whole_world(), program_member_limit=2)
    answer = site.get(f"{BASE}.json", filterType="statusName", filterValues="Registered")
    assert site.code(answer) == "1003"
    wanted = "Total membership size: 3 exceeds the limit allowed 2 for the filter"
    assert answer["errors"][0]["message"] == wanted
    assert len(read(site, filterType="leadId", filterValues="1,2,3")) == 3


def test_a_status_is_set_for_members_and_newcomers_and_never_goes_back(whole: Any) -> None:
    found = set_status(whole, "Registered", 1, 4, 4, 99)
    assert [row["status"] for row in found] == ["skipped", "created", "skipped", "skipped"]
    assert [row["reasons"][0]["code"] for row in found if "reasons" in row] == ["1037", "1037", "1004"]
    assert [row["status"] for row in set_status(whole, "Attended", 1, 4)] == ["updated", "updated"]
    assert set_status(whole, "Invited", 1)[0]["reasons"][0]["code"] == "1037"
    assert statuses(whole) == {1: "Attended", 2: "Registered", 3: "Registered", 4: "Attended"}
    assert whole.writes()["program_members_written"] == 3


def test_every_change_of_status_leaves_an_activity_104(whole: Any) -> None:
    set_status(whole, "Registered", 4)
    set_status(whole, "Attended", 4)
    first, second = told(whole, 4)
    assert (first["Old Status"], first["New Status"], first["Success"]) == (
        "Not in Program",
        "Registered",
        False,
    )
    assert (second["Old Status ID"], second["New Status ID"], second["Success"]) == (20, 40, True)
    member = whole.store.get("program_members", "1107:4")
    assert first["Program Member ID"] == second["Program Member ID"] == member["id"]
    assert member["reachedSuccess"] is True
    assert member["reachedSuccessDate"] == member["updatedAt"] == whole.clock.now()


def test_an_unknown_status_is_refused_whole(whole: Any) -> None:
    answer = whole.post(f"{BASE}/status.json", json={"statusName": "Bored", "input": [{"leadId": 1}]})
    assert whole.code(answer) == "1025"
    assert told(whole, 1) == []


def test_only_updateable_fields_of_present_members_are_written(whole: Any) -> None:
    items = [
        {"leadId": 1, "statusReason": "asked", "registrationLikelihood": 70},
        {"leadId": 2, "reachedSuccess": True},
        {"leadId": 4, "statusReason": "asked"},
    ]
    found = whole.post(f"{BASE}.json", json={"input": items})["result"]
    assert [row["status"] for row in found] == ["updated", "skipped", "skipped"]
    assert [row["reasons"][0]["code"] for row in found[1:]] == ["1003", "1013"]
    (row,) = read(whole, filterType="leadId", filterValues="1", fields="statusReason,registrationLikelihood")
    assert (row["statusReason"], row["registrationLikelihood"]) == ("asked", 70)


def test_a_field_that_was_added_is_described_written_and_searched(whole: Any) -> None:
    field = {"name": "seat", "displayName": "Seat", "dataType": "string"}
    path = "/rest/v1/programs/members/schema/fields.json"
    assert whole.post(path, json={"input": [field]})["result"] == [{"name": "seat", "status": "created"}]
    assert whole.code(whole.post(path, json={"input": [field]})) == "1017"
    whole.post(f"{BASE}.json", json={"input": [{"leadId": 2, "seat": "4B"}]})
    assert [row["leadId"] for row in read(whole, filterType="seat", filterValues="4b", fields="seat")] == [2]
    (found,) = whole.get("/rest/v1/programs/members/schema/fields/seat.json")["result"]
    assert (found["isCustom"], found["isApiCreated"]) == (True, True)


def test_members_are_deleted_and_go_with_their_lead(whole: Any) -> None:
    found = whole.post(f"{BASE}/delete.json", json={"input": [{"leadId": 1}, {"leadId": 4}]})["result"]
    assert [row["status"] for row in found] == ["deleted", "skipped"]
    whole.post("/rest/v1/leads/delete.json", json={"input": [{"id": 2}]})
    assert statuses(whole) == {3: "Registered"}
    assert list(whole.store.records("program_members")) == ["1107:3"]


def test_the_older_calls_give_leads_with_their_membership(whole: Any) -> None:
    answer = whole.get("/rest/v1/leads/programs/1107.json", fields="email")
    first = answer["result"][0]
    assert (first["id"], first["email"]) == (1, "person1@acme.example")
    assert first["membership"]["progressionStatus"] == "Registered"
    body = {"status": "Attended", "input": [{"id": 1}, {"id": 4}]}
    found = whole.post("/rest/v1/leads/programs/1107/status.json", json=body)["result"]
    assert [row["status"] for row in found] == ["updated", "skipped"]
