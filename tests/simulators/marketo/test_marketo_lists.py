from __future__ import annotations

from typing import Any

import pytest

MEMBERS = "/rest/v1/lists/1021/leads.json"
IS_MEMBER = "/rest/v1/lists/1021/leads/ismember.json"


def outcome(answer: dict[str, Any]) -> list[tuple[int, str]]:
    rows = answer["result"]
    return [(row["id"], row["reasons"][0]["code"] if "reasons" in row else row["status"]) for row in rows]


def members(site: Any) -> list[int]:
    return [row["id"] for row in site.get(MEMBERS)["result"]]


def test_lists_are_found_by_name_and_missing_ones_are_1013(site: Any) -> None:
    (found,) = site.get("/rest/v1/lists.json", name="Seed")["result"]
    assert (found["id"], found["workspaceName"], found["createdAt"]) == (
        1021,
        "Default",
        "2026-01-22T00:30:00Z",
    )
    assert site.get("/rest/v1/lists.json", name="Nothing")["result"] == []
    assert site.get("/rest/v1/lists/1021.json")["result"] == [found]
    assert site.code(site.get("/rest/v1/lists/9.json")) == "1013"
    assert site.code(site.get("/rest/v1/lists/9/leads.json")) == "1013"


@pytest.mark.parametrize("path", [MEMBERS, "/rest/v1/list/1021/leads.json"])
def test_members_come_in_pages_on_both_paths(site: Any, path: str) -> None:
    first = site.get(path, batchSize=1, fields="email")
    assert first["result"] == [{"id": 1, "email": "person1@acme.example"}]
    second = site.get(path, batchSize=1, fields="email", nextPageToken=first["nextPageToken"])
    assert [row["id"] for row in second["result"]] == [2]
    assert "nextPageToken" not in second


@pytest.mark.parametrize(
    "given",
    [
        {"params": [("id", "3"), ("id", "4")]},
        {"params": {"id": "3,4"}},
        {"json": {"input": [{"id": 3}, {"id": 4}]}},
        {"data": {"id": "3,4"}},
    ],
)
def test_ids_in_every_spelling_are_added(site: Any, given: dict[str, Any]) -> None:
    assert outcome(site.post(MEMBERS, **given)) == [(3, "added"), (4, "added")]
    assert members(site) == [1, 2, 3, 4]


def test_adding_is_idempotent_and_writes_new_members_only(site: Any) -> None:
    answer = site.post(MEMBERS, json={"input": [{"id": 1}, {"id": 3}, {"id": 3}, {"id": 99}]})
    assert outcome(answer) == [(1, "added"), (3, "added"), (3, "added"), (99, "1004")]
    assert site.writes() == {"list_members_added": 1}


def test_removing_tells_absent_members_from_absent_leads(site: Any) -> None:
    answer = site.client.request("DELETE", MEMBERS, json={"input": [{"id": 1}, {"id": 3}, {"id": 99}]}).json()
    assert outcome(answer) == [(1, "removed"), (3, "1015"), (99, "1004")]
    assert members(site) == [2]
    again = site.client.delete(MEMBERS, params={"id": "1"}).json()
    assert outcome(again) == [(1, "1015")]
    assert site.writes() == {"list_members_removed": 1}


@pytest.mark.parametrize("spelling", ["query", "json"])
def test_is_member_over_get_and_over_post_with_method_get(site: Any, spelling: str) -> None:
    if spelling == "query":
        answer = site.get(IS_MEMBER, id=[1, 3, 99])
    else:
        answer = site.post(f"{IS_MEMBER}?_method=GET", json={"input": [{"id": 1}, {"id": 3}, {"id": 99}]})
    assert outcome(answer) == [(1, "memberof"), (3, "notmemberof"), (99, "1004")]


def test_300_ids_are_the_most_and_none_is_too_few(site: Any) -> None:
    assert site.code(site.post(MEMBERS, json={"input": [{"id": n} for n in range(301)]})) == "1003"
    assert site.code(site.post(MEMBERS, params={"id": ",".join(map(str, range(301)))})) == "1003"
    assert site.code(site.post(MEMBERS)) == "1002"
    assert site.code(site.post(MEMBERS, params={"id": "one"})) == "1001"
    assert site.writes() == {}


def test_adds_and_removes_leave_activities_24_and_25(site: Any) -> None:
    site.post(MEMBERS, params={"id": 3})
    site.client.delete(MEMBERS, params={"id": 1})
    token = site.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-03T00:29:00Z")[
        "nextPageToken"
    ]
    rows = site.get("/rest/v1/activities.json", nextPageToken=token, activityTypeIds="24,25")["result"]
    told = [(row["activityTypeId"], row["leadId"], row["primaryAttributeValueId"]) for row in rows]
    assert told == [(24, 3, 1021), (25, 1, 1021)]
    assert {row["primaryAttributeValue"] for row in rows} == {"Seed"}
