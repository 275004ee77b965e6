"""Lists, single records, batches and searches of the simulated portal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hubspot_kit import MARCH, NOW, Kit, change, contacts, ids, refusal

from muster_simulators.hubspot import CustomObject, Property

CONTACTS = "/crm/v3/objects/contacts"
BATCH = f"{CONTACTS}/batch/read"


def test_a_record_has_its_id_its_properties_as_text_and_its_stamps() -> None:
    at = MARCH + timedelta(milliseconds=7)
    kit = Kit(
        [change("contacts", 5, at, email="a@x.example", hs_email_optout=True, hubspotscore=3, nope="x")]
    )
    asked = "email,hs_email_optout,hubspotscore,phone,nope"
    assert kit.get(f"{CONTACTS}/5", properties=asked).json() == {
        "id": "5",
        "properties": {
            "createdate": "2026-03-01T00:00:00.007Z",
            "email": "a@x.example",
            "hs_email_optout": "true",
            "hs_object_id": "5",
            "hubspotscore": "3",
            "lastmodifieddate": "2026-03-01T00:00:00.007Z",
            "phone": None,
        },
        "createdAt": "2026-03-01T00:00:00.007Z",
        "updatedAt": "2026-03-01T00:00:00.007Z",
        "archived": False,
    }


def test_without_properties_the_usual_ones_are_given() -> None:
    kit = Kit([*contacts(1), change("deals", 1, dealname="D")])
    (contact,) = kit.get(CONTACTS).json()["results"]
    assert sorted(contact["properties"]) == [
        "createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname",
    ]  # fmt: skip
    (deal,) = kit.get("/crm/v3/objects/deals").json()["results"]
    assert {"dealname", "amount", "closedate", "pipeline", "dealstage"} <= set(deal["properties"])


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
def test_a_list_leads_on_by_after_until_its_last_page(count: int) -> None:
    kit, found, after = Kit(contacts(count)), [], None
    for _ in range(9):
        answer = kit.get(CONTACTS, limit=3, **({"after": after} if after else {}))
        found += ids(answer)
        paging = answer.json().get("paging")
        if paging is None:
            break
        after = paging["next"]["after"]
        assert f"after={after}" in paging["next"]["link"]
    assert found == list(range(1, count + 1))


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_a_page_has_a_hundred_records_at_most(limit: str) -> None:
    assert refusal(Kit(contacts(1)).get(CONTACTS, limit=limit))[:2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("truth", ["true", "True", "TRUE"])
def test_archived_records_are_in_their_own_list_only(truth: str) -> None:
    kit = Kit([*contacts(2), change("contacts", 9, archived=True, archivedAt=NOW)])
    assert ids(kit.get(CONTACTS)) == [1, 2]
    (gone,) = kit.get(CONTACTS, archived=truth).json()["results"]
    assert (gone["id"], gone["archived"], gone["archivedAt"]) == ("9", True, "2026-03-03T00:30:00.000Z")
    assert ids(kit.search()) == [1, 2]
    assert refusal(kit.get(f"{CONTACTS}/9"))[:2] == (404, "OBJECT_NOT_FOUND")
    assert kit.get(f"{CONTACTS}/9", archived=truth).json()["archived"] is True


def test_an_address_that_is_too_long_is_refused() -> None:
    kit = Kit(contacts(1))
    assert refusal(kit.get(CONTACTS, properties=",".join(f"property_{n}" for n in range(900))))[0] == 414


# ---- batches -----------------------------------------------------------------------------------------------


def test_a_batch_gives_what_there_is_and_names_what_there_is_not() -> None:
    kit = Kit(contacts(3))
    whole = kit.post(BATCH, {"inputs": [{"id": "1"}, {"id": "3"}], "properties": ["lastname"]})
    assert (whole.status_code, whole.json()["status"], ids(whole)) == (200, "COMPLETE", [1, 3])
    partly = kit.post(BATCH, {"inputs": [{"id": "2"}, {"id": "8"}, {"id": "9"}], "properties": []})
    body = partly.json()
    assert (partly.status_code, ids(partly), body["numErrors"]) == (207, [2], 1)
    assert (body["errors"][0]["category"], body["errors"][0]["context"]) == (
        "OBJECT_NOT_FOUND",
        {"ids": ["8", "9"]},
    )


def test_a_batch_of_archived_records_is_asked_for_by_itself() -> None:
    kit = Kit([*contacts(1), change("contacts", 9, archived=True, archivedAt=NOW)])
    both = {"inputs": [{"id": "1"}, {"id": "9"}], "properties": []}
    assert ids(kit.post(BATCH, both)) == [1]
    assert ids(kit.post(f"{BATCH}?archived=true", both)) == [9]


def test_the_loser_of_a_merge_gives_the_winner_once() -> None:
    kit = Kit([change("contacts", 1, hs_merged_object_ids="2;3")])
    answer = kit.post(BATCH, {"inputs": [{"id": n} for n in ("1", "2", "3")], "properties": []})
    assert (answer.status_code, ids(answer)) == (200, [1])
    assert kit.get(f"{CONTACTS}/3").json()["id"] == "1"


@pytest.mark.parametrize("body", [{}, {"inputs": []}, {"inputs": [{"id": "1"}] * 101}])
def test_a_batch_has_one_to_a_hundred_inputs(body: dict) -> None:
    assert refusal(Kit(contacts(1)).post(BATCH, body))[:2] == (400, "VALIDATION_ERROR")


# ---- search ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("EQ", "3", [3]), ("NEQ", "3", [1, 2, 4, 5]), ("LT", "3", [1, 2]), ("LTE", "3", [1, 2, 3]), ("GT", "3", [4, 5]),
        ("GTE", "3", [3, 4, 5]), ("BETWEEN", {"value": "2", "highValue": "4"}, [2, 3, 4]),
        ("IN", {"values": ["1", "5"]}, [1, 5]), ("NOT_IN", {"values": ["1", "5"]}, [2, 3, 4]),
        ("HAS_PROPERTY", {}, [1, 2, 3, 4, 5]), ("NOT_HAS_PROPERTY", {}, []),
    ],
)  # fmt: skip
def test_every_operator_compares_ids_as_numbers(operator: str, value: object, found: list[int]) -> None:
    assert ids(Kit(contacts(5)).search("contacts", ("hs_object_id", operator, value))) == found


def test_moments_are_compared_in_milliseconds_or_as_they_are_written() -> None:
    kit = Kit(contacts(5))
    second = str(round((MARCH + timedelta(minutes=2)).timestamp() * 1000))
    assert ids(kit.search("contacts", ("lastmodifieddate", "GTE", second))) == [2, 3, 4, 5]
    assert ids(kit.search("contacts", ("lastmodifieddate", "LT", "2026-03-01T00:02:00Z"))) == [1]


def test_groups_are_any_and_filters_are_all() -> None:
    kit = Kit(contacts(5))
    low = {"filters": [{"propertyName": "hs_object_id", "operator": "LT", "value": "2"}]}
    high = {
        "filters": [
            {"propertyName": "hs_object_id", "operator": "GT", "value": "2"},
            {"propertyName": "lastname", "operator": "EQ", "value": "l00005"},
        ]
    }
    assert ids(kit.post(f"{CONTACTS}/search", {"filterGroups": [low, high]})) == [1, 5]


def test_a_search_is_paged_by_offset_sorted_and_tells_its_total() -> None:
    kit = Kit(contacts(25))
    sort = [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]
    first = kit.search(sorts=sort, limit=10)
    assert (first.json()["total"], ids(first)) == (25, list(range(25, 15, -1)))
    assert first.json()["paging"] == {"next": {"after": "10"}}
    last = kit.search(sorts=sort, limit=10, after="20")
    assert (ids(last), "paging" in last.json()) == ([5, 4, 3, 2, 1], False)


def test_paging_ends_at_the_limit_of_results() -> None:
    kit = Kit(contacts(3))
    assert ids(kit.search(limit=200, after="9800")) == []
    assert refusal(kit.search(limit=200, after="9801"))[:2] == (400, "VALIDATION_ERROR")


def test_what_a_search_refuses() -> None:
    kit = Kit(contacts(1))
    one = {"propertyName": "lastname", "operator": "EQ", "value": "x"}
    for body in (
        {"limit": 201},
        {"filterGroups": [{"filters": [one] * 7}]},
        {"filterGroups": [{"filters": [one]}] * 6},
        {"filterGroups": [{"filters": [one] * 5}] * 4},
        {"filterGroups": [{"filters": [{**one, "propertyName": "nope"}]}]},
        {"filterGroups": [{"filters": [{**one, "operator": "LIKE"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": "x"}]}]},
        {"sorts": [{"propertyName": "email"}, {"propertyName": "lastname"}]},
        {"properties": ["a_long_name_of_a_property"] * 200},
    ):
        assert refusal(kit.post(f"{CONTACTS}/search", body))[:2] == (400, "VALIDATION_ERROR"), body


def test_the_index_lags_behind_and_a_read_by_id_does_not() -> None:
    kit = Kit([change("contacts", 1, NOW - timedelta(seconds=30))], search_lag_seconds=60)
    assert ids(kit.search()) == []
    assert kit.get(f"{CONTACTS}/1").status_code == 200
    kit.clock.advance(30)
    assert ids(kit.search()) == [1]


def test_custom_objects_are_called_by_type_id_or_full_name() -> None:
    cars = CustomObject("cars", "2-1001", (Property("plate"),))
    kit = Kit([change("cars", 1, plate="X", hs_createdate=MARCH)], custom_objects=(cars,))
    for name in ("2-1001", "p424242_cars", "cars"):
        assert ids(kit.get(f"/crm/v3/objects/{name}")) == [1]
    assert refusal(kit.get("/crm/v3/objects/boats"))[:2] == (400, "VALIDATION_ERROR")
    (schema,) = kit.get("/crm-object-schemas/v3/schemas").json()["results"]
    assert (schema["objectTypeId"], schema["fullyQualifiedName"]) == ("2-1001", "p424242_cars")
