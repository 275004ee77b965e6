"""Queries, pages, annotations and metadata of the simulated Web API."""

from __future__ import annotations

import pytest
from dynamics_kit import FIRST, ROOT, Kit, change, contacts, key_of

from muster_simulators.dynamics import Attribute

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP = "Microsoft.Dynamics.CRM.lookuplogicalname"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("modifiedon ge 2026-03-01T00:02:00Z and modifiedon lt 2026-03-01T00:04:00Z", [2, 3]),
        ("modifiedon gt 2026-03-01T00:02:00Z and modifiedon le 2026-03-01T00:04:00Z", [3, 4]),
        ("modifiedon ge 2026-03-01T01:04:00+01:00", [4, 5]),
        (f"contactid eq {key_of(3)}", [3]),
        ("lastname eq 'l00002'", [2]),
        ("lastname ne 'L00002'", [1, 3, 4, 5]),
        ("(lastname eq 'L00001' or lastname eq 'L00002') and statecode eq 0", [1, 2]),
        ("lastname eq 'L00001' or lastname eq 'L00002' and statecode eq 1", [1]),
        ("donotemail eq true", []),
        ("donotemail eq null", [1, 2, 3, 4, 5]),
        ("statecode gt 0", []),
    ],
)
def test_filters_find_what_they_say(where: str, found: list[int]) -> None:
    assert Kit(contacts(5, statecode=0)).numbers(where) == found


@pytest.mark.parametrize(
    "where",
    ["lastname", "lastname eq", "lastname like 'a'", "nothing eq 1", "(statecode eq 0", "statecode eq x", "statecode eq 0 )",
     "modifiedon ge yesterday", "lastname eq 'open", "firstname eq lastname", "donotemail eq 1"],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_refused(where: str) -> None:
    assert Kit(contacts(1)).refusal("contacts", {"$filter": where}) == (400, "0x80060888")


def test_a_quote_in_a_text_is_doubled() -> None:
    kit = Kit([change("contacts", 1, lastname="O'Hara"), change("contacts", 2, lastname="Hara")])
    assert kit.numbers("lastname eq 'O''Hara'") == [1]


def test_rows_come_in_the_order_that_is_asked_for() -> None:
    kit = Kit([change("contacts", n, lastname=name) for n, name in ((1, "b"), (2, None), (3, "a"), (4, "b"))])
    assert kit.numbers(orderby="lastname") == [2, 3, 1, 4]
    assert kit.numbers(orderby="lastname desc,contactid desc") == [4, 1, 3, 2]
    assert kit.numbers(orderby="lastname desc", top="2") == [1, 4]
    assert kit.refusal("contacts", {"$orderby": "lastname upwards"}) == (400, "0x80060888")


def test_a_row_holds_what_was_selected_and_its_key() -> None:
    (row,) = Kit(contacts(1)).body("contacts", {"$select": "lastname,_parentcustomerid_value"})["value"]
    assert set(row) == {"@odata.etag", "contactid", "lastname", "_parentcustomerid_value"}


@pytest.mark.parametrize("name", ["nothing", "parentcustomerid", "parentcustomeridname", "entityimage"])
def test_a_property_that_is_none_is_refused_by_name(name: str) -> None:
    answer = Kit(contacts(1)).get("contacts", {"$select": name})
    assert answer.status_code == 400
    assert f"'{name}'" in answer.json()["error"]["message"]


@pytest.mark.parametrize("query", [{"$apply": "x"}, {"$skip": "1"}, {"$skiptoken": "never given"}])
def test_a_parameter_that_is_unknown_is_refused(query: dict[str, str]) -> None:
    assert Kit(contacts(1)).refusal("contacts", query) == (400, "0x80060888")


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (9, 1), (10, 1), (11, 2), (25, 3)])
def test_pages_lead_to_the_last_one(count: int, pages: int) -> None:
    kit = Kit(contacts(count))
    body = kit.body("contacts", {"$select": "lastname"}, "odata.maxpagesize=10")
    found, seen = list(body["value"]), 1
    while link := body.get("@odata.nextLink"):
        assert link.startswith(f"{ROOT}contacts?") and "%3Ccookie" in link
        body, seen = kit.body(link, prefer="odata.maxpagesize=10"), seen + 1
        found += body["value"]
    assert seen == pages
    assert len({row["contactid"] for row in found}) == count
    assert all(set(row) == {"@odata.etag", "contactid", "lastname"} for row in found)


@pytest.mark.parametrize(("count", "said", "is_cut"), [(5, 5, False), (10, 10, False), (11, 10, True)])
def test_a_count_goes_up_to_its_limit_and_says_when_it_is_cut(count: int, said: int, is_cut: bool) -> None:
    name = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
    kit = Kit(contacts(count), count_limit=10)
    body = kit.body("contacts", {"$count": "true", "$top": "1"}, f'odata.include-annotations="{name}"')
    assert (body["@odata.count"], body[f"@{name}"], len(body["value"])) == (said, is_cut, 1)
    assert kit.get("contacts/$count").text == str(said)


def test_annotations_come_only_when_they_are_asked_for() -> None:
    row = {"gendercode": 2, "_parentcustomerid_value": key_of(9)}
    kit = Kit([change("accounts", 9, name="Acme"), change("contacts", 1, **row)])
    bare = kit.body("contacts")["value"][0]
    assert not [name for name in bare if "@" in name and name != "@odata.etag"]
    full = kit.body("contacts", prefer='odata.include-annotations="*",odata.maxpagesize=2')["value"][0]
    assert (full[f"gendercode@{FORMATTED}"], full[f"_parentcustomerid_value@{FORMATTED}"]) == (
        "Female",
        "Acme",
    )
    assert full[f"_parentcustomerid_value@{LOOKUP}"] == "account"
    some = kit.body("contacts", prefer=f'odata.include-annotations="{LOOKUP}"')["value"][0]
    assert f"_parentcustomerid_value@{LOOKUP}" in some and f"gendercode@{FORMATTED}" not in some


def test_values_are_written_by_their_kind() -> None:
    values = {"estimatedvalue": 12.5, "estimatedclosedate": FIRST.date(), "name": "", "closeprobability": 0}
    (row,) = Kit([change("opportunities", 1, **values)]).body("opportunities")["value"]
    assert (row["estimatedvalue"], row["estimatedclosedate"], row["closeprobability"]) == (
        12.5,
        "2026-03-01",
        0,
    )
    assert (row["name"], row["modifiedon"]) == (None, "2026-03-01T00:00:00Z")


def test_a_secured_column_is_described_and_empty() -> None:
    kit = Kit(contacts(1, emailaddress1="a@x.example"), secured=frozenset({"contact.emailaddress1"}))
    assert kit.body("contacts")["value"][0]["emailaddress1"] is None


def test_one_record_is_given_by_its_key() -> None:
    kit = Kit(contacts(1))
    assert kit.body(f"contacts({key_of(1)})")["lastname"] == "L00001"
    assert kit.refusal(f"contacts({key_of(2)})") == (404, "0x80040217")


def test_a_table_is_described_with_the_columns_and_facts_that_are_asked_for() -> None:
    score = Attribute("new_score", "Integer", source_type=2)
    kit = Kit(custom_attributes={"contact": (score,)}, tracked=frozenset({"account"}))
    asked = {
        "$select": "EntitySetName,ChangeTrackingEnabled",
        "$expand": "Attributes($select=LogicalName,SourceType)",
    }
    body = kit.body("EntityDefinitions(LogicalName='contact')", asked)
    assert (body["EntitySetName"], body["ChangeTrackingEnabled"]) == ("contacts", False)
    assert "LogicalName" not in body
    found = {one["LogicalName"]: one["SourceType"] for one in body["Attributes"]}
    assert (found["new_score"], found["lastname"]) == (2, None)
    whole = kit.body("EntityDefinitions(LogicalName='account')", {"$expand": "Attributes"})
    assert whole["PrimaryIdAttribute"] == "accountid"
    assert {"AttributeType", "AttributeOf", "IsValidForRead"} <= set(whole["Attributes"][0])


@pytest.mark.parametrize(
    ("path", "query", "refused"),
    [
        ("EntityDefinitions(LogicalName='nothing')", {}, (404, "0x80040217")),
        ("EntityDefinitions(LogicalName='contact')", {"$select": "Nothing"}, (400, "0x80060888")),
        ("EntityDefinitions(LogicalName='contact')", {"$expand": "Keys"}, (400, "0x80060888")),
        ("nothings", {}, (404, "0x80060888")),
        ("http://acme.example/api/data/v7.0/contacts", {}, (404, "0x80060888")),
        ("http://acme.example/elsewhere", {}, (404, "0x80060888")),
    ],
)
def test_what_is_not_there_is_refused(path: str, query: dict[str, str], refused: tuple[int, str]) -> None:
    assert Kit(contacts(1)).refusal(path, query) == refused


def test_an_address_of_more_than_32_kilobytes_is_refused() -> None:
    assert Kit(contacts(1)).get("contacts", {"$select": "x" * 33_000}).status_code == 414
