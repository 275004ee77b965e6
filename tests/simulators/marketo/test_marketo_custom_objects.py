"""Custom objects, sales persons and named accounts by key; the design of custom object types."""

from __future__ import annotations

from typing import Any

CONTRACTS = "/rest/v1/customobjects/contract_c"
SCHEMA = "/rest/v1/customobjects/schema"


def read(site: Any, path: str = CONTRACTS, **params: Any) -> list[dict[str, Any]]:
    answer = site.get(f"{path}.json", **params)
    assert answer["success"], answer
    return list(answer["result"])


def test_the_types_are_listed_and_described_with_their_link_to_leads(whole: Any) -> None:
    (found,) = whole.get("/rest/v1/customobjects.json", names="contract_c")["result"]
    assert (found["name"], found["idField"], found["dedupeFields"]) == (
        "contract_c",
        "marketoGUID",
        ["contractNumber"],
    )
    assert "fields" not in found
    assert whole.get("/rest/v1/customobjects.json", names="other_c")["result"] == []
    (one,) = whole.get(f"{CONTRACTS}/describe.json")["result"]
    (link,) = one["relationships"]
    assert link == {"field": "leadId", "type": "child", "relatedTo": {"name": "Lead", "field": "Id"}}
    types = {field["name"]: field["dataType"] for field in one["fields"]}
    assert (types["amount"], types["signedOn"], types["isActive"]) == ("currency", "date", "boolean")
    assert whole.code(whole.get("/rest/v1/customobjects/other_c/describe.json")) == "1013"


def test_records_are_read_by_dedupe_field_id_and_link(whole: Any) -> None:
    for kind, values in (("contractNumber", "C-1,C-2"), ("dedupeFields", "C-1,C-2"), ("idField", "c-1,c-2")):
        assert [row["seq"] for row in read(whole, filterType=kind, filterValues=values)] == [0, 1]
    (row,) = read(whole, filterType="leadId", filterValues="2")
    assert set(row) == {"seq", "marketoGUID", "contractNumber", "createdAt", "updatedAt"}
    (row,) = read(whole, filterType="leadId", filterValues="2", fields="amount,notes,renewsOn")
    assert (row["amount"], row["notes"], "renewsOn" in row) == (37.5, "signed,\nthen renewed", False)
    assert whole.code(whole.get(f"{CONTRACTS}.json", filterType="product", filterValues="x")) == "1011"
    assert whole.code(whole.get(f"{CONTRACTS}.json")) == "1002"


def test_records_are_read_by_keys_in_a_json_body(whole: Any) -> None:
    body = {"filterType": "dedupeFields", "fields": ["leadId"], "input": [{"contractNumber": "C-3"}]}
    (row,) = whole.post(f"{CONTRACTS}.json?_method=GET", json=body)["result"]
    assert (row["marketoGUID"], row["leadId"]) == ("c-3", 2)


def test_records_are_written_and_deleted(whole: Any) -> None:
    items = [{"contractNumber": "C-1", "seats": "9"}, {"contractNumber": "C-9", "leadId": 3}, {"leadId": 1}]
    found = whole.post(f"{CONTRACTS}.json", json={"input": items})["result"]
    assert [row["status"] for row in found] == ["updated", "created", "skipped"]
    (row,) = read(whole, filterType="contractNumber", filterValues="C-1", fields="seats,product,updatedAt")
    assert (row["seats"], row["product"], row["updatedAt"]) == (9, 'Premium "24/7"', "2026-03-03T00:30:00Z")
    twice = {"input": [{"contractNumber": "C-1"}, {"contractNumber": "c-1"}]}
    assert whole.code(whole.post(f"{CONTRACTS}.json", json=twice)) == "1036"
    gone = {"deleteBy": "idField", "input": [{"marketoGUID": "c-1"}, {"marketoGUID": "x"}]}
    found = whole.post(f"{CONTRACTS}/delete.json", json=gone)["result"]
    assert [row["status"] for row in found] == ["deleted", "skipped"]
    assert len(whole.store.records("custom__contract_c")) == 3


# ---- types ---------------------------------------------------------------------------------------------------


def new_type(site: Any, *fields: dict[str, Any]) -> None:
    assert site.post(f"{SCHEMA}.json", json={"apiName": "room", "displayName": "Room"})["success"]
    assert site.post(f"{SCHEMA}/room_c/addField.json", json={"input": list(fields)})["success"]


KEYS = (
    {"name": "house", "isDedupeField": True},
    {"name": "floor", "dataType": "integer", "isDedupeField": True},
)


def test_a_type_lives_as_a_draft_until_it_is_approved(whole: Any) -> None:
    new_type(whole, *KEYS)
    (found,) = whole.get(f"{SCHEMA}.json", names="room_c")["result"]
    assert (found["state"], found["version"], found["dedupeFields"]) == ("draft", "draft", ["house", "floor"])
    assert whole.code(whole.get("/rest/v1/customobjects/room_c/describe.json")) == "1013"
    assert whole.post(f"{SCHEMA}/room_c/approve.json")["success"]
    assert whole.get("/rest/v1/customobjects/room_c/describe.json")["success"]
    whole.post(f"{SCHEMA}/room_c/addField.json", json={"input": [{"name": "view"}]})
    (found,) = whole.get(f"{SCHEMA}/room_c/describe.json")["result"]
    assert (found["state"], [f["name"] for f in found["fields"]].count("view")) == ("approvedWithDraft", 0)
    (draft,) = whole.get(f"{SCHEMA}/room_c/describe.json", state="draft")["result"]
    assert "view" in [field["name"] for field in draft["fields"]]
    assert whole.post(f"{SCHEMA}/room_c/discardDraft.json")["success"]
    (found,) = whole.get(f"{SCHEMA}.json", state="approved", names="room_c")["result"]
    assert found["state"] == "approved"


def test_records_with_a_compound_key_are_read_by_it(whole: Any) -> None:
    new_type(
        whole, *KEYS, {"name": "lead", "dataType": "integer", "relatedTo": {"name": "Lead", "field": "id"}}
    )
    whole.post(f"{SCHEMA}/room_c/approve.json")
    path = "/rest/v1/customobjects/room_c"
    rooms = [{"house": "A", "floor": 1, "lead": 1}, {"house": "A", "floor": 2}, {"house": "B", "floor": 1}]
    whole.post(f"{path}.json", json={"input": rooms})
    body = {"filterType": "dedupeFields", "input": [{"house": "a", "floor": 2}, {"house": "B", "floor": 1}]}
    found = whole.post(f"{path}.json?_method=GET", json={**body, "batchSize": 1})
    assert (found["result"][0]["floor"], found["moreResult"]) == (2, True)
    rest = whole.post(f"{path}.json?_method=GET", json={**body, "nextPageToken": found["nextPageToken"]})
    assert rest["result"][0]["house"] == "B"
    assert len(read(whole, path, filterType="lead", filterValues="1")) == 1
    assert len(read(whole, path, filterType="house", filterValues="A")) == 2


def test_bad_designs_are_refused(whole: Any) -> None:
    new_type(whole, {"name": "size"})
    assert whole.code(whole.post(f"{SCHEMA}/room_c/approve.json")) == "709"
    again = {"apiName": "room_c", "displayName": "Room", "action": "createOnly"}
    assert whole.code(whole.post(f"{SCHEMA}.json", json=again)) == "1017"
    add, drop = f"{SCHEMA}/room_c/addField.json", f"{SCHEMA}/room_c/deleteField.json"
    assert whole.code(whole.post(add, json={"input": [{"name": "size"}]})) == "1017"
    assert whole.code(whole.post(add, json={"input": [{"name": "x", "dataType": "colour"}]})) == "1001"
    assert whole.code(whole.post(add, json={"input": [{"name": f"f{n}"} for n in range(50)]})) == "1028"
    assert whole.code(whole.post(drop, json={"input": [{"name": "depth"}]})) == "1006"
    assert whole.code(whole.post(f"{SCHEMA}/contract_c/delete.json")) == "1022"
    assert whole.post(f"{SCHEMA}/room_c/delete.json")["success"]
    assert whole.code(whole.get(f"{SCHEMA}/room_c/describe.json")) == "1013"


# ---- sales persons and named accounts ------------------------------------------------------------------------


def test_sales_persons_are_read_and_written_by_key(whole: Any) -> None:
    path = "/rest/v1/salespersons"
    for kind, value in (("externalSalesPersonId", "sp-5"), ("id", "5"), ("email", "REP@acme.example")):
        (row,) = read(whole, path, filterType=kind, filterValues=value)
        assert (row["id"], row["firstName"]) == (5, "Rep")
    (made,) = whole.post(f"{path}.json", json={"input": [{"externalSalesPersonId": "SP-6"}]})["result"]
    assert (made["status"], made["id"] >= 9_000_000) == ("created", True)
    (gone,) = whole.post(f"{path}/delete.json", json={"input": [{"externalSalesPersonId": "SP-5"}]})["result"]
    assert gone == {"seq": 0, "id": 5, "status": "deleted"}


def test_named_accounts_are_read_by_nearly_every_field(whole: Any) -> None:
    path = "/rest/v1/namedaccounts"
    for kind, value in (("name", "acme"), ("industry", "Finance"), ("domainName", "acme.example")):
        (row,) = read(whole, path, filterType=kind, filterValues=value, fields="name,industry")
        assert (row["marketoGUID"], row["industry"]) == ("n-1", "Finance")
    assert whole.code(whole.get(f"{path}.json", filterType="logoUrl", filterValues="x")) == "1011"


def test_a_crm_sync_takes_over_sales_persons_but_not_named_accounts_and_custom_objects(
    new_site: Any, make: Any
) -> None:
    for sync in ("disabled", "read_only"):
        site = new_site(make.whole_world(), crm_sync=sync)
        reading = site.get("/rest/v1/salespersons.json", filterType="id", filterValues="5")
        assert reading["success"] is (sync == "read_only")
        writing = site.post("/rest/v1/salespersons.json", json={"input": [{"externalSalesPersonId": "SP-6"}]})
        assert site.code(writing) == "1018"
        assert len(read(site, "/rest/v1/namedaccounts", filterType="name", filterValues="Acme")) == 1
        assert len(read(site, filterType="leadId", filterValues="1")) == 2
