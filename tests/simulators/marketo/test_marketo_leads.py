from __future__ import annotations

from typing import Any

import pytest

LEADS = "/rest/v1/leads.json"


def by(site: Any, kind: str, values: str, **more: Any) -> dict[str, Any]:
    return dict(site.get(LEADS, filterType=kind, filterValues=values, **more))


def ids(answer: dict[str, Any]) -> list[int]:
    return [found["id"] for found in answer["result"]]


def test_a_filter_ignores_case_and_gives_the_default_fields(site: Any) -> None:
    answer = by(site, "email", "PERSON1@acme.example,nobody@acme.example")
    assert answer["result"] == [
        {
            "id": 1,
            "email": "person1@acme.example",
            "firstName": "First1",
            "lastName": "Last1",
            "createdAt": "2026-01-22T00:30:00Z",
            "updatedAt": "2026-03-02T00:30:00Z",
        }
    ]


def test_twins_are_both_found_and_no_match_is_an_empty_success(site: Any) -> None:
    assert ids(by(site, "email", "twin@acme.example")) == [4, 5]
    assert by(site, "email", "nobody@acme.example")["result"] == []


@pytest.mark.parametrize(
    ("kind", "value"), [("ecid", f"{2:038d}"), ("id", "2"), ("externalCompanyId", "C-1")]
)
def test_every_searchable_field_can_be_asked(site: Any, kind: str, value: str) -> None:
    assert 2 in ids(by(site, kind, value, fields="ecid"))


def test_empty_fields_are_null_and_id_is_always_there(site: Any) -> None:
    assert by(site, "id", "5", fields="leadScore,phone")["result"] == [
        {"id": 5, "leadScore": None, "phone": None}
    ]


def test_pages_follow_the_token(site: Any) -> None:
    first = by(site, "id", "1,2,3", batchSize=2)
    assert (ids(first), first["moreResult"]) == ([1, 2], True)
    second = by(site, "id", "1,2,3", batchSize=2, nextPageToken=first["nextPageToken"])
    assert (ids(second), second["moreResult"], "nextPageToken" in second) == ([3], False, False)


def test_an_empty_page_with_more_result_can_be_planned(site: Any) -> None:
    site.fault("empty_page", "leads.json")
    first = by(site, "id", "1")
    assert (first["result"], first["moreResult"]) == ([], True)
    assert ids(by(site, "id", "1", nextPageToken=first["nextPageToken"])) == [1]


def test_300_values_are_the_most(site: Any) -> None:
    assert ids(by(site, "id", ",".join(map(str, range(1, 301))))) == [1, 2, 3, 4, 5]
    assert site.code(by(site, "id", ",".join(map(str, range(1, 302))))) == "1003"


def test_more_than_a_thousand_matches_are_refused(new_site: Any, make: Any) -> None:
    site = new_site([make.lead(number, firstName="Ann") for number in range(1, 1002)])
    answer = by(site, "externalCompanyId", "C-1")
    assert answer["errors"] == [{"code": "1003", "message": "Too many results match the filter"}]


def test_one_lead_or_1004(site: Any) -> None:
    assert site.get("/rest/v1/lead/1.json", fields="email")["result"] == [
        {"id": 1, "email": "person1@acme.example"}
    ]
    assert site.code(site.get("/rest/v1/lead/999.json")) == "1004"


def test_describe2_names_what_may_be_searched(site: Any) -> None:
    (described,) = site.get("/rest/v1/leads/describe2.json")["result"]
    assert ["ecid"] in described["searchableFields"]
    assert ["firstName"] not in described["searchableFields"]
    assert "sfdcContactId" not in {found["name"] for found in described["fields"]}


def test_a_crm_sync_brings_its_fields(new_site: Any) -> None:
    (described,) = new_site(crm_sync="disabled").get("/rest/v1/leads/describe2.json")["result"]
    managed = {found["name"] for found in described["fields"] if found["crmManaged"]}
    assert {"sfdcContactId", "sfdcLeadId", "sfdcAccountId", "sfdcType"} <= managed


def test_describe_and_schema_tell_of_the_same_fields(site: Any) -> None:
    described = {found["rest"]["name"] for found in site.get("/rest/v1/leads/describe.json")["result"]}
    schema = {found["name"] for found in site.get("/rest/v1/leads/schema/fields.json")["result"]}
    assert described == schema
    (ecid,) = site.get("/rest/v1/leads/schema/fields/ecid.json")["result"]
    assert ecid["isCustom"] is True
    assert site.code(site.get("/rest/v1/leads/schema/fields/colour.json")) == "1006"


def test_deleting_leads_takes_memberships_and_leaves_activity_37(site: Any) -> None:
    answer = site.post("/rest/v1/leads/delete.json", json={"input": [{"id": 1}, {"id": 999}]})
    assert answer["result"][0] == {"id": 1, "status": "deleted"}
    assert answer["result"][1]["reasons"] == [{"code": "1004", "message": "Lead not found"}]
    members = site.get("/rest/v1/lists/1021/leads.json", fields="email")
    assert ids(members) == [2]
    token = site.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-03T00:00:00Z")[
        "nextPageToken"
    ]
    (gone,) = site.get("/rest/v1/activities/deletedleads.json", nextPageToken=token)["result"]
    assert (gone["leadId"], gone["primaryAttributeValue"]) == (1, "First1 Last1")
    assert site.writes() == {"leads_deleted": 1}


def test_leads_are_deleted_by_the_older_call_too(site: Any) -> None:
    answer = site.client.request("DELETE", LEADS, json={"input": [{"id": 2}]}).json()
    assert answer["result"] == [{"id": 2, "status": "deleted"}]


def test_partitions_are_listed_and_checked(site: Any) -> None:
    assert [row["name"] for row in site.get("/rest/v1/leads/partitions.json")["result"]] == ["Default"]
    given = [
        {"id": 1, "partitionName": "Default"},
        {"id": 1, "partitionName": "Moon"},
        {"id": 99, "partitionName": "Default"},
    ]
    answer = site.post("/rest/v1/leads/partitions.json", json={"input": given})
    assert [row["status"] for row in answer["result"]] == ["updated", "skipped", "skipped"]
    assert [row["reasons"][0]["code"] for row in answer["result"][1:]] == ["1008", "1004"]


def test_memberships_of_a_lead(site: Any) -> None:
    (found,) = site.get("/rest/v1/leads/1/listMembership.json")["result"]
    assert found == {"listId": 1021, "createdAt": "2026-01-22T00:30:00Z", "updatedAt": "2026-03-02T00:30:00Z"}
    assert site.get("/rest/v1/leads/3/listMembership.json")["result"] == []
    assert site.get("/rest/v1/leads/1/programMembership.json")["result"] == []
    assert site.code(site.get("/rest/v1/leads/99/smartCampaignMembership.json")) == "1004"
