from __future__ import annotations

from typing import Any

import pytest

COMPANIES, OPPORTUNITIES, ROLES = (
    "/rest/v1/companies.json",
    "/rest/v1/opportunities.json",
    "/rest/v1/opportunities/roles.json",
)


def test_a_company_is_read_by_key_with_its_default_fields(site: Any) -> None:
    (found,) = site.get(COMPANIES, filterType="externalCompanyId", filterValues="C-1,C-9")["result"]
    assert found == {
        "seq": 0,
        "id": 77,
        "externalCompanyId": "C-1",
        "createdAt": "2026-01-22T00:30:00Z",
        "updatedAt": "2026-03-02T00:30:00Z",
    }


def test_empty_fields_are_left_out(site: Any) -> None:
    (found,) = site.get(COMPANIES, filterType="id", filterValues="77", fields="company,industry")["result"]
    assert found == {"seq": 0, "id": 77, "company": "Acme"}


@pytest.mark.parametrize("kind", ["dedupeFields", "externalOpportunityId"])
def test_an_opportunity_gives_money_as_text(site: Any, kind: str) -> None:
    (found,) = site.get(
        OPPORTUNITIES, filterType=kind, filterValues="O-1", fields="amount,isClosed,closeDate"
    )["result"]
    assert found == {
        "seq": 0,
        "marketoGUID": "g-1",
        "amount": "1604.47",
        "isClosed": False,
        "closeDate": "2026-03-03",
    }


def test_there_is_no_browse_and_no_other_filter(site: Any) -> None:
    assert site.code(site.get(COMPANIES)) == "1002"
    assert site.code(site.get(COMPANIES, filterType="id")) == "1002"
    assert site.code(site.get(COMPANIES, filterType="industry", filterValues="x")) == "1011"
    assert (
        site.code(site.get(COMPANIES, filterType="id", filterValues=",".join(map(str, range(301))))) == "1003"
    )


def test_roles_come_by_lead_in_pages(site: Any) -> None:
    given = {"filterType": "leadId", "filterValues": "1,2", "fields": "role,isPrimary", "batchSize": 1}
    first = site.get(ROLES, **given)
    second = site.get(ROLES, **given, nextPageToken=first["nextPageToken"])
    assert [row["role"] for row in first["result"] + second["result"]] == ["Decision Maker", "Influencer"]
    assert second["moreResult"] is False


def test_roles_come_by_compound_key(site: Any) -> None:
    keys = [{"externalOpportunityId": "O-1", "leadId": 2, "role": "Influencer"}]
    body = {"filterType": "dedupeFields", "fields": ["marketoGUID", "role"], "input": keys}
    (found,) = site.post(f"{ROLES}?_method=GET", json=body)["result"]
    assert found == {"seq": 0, "marketoGUID": "r-2", "role": "Influencer"}
    assert site.code(site.post(f"{ROLES}?_method=GET", json={**body, "input": [{"leadId": 2}]})) == "1002"


def test_describe_names_keys_and_searchable_fields(site: Any) -> None:
    (described,) = site.get("/rest/v1/opportunities/roles/describe.json")["result"]
    assert described["idField"] == "marketoGUID"
    assert described["dedupeFields"] == ["externalOpportunityId", "leadId", "role"]
    assert ["leadId"] in described["searchableFields"]
    names = {row["name"] for row in site.get("/rest/v1/companies/schema/fields.json")["result"]}
    assert "externalCompanyId" in names


@pytest.mark.parametrize(("sync", "reads"), [("read_only", [True, True, False]), ("disabled", [False] * 3)])
def test_a_crm_sync_refuses_with_1018(new_site: Any, sync: str, reads: list[bool]) -> None:
    site = new_site(crm_sync=sync)
    asked = {"filterType": "idField", "filterValues": "1"}
    answers = [site.get(path, **asked) for path in (COMPANIES, OPPORTUNITIES, ROLES)]
    assert [answer["success"] for answer in answers] == reads
    for path in (COMPANIES, OPPORTUNITIES, ROLES):
        assert site.code(site.post(path, json={"input": [{}]})) == "1018"


def test_companies_are_written_by_key(site: Any) -> None:
    given = [
        {"externalCompanyId": "C-1", "industry": "Finance"},
        {"externalCompanyId": "C-2", "company": "Beta"},
    ]
    updated, created = site.post(COMPANIES, json={"input": given})["result"]
    assert (updated["seq"], updated["id"], updated["status"]) == (0, 77, "updated")
    assert (created["seq"], created["status"]) == (1, "created")
    again = site.post(COMPANIES, json={"action": "createOnly", "input": given})["result"]
    assert [row["reasons"][0]["code"] for row in again] == ["1017", "1017"]
    lost = site.post(COMPANIES, json={"action": "updateOnly", "input": [{"externalCompanyId": "C-9"}]})[
        "result"
    ]
    assert lost[0]["reasons"][0]["code"] == "1013"
    gone = site.post(
        "/rest/v1/companies/delete.json",
        json={"input": [{"externalCompanyId": "C-2"}, {"externalCompanyId": "C-9"}]},
    )
    assert [row["status"] for row in gone["result"]] == ["deleted", "skipped"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"input": [{"externalCompanyId": "A"}, {"externalCompanyId": "a"}]}, "1036"),
        ({"dedupeBy": "idField", "input": [{"id": 77}]}, "1003"),
        ({"dedupeBy": "colour", "input": [{"id": 77}]}, "1001"),
        ({"action": "explode", "input": [{"id": 77}]}, "1001"),
        ({}, "1002"),
    ],
)
def test_a_bad_write_has_its_code(site: Any, body: dict[str, Any], code: str) -> None:
    assert site.code(site.post(COMPANIES, json=body)) == code
