"""Tokens, limits, scopes and faults of the simulated portal; associations, lists, owners, properties."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from hubspot_kit import MARCH, SOURCE, TOKEN, Kit, change, contacts, ids, refusal

from muster_simulators.web import running

CONTACTS = "/crm/v3/objects/contacts"
LINKS = "/crm/v4/associations/contacts/companies/batch/read"
KINDS = [{"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}]


def linked(pair: str, one: int, other: int) -> object:
    return change(
        f"associations__{pair}", f"{one}:{other}", **{"from": str(one), "to": str(other), "types": KINDS}
    )


# ---- who may ask, and how often ----------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc", TOKEN])
def test_a_call_without_the_token_is_refused(header: str | None) -> None:
    kit = Kit(contacts(1))
    kit.http.headers.pop("Authorization")
    answer = kit.http.get(CONTACTS, headers={"Authorization": header} if header else {})
    assert refusal(answer)[:2] == (401, "INVALID_AUTHENTICATION")


def test_every_answer_but_a_search_tells_what_is_left() -> None:
    kit = Kit(contacts(1))
    headers = kit.get(CONTACTS).headers
    assert {name: headers[name] for name in headers if name.startswith("x-hubspot")} == {
        "x-hubspot-ratelimit-daily": "650000",
        "x-hubspot-ratelimit-daily-remaining": "649999",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-max": "190",
        "x-hubspot-ratelimit-remaining": "189",
    }
    assert not [name for name in kit.search().headers if name.startswith("x-hubspot")]
    assert kit.get(CONTACTS).headers["x-hubspot-ratelimit-daily-remaining"] == "649997"


def test_ten_seconds_roll_and_what_is_over_them_is_refused_and_counted() -> None:
    kit = Kit(contacts(1), ten_seconds=3)
    kit.get(CONTACTS)
    kit.clock.advance(6)
    assert [kit.get(CONTACTS).status_code for _ in range(3)] == [200, 200, 429]
    refused = kit.get(CONTACTS).json()
    assert (refused["policyName"], refused["errorType"], refused["message"]) == (
        "TEN_SECONDLY_ROLLING",
        "RATE_LIMIT",
        "You have reached your ten_secondly_rolling limit.",
    )
    kit.clock.advance(4)
    assert [kit.get(CONTACTS).status_code for _ in range(2)] == [200, 429]
    assert kit.stats.to_dict()["violations"][SOURCE] == {"TEN_SECONDLY_ROLLING": 3}


def test_searches_have_a_limit_by_the_second_of_their_own() -> None:
    kit = Kit(contacts(1), searches_a_second=2, ten_seconds=1)
    assert [kit.search().status_code for _ in range(3)] == [200, 200, 429]
    assert kit.search().json()["policyName"] == "SECONDLY"
    assert kit.get(CONTACTS).status_code == 200
    kit.clock.advance(1)
    assert kit.search().status_code == 200


def test_a_day_is_renewed_at_midnight() -> None:
    kit = Kit(contacts(1), daily_calls=2)
    assert [kit.get(CONTACTS).status_code for _ in range(3)] == [200, 200, 429]
    assert kit.get(CONTACTS).json()["policyName"] == "DAILY"
    kit.clock.advance(24 * 3600)
    assert kit.get(CONTACTS).status_code == 200


def test_a_scope_that_was_not_given_is_named() -> None:
    kit = Kit(contacts(1), missing_scopes=frozenset({"crm.objects.deals.read"}))
    answer = kit.get("/crm/v3/objects/deals")
    assert refusal(answer)[:2] == (403, "MISSING_SCOPES")
    context = answer.json()["errors"][0]["context"]
    assert context == {"requiredGranularScopes": ["crm.objects.deals.read"]}
    assert kit.get(CONTACTS).status_code == 200


def test_what_is_not_there_is_refused_in_the_services_shape() -> None:
    kit = Kit()
    assert refusal(kit.get("/crm/v9/nothing"))[0] == 404
    assert refusal(kit.http.put(CONTACTS))[0] == 405
    assert refusal(kit.http.post(f"{CONTACTS}/search", content=b"{"))[:2] == (400, "VALIDATION_ERROR")
    assert refusal(kit.http.post(f"{CONTACTS}/search", content=b"[]"))[:2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(("kind", "status"), [("token", 401), ("limit", 429), ("scope", 403)])
def test_a_fault_hits_the_call_it_names_once(kind: str, status: int) -> None:
    kit = Kit(contacts(1))
    fault = kit.fault(kind, "contacts")
    assert [kit.get(CONTACTS).status_code for _ in range(2)] == [status, 200]
    assert fault.hits == 1


def test_a_cut_answer_promises_more_than_it_gives() -> None:
    kit = Kit(contacts(3))
    kit.fault("cut", "contacts", 40)
    with running(kit.app) as server, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(server.url + CONTACTS, headers={"Authorization": f"Bearer {TOKEN}"})


def test_a_truncated_search_gives_fewer_than_it_says() -> None:
    kit = Kit(contacts(3))
    kit.fault("truncated", "search")
    body = kit.search().json()
    assert (body["total"], len(body["results"])) == (3, 2)


def test_the_date_is_the_simulated_one() -> None:
    assert Kit().get("/account-info/v3/details").headers["date"] == "Tue, 03 Mar 2026 00:30:00 GMT"


# ---- associations ------------------------------------------------------------------------------------------


def test_associations_are_read_from_both_ends_and_none_is_an_error_of_a_207() -> None:
    people = [*contacts(2), change("companies", 7), linked("contacts__companies", 1, 7)]
    kit = Kit(people)
    answer = kit.post(LINKS, {"inputs": [{"id": "1"}, {"id": "2"}]})
    body = answer.json()
    assert answer.status_code == 207
    assert body["results"] == [{"from": {"id": "1"}, "to": [{"toObjectId": 7, "associationTypes": KINDS}]}]
    (error,) = body["errors"]
    assert (error["subCategory"], error["context"]["fromObjectId"]) == (
        "crm.associations.NO_ASSOCIATIONS_FOUND",
        ["2"],
    )
    turned = kit.post("/crm/v4/associations/companies/contacts/batch/read", {"inputs": [{"id": "7"}]})
    assert (turned.status_code, turned.json()["results"][0]["to"][0]["toObjectId"]) == (200, 1)


def test_an_archived_record_is_associated_with_nothing() -> None:
    gone = change("companies", 7, archived=True, archivedAt=MARCH)
    kit = Kit([*contacts(1), gone, linked("contacts__companies", 1, 7)])
    assert kit.post(LINKS, {"inputs": [{"id": "1"}]}).json()["results"] == []


def test_many_associations_lead_on_by_after() -> None:
    many = [change("companies", n) for n in range(1, 6)]
    kit = Kit(
        [*contacts(1), *many, *(linked("contacts__companies", 1, n) for n in range(1, 6))], association_page=3
    )
    found, after = [], None
    for _ in range(3):
        asked = {"id": "1", **({"after": after} if after else {})}
        (result,) = kit.post(LINKS, {"inputs": [asked]}).json()["results"]
        found += [one["toObjectId"] for one in result["to"]]
        after = (result.get("paging") or {}).get("next", {}).get("after")
        if after is None:
            break
    assert found == [1, 2, 3, 4, 5]
    assert refusal(kit.post(LINKS, {"inputs": [{"id": "1"}] * 1_001}))[0] == 400


# ---- lists, owners, properties, pipelines ------------------------------------------------------------------


def test_lists_go_by_offset_and_their_members_by_after() -> None:
    lists = [change("lists", n, name=f"List {n}", createdAt=MARCH, updatedAt=MARCH) for n in range(1, 6)]
    members = [
        change(
            "list_members",
            f"2:{n}",
            listId="2",
            recordId=str(n),
            membershipTimestamp=MARCH + timedelta(days=1),
        )
        for n in range(1, 6)
    ]
    kit = Kit([*lists, *members])
    first = kit.post("/crm/v3/lists/search", {"count": 3, "offset": 0}).json()
    last = kit.post("/crm/v3/lists/search", {"count": 3, "offset": first["offset"]}).json()
    assert [one["listId"] for one in (*first["lists"], *last["lists"])] == ["1", "2", "3", "4", "5"]
    assert (first["hasMore"], last["hasMore"], last["total"]) == (True, False, 5)
    page = kit.get("/crm/v3/lists/2/memberships", limit=4).json()
    rest = kit.get("/crm/v3/lists/2/memberships", limit=4, after=page["paging"]["next"]["after"]).json()
    assert [one["recordId"] for one in (*page["results"], *rest["results"])] == ["1", "2", "3", "4", "5"]
    assert "paging" not in rest
    assert refusal(kit.get("/crm/v3/lists/9/memberships"))[0] == 404


def test_owners_who_have_left_are_in_their_own_list() -> None:
    kit = Kit(
        [change("owners", 1, email="a@x.example"), change("owners", 2, email="b@x.example", archived=True)]
    )
    assert ids(kit.get("/crm/v3/owners", limit=500)) == [1]
    assert ids(kit.get("/crm/v3/owners/", archived="true")) == [2]


def test_properties_are_described_and_hidden_ones_are_not() -> None:
    kit = Kit(hidden_properties=frozenset({"contacts.jobtitle"}))
    found = {one["name"]: one for one in kit.get("/crm/v3/properties/contacts").json()["results"]}
    assert "jobtitle" not in found
    assert (found["lastmodifieddate"]["type"], found["hs_object_id"]["type"]) == ("datetime", "number")
    assert {"value": "lead", "label": "Lead", "displayOrder": 1, "hidden": False} in found["lifecyclestage"][
        "options"
    ]
    assert found["hs_merged_object_ids"]["calculated"] is True


def test_a_pipeline_names_its_stages() -> None:
    (pipeline,) = Kit().get("/crm/v3/pipelines/deals").json()["results"]
    stages = {one["id"]: (one["label"], one["metadata"]["isClosed"]) for one in pipeline["stages"]}
    assert stages["closedwon"] == ("Closed Won", "true")
    assert stages["contractsent"] == ("Contract Sent", "false")
