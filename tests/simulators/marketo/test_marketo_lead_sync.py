from __future__ import annotations

from typing import Any

import pytest

LEADS = "/rest/v1/leads.json"


def sync(site: Any, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(site.post(LEADS, json={"input": list(items), **more}))


def outcome(answer: dict[str, Any]) -> list[str]:
    return [
        found["reasons"][0]["code"] if "reasons" in found else found["status"] for found in answer["result"]
    ]


def test_update_only_never_creates_and_keeps_the_input_order(site: Any) -> None:
    answer = sync(
        site,
        {"email": "person1@acme.example", "leadScore": 42},
        {"email": "ghost@acme.example", "leadScore": 1},
        action="updateOnly",
        lookupField="email",
    )
    assert answer["result"] == [
        {"id": 1, "status": "updated"},
        {"status": "skipped", "reasons": [{"code": "1004", "message": "Lead not found"}]},
    ]
    assert site.get("/rest/v1/lead/1.json", fields="leadScore,updatedAt")["result"] == [
        {"id": 1, "leadScore": 42, "updatedAt": "2026-03-03T00:30:00Z"}
    ]
    assert site.writes() == {"leads_updated": 1}


def test_two_leads_with_the_address_are_1007(site: Any) -> None:
    assert outcome(sync(site, {"email": "twin@acme.example"})) == ["1007"]


def test_create_only_refuses_a_known_address_and_tells_its_id(site: Any) -> None:
    answer = sync(site, {"email": "person1@acme.example"}, {"email": "new@acme.example"}, action="createOnly")
    assert outcome(answer) == ["1005", "created"]
    assert answer["result"][0]["id"] == 1


def test_create_or_update_is_the_default_and_sees_its_own_call(site: Any) -> None:
    answer = sync(site, {"email": "new@acme.example"}, {"email": "NEW@acme.example", "firstName": "Ann"})
    assert outcome(answer) == ["created", "updated"]
    assert answer["result"][0]["id"] == answer["result"][1]["id"]
    assert (
        site.get(LEADS, filterType="email", filterValues="new@acme.example")["result"][0]["firstName"]
        == "Ann"
    )


def test_create_duplicate_makes_a_twin(site: Any) -> None:
    assert outcome(sync(site, {"email": "person1@acme.example"}, action="createDuplicate")) == ["created"]
    assert len(site.get(LEADS, filterType="email", filterValues="person1@acme.example")["result"]) == 2


def test_created_leads_get_ids_that_are_never_given_twice(site: Any) -> None:
    first = sync(site, {"email": "a@acme.example"})["result"][0]["id"]
    site.post("/rest/v1/leads/delete.json", json={"input": [{"id": first}]})
    assert sync(site, {"email": "b@acme.example"})["result"][0]["id"] == first + 1


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"email": "person1@acme.example", "colour": "red"}, "1006"),
        ({"email": "person1@acme.example", "leadScore": "many"}, "1001"),
        ({"email": "person1@acme.example", "unsubscribed": "perhaps"}, "1001"),
        ({"email": "person1@acme.example", "createdAt": "2026-01-01"}, "1003"),
        ({"email": "person1@acme.example", "id": 1}, "1003"),
        ({"firstName": "Ann"}, "1003"),
    ],
)
def test_a_bad_record_is_skipped_with_its_reason(site: Any, item: dict[str, Any], code: str) -> None:
    assert outcome(sync(site, item)) == [code]
    assert site.writes() == {}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"action": "explode"}, "1001"),
        ({"lookupField": "firstName"}, "1011"),
        ({"lookupField": "id"}, "1003"),
        ({"action": "updateOnly", "partitionName": "Default"}, "1003"),
        ({"partitionName": "Moon"}, "1008"),
    ],
)
def test_a_bad_call_is_refused_whole(site: Any, more: dict[str, Any], code: str) -> None:
    assert site.code(sync(site, {"email": "person1@acme.example"}, **more)) == code


def test_input_is_needed_and_at_most_300(site: Any) -> None:
    assert site.code(site.post(LEADS, json={"action": "updateOnly"})) == "1002"
    assert site.code(sync(site, *({"email": f"p{n}@acme.example"} for n in range(301)))) == "1003"


def test_update_by_id_and_company_fields_are_ignored(site: Any) -> None:
    answer = sync(site, {"id": 1, "company": "Other", "phone": ""}, action="updateOnly", lookupField="id")
    assert outcome(answer) == ["updated"]
    assert site.get("/rest/v1/lead/1.json", fields="company")["result"] == [{"id": 1, "company": "Acme"}]


def test_each_change_leaves_its_activity(site: Any) -> None:
    sync(site, {"email": "person1@acme.example", "leadScore": 42}, {"email": "new@acme.example"})
    token = site.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-03T00:29:59Z")[
        "nextPageToken"
    ]
    answer = site.get("/rest/v1/activities/leadchanges.json", nextPageToken=token, fields="leadScore")
    change, created = answer["result"]
    assert (change["activityTypeId"], created["activityTypeId"]) == (13, 12)
    assert change["fields"][0] == {
        "id": change["fields"][0]["id"],
        "name": "leadScore",
        "newValue": "42",
        "oldValue": "1",
    }
