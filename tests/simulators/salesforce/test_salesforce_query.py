"""The query resources: rows, pages, relations and refusals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from salesforce_kit import NOW, Kit, change, contacts, key_of, refusal

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def crm() -> list:
    owner = change("users", 1, LONG_AGO, LastName="Owner", Email="owner@acme.example")
    parent = change("accounts", 1, LONG_AGO, Name="Parent", OwnerId=key_of("users", 1), AnnualRevenue=2.5e8)
    child = change(
        "accounts", 2, LONG_AGO, Name="Child", ParentId=key_of("accounts", 1), NumberOfEmployees=12
    )
    ann = change(
        "contacts", 1, LONG_AGO, FirstName="Ann", LastName="One", AccountId=key_of("accounts", 2), Email=""
    )
    bob = change("contacts", 2, LONG_AGO, LastName="Two", IsDeleted=True, AccountId=key_of("accounts", 9))
    return [owner, parent, child, ann, bob]


def test_a_row_carries_its_type_address_and_the_fields_in_their_json_form() -> None:
    stamp = datetime(2026, 2, 1, 9, 12, 1, 987_654, tzinfo=UTC)
    deal = change(
        "opportunities", 1, stamp, Name="D", Amount=100000, CloseDate=date(2026, 5, 1), Probability=75
    )
    kit = Kit([deal])
    text = "select id, name, AMOUNT, CloseDate, Probability, SystemModstamp, IsWon, NextStep from opportunity"
    (row,) = kit.get("/query", q=text).json()["records"]
    assert row == {
        "attributes": {
            "type": "Opportunity",
            "url": f"/services/data/v66.0/sobjects/Opportunity/{key_of('opportunities', 1)}",
        },
        "Id": key_of("opportunities", 1),
        "Name": "D",
        "Amount": 100000.0,
        "CloseDate": "2026-05-01",
        "Probability": 75.0,
        "SystemModstamp": "2026-02-01T09:12:01.000+0000",
        "IsWon": False,
        "NextStep": None,
    }


def test_fields_of_parents_come_nested_and_absent_parents_as_null() -> None:
    kit = Kit(crm())
    (row,) = kit.get(
        "/query", q="SELECT Name, Account.Name, Account.Parent.Owner.Email, Account.Owner.Name FROM Contact"
    ).json()["records"]
    account = row["Account"]
    assert (row["Name"], account["Name"], account["Parent"]["Owner"]["Email"]) == (
        "Ann One",
        "Child",
        "owner@acme.example",
    )
    assert account["attributes"]["type"] == "Account"
    assert account["Owner"] is None
    assert kit.query(
        "SELECT Account.Name FROM Contact WHERE Id = '" + key_of("contacts", 2) + "'", everything=True
    ) == [{"Account": None}]


def test_filters_and_orders_may_reach_through_parents_and_aliases() -> None:
    kit = Kit(crm())
    assert kit.ids("Account.Parent.Name = 'parent'") == [1]
    assert kit.ids("Account.Parent.AnnualRevenue < 1") == []
    assert kit.query(
        "SELECT c.LastName FROM Contact c WHERE c.Account.Name LIKE 'ch%' ORDER BY c.Account.Name"
    ) == [{"LastName": "One"}]
    assert kit.query("SELECT Contact.LastName FROM Contact") == [{"LastName": "One"}]


def test_deleted_rows_are_for_query_all_only() -> None:
    kit = Kit(crm())
    assert [r["LastName"] for r in kit.query("SELECT LastName FROM Contact")] == ["One"]
    everything = kit.query("SELECT LastName, IsDeleted FROM Contact ORDER BY LastName", everything=True)
    assert everything == [{"LastName": "One", "IsDeleted": False}, {"LastName": "Two", "IsDeleted": True}]
    assert len(kit.query("SELECT Id FROM Contact WHERE IsDeleted = true")) == 0


def test_the_recycle_bin_is_emptied_after_its_days() -> None:
    rows = [
        change("contacts", n, NOW - timedelta(days=age), LastName="x", IsDeleted=True)
        for n, age in enumerate((1, 14, 16))
    ]
    text = "SELECT Id FROM Contact"
    assert len(Kit(rows, recycle_bin_days=15).query(text, everything=True)) == 2
    assert len(Kit(rows).query(text, everything=True)) == 3


def test_an_empty_text_is_null() -> None:
    kit = Kit(crm())
    assert kit.ids("Email = null") == kit.ids("Email = ''") == [1]
    assert kit.query("SELECT Email FROM Contact") == [{"Email": None}]


def test_count_gives_the_number_only(kit: Kit) -> None:
    body = kit.get("/query", q="SELECT COUNT() FROM Contact WHERE LastName > 'L00002'").json()
    assert body == {"totalSize": 3, "done": True, "records": []}


def test_fields_all_needs_a_limit_and_brings_every_field(kit: Kit) -> None:
    assert kit.refusal("SELECT FIELDS(ALL) FROM Contact")[1] == "MALFORMED_QUERY"
    assert kit.refusal("SELECT FIELDS(ALL) FROM Contact LIMIT 201")[1] == "MALFORMED_QUERY"
    row = kit.query("SELECT FIELDS(ALL) FROM Contact LIMIT 1")[0]
    assert set(row) == {f["name"] for f in kit.get("/sobjects/Contact/describe").json()["fields"]}
    assert set(kit.query("SELECT FIELDS(STANDARD) FROM Contact")[0]) == set(row)


# ---- windows and visibility --------------------------------------------------------------------------------


def test_half_open_windows_tile_without_gap_or_overlap(kit: Kit) -> None:
    first = "SystemModstamp >= 2026-03-01T00:00:00Z AND SystemModstamp < 2026-03-01T00:03:00Z"
    second = "SystemModstamp >= 2026-03-01T00:03:00Z AND SystemModstamp < 2026-03-02T00:00:00Z"
    assert (kit.ids(first), kit.ids(second)) == ([1, 2], [3, 4, 5])


def test_an_offset_in_the_bound_is_honoured(kit: Kit) -> None:
    assert kit.ids("SystemModstamp >= 2026-03-01T05:34:00+05:30") == [4, 5]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("= TODAY", [3]),
        ("= YESTERDAY", [2]),
        ("= TOMORROW", [4]),
        ("= LAST_N_DAYS:2", [1, 2, 3]),
        ("= NEXT_N_DAYS:1", [4]),
        ("= THIS_MONTH", [1, 2, 3, 4]),
        ("= LAST_MONTH", [0]),
        ("< TODAY", [0, 1, 2]),
        ("<= TODAY", [0, 1, 2, 3]),
        ("> TODAY", [4]),
        (">= YESTERDAY", [2, 3, 4]),
        ("!= TODAY", [0, 1, 2, 4, 5]),
        ("= null", [5]),
    ],
)
def test_date_words_are_whole_utc_days(condition: str, expected: list[int]) -> None:
    days = [date(2026, 2, 28), *(date(2026, 3, day) for day in (1, 2, 3, 4)), None]
    rows = [change("contacts", n, LastName="x", Birthdate=day) for n, day in enumerate(days)]
    assert Kit(rows).ids(f"Birthdate {condition}") == expected


def test_a_stored_moment_counts_to_the_second_and_a_literal_keeps_its_fraction() -> None:
    kit = Kit([change("contacts", 1, datetime(2026, 3, 1, 9, 0, 0, 900_000, tzinfo=UTC), LastName="x")])
    assert kit.ids("SystemModstamp = 2026-03-01T09:00:00Z") == [1]
    assert kit.ids("SystemModstamp < 2026-03-01T09:00:00.500Z") == [1]
    assert kit.ids("SystemModstamp >= 2026-03-01T09:00:00.500Z") == []


def test_a_late_row_appears_when_it_becomes_visible_with_its_early_stamp() -> None:
    late = change(
        "contacts", 9, NOW - timedelta(minutes=40), seen=NOW + timedelta(minutes=5), LastName="Late"
    )
    kit = Kit([*contacts(1), late])
    where = "SystemModstamp < 2026-03-03T00:00:00Z"
    assert kit.ids(where) == [1]
    kit.clock.advance(300)
    assert kit.ids(where) == [1, 9]


# ---- pages -------------------------------------------------------------------------------------------------


def test_pages_follow_next_records_url_in_the_callers_version() -> None:
    kit = Kit(contacts(450), version="58.0")
    sizes, path, answer = (
        [],
        "",
        kit.get("/query", {"Sforce-Query-Options": "batchSize=200"}, q="SELECT Id FROM Contact"),
    )
    while True:
        body = answer.json()
        assert body["totalSize"] == 450
        sizes.append(len(body["records"]))
        if body["done"]:
            assert "nextRecordsUrl" not in body
            break
        path = body["nextRecordsUrl"]
        assert path.startswith("/services/data/v58.0/query/01g")
        answer = kit.get(path, {"Sforce-Query-Options": "batchSize=200"})
    assert sizes == [200, 200, 50]
    assert path.endswith("-400")


@pytest.mark.parametrize(
    ("header", "size"), [("", 2000), ("batchSize=500", 500), ("batchSize=1", 200), ("batchSize=9999", 2000)]
)
def test_a_page_holds_200_to_2000_rows(header: str, size: int) -> None:
    kit = Kit(contacts(2100))
    body = kit.get("/query", {"Sforce-Query-Options": header}, q="SELECT Id FROM Contact").json()
    assert len(body["records"]) == size


def test_the_pages_of_query_all_keep_its_deleted_rows_and_the_rows_are_fixed_at_the_first_page() -> None:
    gone = [change("contacts", n, LONG_AGO, LastName="x", IsDeleted=True) for n in range(6)]
    kit = Kit(gone, page_size=2, smallest_page_size=1)
    body = kit.get("/queryAll", q="SELECT Id FROM Contact").json()
    assert "/query/01g" in body["nextRecordsUrl"]
    kit.store.put("contacts", key_of("contacts", 7), {"Id": key_of("contacts", 7), "IsDeleted": False})
    seen = [row["Id"] for row in body["records"]]
    while not body["done"]:
        body = kit.get(body["nextRecordsUrl"]).json()
        seen += [row["Id"] for row in body["records"]]
    assert seen == [key_of("contacts", n) for n in range(6)]


def test_a_stale_or_unknown_cursor_is_refused() -> None:
    kit = Kit(contacts(3), page_size=2, smallest_page_size=1)
    path = kit.get("/query", q="SELECT Id FROM Contact").json()["nextRecordsUrl"]
    for wrong in (
        "/query/01g5e9999999999AAA-2",
        "/query/01g5e0000000001AAA-x",
        "/query/01g5e0000000001AAA",
        "/query/x",
    ):
        assert refusal(kit.get(wrong)) == (400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    kit.clock.advance(2 * 86400 + 1)
    kit.login()
    assert refusal(kit.get(path))[:2] == (400, "INVALID_QUERY_LOCATOR")


# ---- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status", "code", "said"),
    [
        ("", 400, "MALFORMED_QUERY", "query string"),
        ("SELECT Id FROM Contact WHERE", 400, "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Nothing", 400, "INVALID_TYPE", "sObject type 'Nothing' is not supported"),
        ("SELECT Id, Nope__c FROM Contact", 400, "INVALID_FIELD", "No such column 'Nope__c' on entity 'Contact'"),
        ("SELECT Id FROM Contact WHERE Nope = 1", 400, "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Id FROM Contact ORDER BY Nope", 400, "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Account.Nope FROM Contact", 400, "INVALID_FIELD", "No such column 'Nope' on entity 'Account'"),
        ("SELECT Boss.Name FROM Contact", 400, "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id, id FROM Contact", 400, "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", 400, "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Contact WHERE MailingAddress = 'x'", 400, "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Contact ORDER BY Description", 400, "MALFORMED_QUERY", "can not be sorted"),
        ("SELECT Id FROM Contact OFFSET 2001", 400, "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id FROM Contact WHERE Id = 'short'", 400, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: short"),
        ("SELECT Id FROM Contact WHERE Id LIKE '003%'", 400, "INVALID_QUERY_FILTER_OPERATOR", "id field 'Id'"),
        ("SELECT Id FROM Contact WHERE IsDeleted > true", 400, "INVALID_QUERY_FILTER_OPERATOR", "boolean field"),
        ("SELECT Id FROM Contact WHERE IsDeleted IN (true)", 400, "INVALID_QUERY_FILTER_OPERATOR", "boolean field"),
        ("SELECT Id FROM Contact WHERE LastName > null", 400, "INVALID_QUERY_FILTER_OPERATOR", "string field"),
        ("SELECT Id FROM Contact WHERE LastName INCLUDES ('x')", 400, "INVALID_QUERY_FILTER_OPERATOR", "string field"),
        ("SELECT Id FROM AccountContactRelation WHERE Roles > 'x'", 400, "INVALID_QUERY_FILTER_OPERATOR", "multipicklist"),
        ("SELECT Id FROM Contact WHERE SystemModstamp > '2026-03-01T00:00:00Z'", 400, "INVALID_FIELD",
         "must be of type dateTime and should not be enclosed in quotes"),
        ("SELECT Id FROM Contact WHERE SystemModstamp > 2026-03-01", 400, "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Contact WHERE Birthdate > 2026-03-01T00:00:00Z", 400, "INVALID_FIELD", "must be of type date "),
        ("SELECT Id FROM Contact WHERE LastName = 5", 400, "INVALID_FIELD", "type string and should be enclosed in quotes"),
        ("SELECT Id FROM Contact WHERE LastName = TODAY", 400, "INVALID_FIELD", "must be of type string"),
        ("SELECT Id FROM Account WHERE AnnualRevenue = '5'", 400, "INVALID_FIELD", "type currency"),
        ("SELECT Id FROM Account WHERE NumberOfEmployees = true", 400, "INVALID_FIELD", "type int"),
        ("SELECT Id FROM Contact WHERE IsDeleted = 1", 400, "INVALID_FIELD", "type boolean"),
        ("SELECT a.b.c.d.e.f.g FROM Contact", 400, "MALFORMED_QUERY", "5 levels"),
        ("SELECT Name FROM Contact GROUP BY Name", 501, "NOT_SIMULATED", "GROUP BY"),
    ],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_refused_with_the_reason(
    kit: Kit, text: str, status: int, code: str, said: str
) -> None:
    found = kit.refusal(text)
    assert found[:2] == (status, code)
    assert said in found[2]


def test_the_place_of_a_mistake_is_shown(kit: Kit) -> None:
    message = kit.refusal("SELECT Id,\nNope FROM Contact")[2]
    assert "ERROR at Row:2:Column:1" in message
