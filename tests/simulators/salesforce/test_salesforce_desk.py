"""What people do to records: into the bin and out of it, gone for good, merged, converted; and when readers see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from salesforce_kit import NOW, Kit, change, contacts, key_of, refusal

from muster_simulators.salesforce.desk import deleted, hard_deleted, merged
from muster_simulators.world.model import MAIN, Change

HOUR = timedelta(hours=1)
FIRST, SECOND, THIRD = (key_of("contacts", number) for number in (1, 2, 3))


def moved(kit: Kit, seconds: int = 120) -> Kit:
    """Some time later: the feeds cover whole minutes."""
    kit.clock.advance(seconds)
    return kit


def deleted_ids(kit: Kit, sobject: str = "Contact") -> dict[str, str]:
    asked = {"start": (kit.clock.now() - timedelta(days=5)).isoformat(), "end": kit.clock.now().isoformat()}
    body = kit.get(f"/sobjects/{sobject}/deleted/", **asked).json()
    return {row["id"]: row["deletedDate"] for row in body["deletedRecords"]}


def everything(kit: Kit, sobject: str, *names: str) -> dict[str, list[Any]]:
    rows = kit.query(f"SELECT Id, {', '.join(names)} FROM {sobject}", everything=True)
    return {row["Id"]: [row[name] for name in names] for row in rows}


def test_a_deleted_record_lies_in_the_bin_and_comes_back_out_of_it(kit: Kit) -> None:
    kit.app.state.org.desk.delete("Contact", FIRST)
    assert 1 not in kit.ids("Id != null") and everything(kit, "Contact", "IsDeleted")[FIRST] == [True]
    assert list(deleted_ids(moved(kit))) == [FIRST]
    kit.app.state.org.desk.undelete("Contact", FIRST)
    assert 1 in kit.ids("Id != null") and deleted_ids(moved(kit)) == {}


def test_what_is_deleted_for_good_is_only_in_the_feed_of_deleted_records(kit: Kit) -> None:
    kit.app.state.org.desk.hard_delete("Contact", FIRST)
    assert FIRST not in everything(kit, "Contact", "IsDeleted")
    assert refusal(kit.get(f"/sobjects/Contact/{FIRST}"))[:2] == (404, "NOT_FOUND")
    assert deleted_ids(moved(kit)) == {FIRST: "2026-03-03T00:30:00.000+0000"}


def test_what_is_emptied_out_of_the_bin_keeps_the_date_of_its_deletion(kit: Kit) -> None:
    kit.app.state.org.desk.delete("Contact", FIRST)
    moved(kit, 3600).app.state.org.desk.hard_delete("Contact", FIRST)
    assert deleted_ids(moved(kit)) == {FIRST: "2026-03-03T00:30:00.000+0000"}
    assert FIRST not in everything(kit, "Contact", "IsDeleted")


def test_the_loser_of_a_merge_names_the_winner_and_what_pointed_at_it_points_there() -> None:
    role = change("opportunity_contact_roles", 1, ContactId=SECOND, OpportunityId=None)
    boss = change("contacts", 4, LastName="B", ReportsToId=THIRD)
    kit = Kit([*contacts(3), role, boss])
    kit.clock.advance(60)
    kit.app.state.org.desk.merge("Contact", FIRST, [SECOND, THIRD], LastName="Won")
    found = everything(kit, "Contact", "IsDeleted", "MasterRecordId", "LastName", "ReportsToId")
    assert found[FIRST] == [False, None, "Won", None]
    assert found[SECOND] == [True, FIRST, "L00002", None] == [*found[THIRD][:2], "L00002", None]
    assert found[boss.key][3] == FIRST
    stamped = everything(kit, "OpportunityContactRole", "ContactId", "SystemModstamp")
    assert stamped == {role.key: [FIRST, "2026-03-03T00:31:00.000+0000"]}


def test_a_converted_lead_says_what_became_of_it() -> None:
    lead = change("leads", 1, FirstName="Ann", LastName="Lee", Email="ann@acme.example", Company="Acme")
    kit = Kit([lead, change("accounts", 7, Name="Old")])
    contact = kit.app.state.org.desk.convert(lead.key, opportunity="Big deal")
    said = "IsConverted ConvertedContactId ConvertedDate ConvertedAccountId ConvertedOpportunityId IsDeleted"
    row = everything(kit, "Lead", *said.split())[lead.key]
    assert row[:3] == [True, contact, "2026-03-03"] and row[5] is False
    (born,) = kit.query(f"SELECT Email, Account.Name FROM Contact WHERE Id = '{contact}'")
    assert born["Email"] == "ann@acme.example" and born["Account"]["Name"] == "Acme"
    (deal,) = kit.query("SELECT Id, Name, AccountId FROM Opportunity")
    assert deal == {"Id": row[4], "Name": "Big deal", "AccountId": row[3]}
    second = Kit([lead, change("accounts", 7, Name="Old")])
    second.app.state.org.desk.convert(lead.key, account=key_of("accounts", 7))
    assert everything(second, "Lead", "ConvertedAccountId")[lead.key] == [key_of("accounts", 7)]


def test_a_change_is_seen_when_its_transaction_is_over_and_not_before() -> None:
    """The stamp is that of the change: a reader that has passed it finds it only in an overlap."""
    one, two = contacts(2)
    late = NOW + HOUR
    changes: list[Change] = [
        *merged(MAIN, "contacts", one.values, [two.values], NOW, late),
        *hard_deleted(MAIN, "contacts", {**two.values, "IsDeleted": True}, NOW + timedelta(minutes=5), late),
    ]
    kit = Kit([one, two, *changes])
    assert everything(kit, "Contact", "IsDeleted") == {FIRST: [False], SECOND: [False]}
    kit.clock.set(late + timedelta(minutes=1))
    assert everything(kit, "Contact", "SystemModstamp") == {FIRST: ["2026-03-03T00:30:00.000+0000"]}
    assert list(deleted_ids(kit)) == [SECOND]


def test_the_feeds_cover_nothing_younger_than_their_lag() -> None:
    old, new = (
        deleted(MAIN, "contacts", one.values, NOW - age)
        for one, age in zip(contacts(2), (2 * HOUR, HOUR / 2), strict=True)
    )
    kit = Kit([*contacts(2), old, new], feed_lag_seconds=3600)
    assert list(deleted_ids(kit)) == [FIRST]
    asked = {"start": (NOW - 5 * HOUR).isoformat(), "end": NOW.isoformat()}
    body = kit.get("/sobjects/Contact/deleted", **asked).json()
    assert body["latestDateCovered"] == "2026-03-02T23:30:00.000+0000"
    assert set(deleted_ids(moved(kit, 3600))) == {FIRST, SECOND}


def test_nobody_deletes_what_is_not_there(kit: Kit) -> None:
    with pytest.raises(KeyError, match="no Contact"):
        kit.app.state.org.desk.delete("Contact", key_of("contacts", 99))
