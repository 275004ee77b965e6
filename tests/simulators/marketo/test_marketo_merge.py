"""Merging leads, what one lead is in, and the other ways in which leads are written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any


def merge(site: Any, winner: int, **params: Any) -> dict[str, Any]:
    return dict(site.client.post(f"/rest/v1/leads/{winner}/merge.json", params=params).json())


def activities(site: Any, type_id: int) -> list[dict[str, Any]]:
    found = site.store.records("activities").values()
    return [activity for activity in found if activity["activityTypeId"] == type_id]


def test_the_winner_lives_on_and_the_losers_are_gone_with_activities_that_tell(whole: Any) -> None:
    answer = merge(whole, 1, leadIds="2,3")
    assert (answer["success"], "result" in answer) == (True, False)
    assert whole.get("/rest/v1/lead/1.json")["success"]
    for loser in (2, 3):
        assert whole.code(whole.get(f"/rest/v1/lead/{loser}.json")) == "1004"
    (told,) = activities(whole, 32)
    assert (told["leadId"], told["attributes"]["Merge IDs"]) == (1, "[2, 3]")
    assert {gone["leadId"] for gone in activities(whole, 37)} == {2, 3, 99}
    since = whole.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-03T00:00:00Z")
    feed = whole.get("/rest/v1/activities/deletedleads.json", nextPageToken=since["nextPageToken"])
    assert {row["leadId"] for row in feed["result"]} == {2, 3}
    assert whole.writes()["leads_merged"] == 2


def test_the_winner_keeps_its_values_and_takes_what_it_lacks(whole: Any) -> None:
    merge(whole, 5, leadIds="3")
    lead = whole.store.get("leads", "5")
    assert (lead["email"], lead["leadScore"], lead["ecid"]) == ("Twin@acme.example", 3, f"{5:038d}")
    assert (lead["id"], lead["updatedAt"]) == (5, whole.clock.now())
    assert activities(whole, 32)[0]["attributes"]["Master Updated"] is True


def test_whatever_pointed_to_a_loser_points_to_the_winner(whole: Any) -> None:
    merge(whole, 4, leadId="1")
    assert sorted(whole.store.records("list_members")) == ["1021:2", "1021:4"]
    assert sorted(whole.store.records("program_members")) == ["1107:2", "1107:3", "1107:4"]
    assert whole.store.get("program_members", "1107:4")["leadId"] == 4
    assert whole.store.get("opportunity_roles", "r-1")["leadId"] == 4
    assert {r["leadId"] for r in whole.store.records("custom__contract_c").values()} == {2, 4}


def test_a_membership_that_the_winner_has_is_not_doubled(whole: Any) -> None:
    before = whole.store.get("program_members", "1107:3")
    merge(whole, 3, leadIds="1,2")
    assert whole.store.records("program_members") == {"1107:3": before}
    assert list(whole.store.records("list_members")) == ["1021:3"]


def test_merges_that_can_not_be_are_refused_and_change_nothing(whole: Any) -> None:
    assert whole.code(merge(whole, 1)) == "1002"
    assert whole.code(merge(whole, 1, leadIds="2,99")) == "1004"
    assert whole.code(merge(whole, 99, leadIds="2")) == "1004"
    assert whole.code(merge(whole, 1, leadIds="1,2")) == "1003"
    assert whole.code(merge(whole, 1, leadIds=",".join(str(n) for n in range(2, 28)))) == "1080"
    assert whole.code(merge(whole, 1, leadIds="2", mergeInCRM="true")) == "1076"
    assert len(whole.store.records("leads")) == 5
    assert activities(whole, 32) == []


# ---- memberships ---------------------------------------------------------------------------------------------


def test_a_lead_knows_its_lists_programs_and_campaigns(whole: Any) -> None:
    (one,) = whole.get("/rest/v1/leads/1/listMembership.json")["result"]
    assert one["listId"] == 1021
    (program,) = whole.get("/rest/v1/leads/1/programMembership.json")["result"]
    assert (program["id"], program["progressionStatus"], program["acquiredBy"]) == (1107, "Registered", True)
    (campaign,) = whole.get("/rest/v1/leads/1/smartCampaignMembership.json")["result"]
    assert campaign["smartCampaignId"] == 8022
    for what in ("listMembership", "programMembership", "smartCampaignMembership"):
        assert whole.get(f"/rest/v1/leads/4/{what}.json")["result"] == []
        assert whole.code(whole.get(f"/rest/v1/leads/99/{what}.json")) == "1004"


def test_memberships_are_narrowed_by_program_and_by_update(whole: Any) -> None:
    path = "/rest/v1/leads/1/programMembership.json"
    assert whole.get(path, filterType="programId", filterValues="1200")["result"] == []
    assert len(whole.get(path, filterType="programId", filterValues="1107,1200")["result"]) == 1
    assert whole.code(whole.get(path, filterType="colour")) == "1011"
    assert whole.get(path, earliestUpdatedAt="2026-03-02T12:00:00Z")["result"] == []
    assert whole.get(path, latestUpdatedAt="2026-03-01T12:00:00Z")["result"] == []


def test_memberships_come_in_pages(whole: Any, make: Any) -> None:
    stamps = {"createdAt": make.now, "updatedAt": make.now}
    for number in (2000, 2001):
        whole.store.write(
            [
                make.change("static_lists", number, {"id": number, "name": f"L{number}", **stamps}),
                make.change("list_members", f"{number}:1", {"listId": number, "leadId": 1, "at": make.now}),
            ]
        )
    path = "/rest/v1/leads/1/listMembership.json"
    first = whole.get(path, batchSize=2)
    rest = whole.get(path, batchSize=2, nextPageToken=first["nextPageToken"])
    assert [len(first["result"]), len(rest["result"]), rest["moreResult"]] == [2, 1, False]


# ---- partitions, push, forms ---------------------------------------------------------------------------------


def test_a_partition_is_kept(new_site: Any) -> None:
    site = new_site(partitions=("Default", "EMEA"))
    items = [
        {"id": 1, "partitionName": "EMEA"},
        {"id": 2, "partitionName": "X"},
        {"id": 99, "partitionName": "EMEA"},
    ]
    found = site.post("/rest/v1/leads/partitions.json", json={"input": items})["result"]
    assert [row["status"] for row in found] == ["updated", "skipped", "skipped"]
    assert [row["reasons"][0]["code"] for row in found[1:]] == ["1008", "1004"]
    assert site.store.get("lead_partitions", "1") == {"leadId": 1, "partitionName": "EMEA"}
    names = [row["name"] for row in site.get("/rest/v1/leads/partitions.json")["result"]]
    assert names == ["Default", "EMEA"]


def test_a_pushed_lead_and_a_form_leave_an_activity(whole: Any) -> None:
    body = {"programName": "Spring Webinar", "source": "fair", "input": [{"email": "person1@acme.example"}]}
    (pushed,) = whole.post("/rest/v1/leads/push.json", json=body)["result"]
    assert (pushed["id"], pushed["status"]) == (1, "updated")
    assert activities(whole, 145)[0]["primaryAttributeValue"] == "Spring Webinar"
    form = {"leadFormFields": {"email": "new@acme.example"}, "visitorData": {"queryString": "a=b"}}
    (made,) = whole.post("/rest/v1/leads/submitForm.json", json={"formId": 12, "input": [form]})["result"]
    (told,) = activities(whole, 2)
    assert (made["status"], told["leadId"], told["attributes"]["Query Parameters"]) == (
        "created",
        made["id"],
        "a=b",
    )
    assert (
        whole.code(whole.post("/rest/v1/leads/submitForm.json", json={"formId": 12, "input": [{}]})) == "1002"
    )
    bad = whole.client.post("/rest/v1/leads/1/associate.json", params={"cookie": "none"}).json()
    assert whole.code(bad) == "1012"


def test_central_days_are_those_of_the_usage_counters(whole: Any) -> None:
    """00:30 UTC is still the day before in US Central; its midnight is 06:00 UTC in winter."""
    assert whole.get("/rest/v1/stats/usage.json")["result"][0]["date"] == "2026-03-02"
    whole.clock.set(whole.clock.now() + timedelta(hours=5, minutes=31))
    whole.login()
    (today,) = whole.get("/rest/v1/stats/usage.json")["result"]
    assert (today["date"], today["total"]) == ("2026-03-03", 1)
    week = whole.get("/rest/v1/stats/usage/last7days.json")["result"]
    assert [(day["date"], day["total"]) for day in week[:3]] == [
        ("2026-03-03", 2),
        ("2026-03-02", 1),
        ("2026-03-01", 0),
    ]
    whole.get("/rest/v1/lead/99.json")
    errors = whole.get("/rest/v1/stats/errors/last7days.json")["result"]
    assert (len(errors), errors[0]["errors"]) == (7, [{"errorCode": "1004", "count": 1}])
