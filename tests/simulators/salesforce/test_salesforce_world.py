"""The generated world, read through the simulator: every stored field is described and every row comes out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from salesforce_kit import NOW, Kit, rows_of

from muster_simulators.world import build_world
from muster_simulators.world.model import MAIN

OBJECTS = {
    "accounts": "Account",
    "contacts": "Contact",
    "leads": "Lead",
    "opportunities": "Opportunity",
    "opportunity_contact_roles": "OpportunityContactRole",
    "account_contact_relations": "AccountContactRelation",
    "users": "User",
    "campaigns": "Campaign",
    "campaign_members": "CampaignMember",
    "tasks": "Task",
    "events": "Event",
    "custom__contract_c": "Contract__c",
}


@pytest.fixture(scope="module")
def world_kit() -> Iterator[Kit]:
    changes = build_world(people=300, seed=3).changes[MAIN]
    assert {change.object for change in changes} <= set(OBJECTS)
    yield Kit([change for change in changes if change.visible_at <= NOW], queued_polls=0, running_polls=0)


@pytest.mark.parametrize("stored_as", OBJECTS)
def test_every_field_of_the_world_is_described_and_every_row_is_read(world_kit: Kit, stored_as: str) -> None:
    kit, name = world_kit, OBJECTS[stored_as]
    records = kit.store.records(stored_as)
    described = {
        field["name"]: field["type"] for field in kit.get(f"/sobjects/{name}/describe").json()["fields"]
    }
    assert {key for record in records.values() for key in record} <= set(described)
    columns = [field for field, kind in described.items() if kind != "address"]
    text = f"SELECT {', '.join(columns)} FROM {name} WHERE SystemModstamp < 2026-03-03T00:30:00Z"
    rows = rows_of(kit.results(kit.finished(text, "queryAll")).text)
    assert rows[0] == columns
    assert {row[0] for row in rows[1:]} == {r["Id"] for r in records.values() if r["SystemModstamp"] < NOW}
    assert records, f"the world has no {stored_as}"


def test_references_of_the_world_lead_to_records_of_the_right_object(world_kit: Kit) -> None:
    kit = world_kit
    owners = kit.query("SELECT Owner.Name, Account.Name FROM Contact WHERE AccountId != null")
    assert owners
    assert all(row["Owner"]["Name"] and row["Account"]["Name"] for row in owners)
    members = kit.query("SELECT Campaign.Name, ContactId, LeadId, Contact.Id, Lead.Id FROM CampaignMember")
    assert members and all(row["Campaign"]["Name"] for row in members)
    assert all((row["ContactId"] is None) != (row["LeadId"] is None) for row in members)
    assert all(
        (row["Contact"] or row["Lead"])["Id"] == (row["ContactId"] or row["LeadId"]) for row in members
    )
    contracts = kit.query("SELECT Account__r.Name, Contact__r.Name FROM Contract__c WHERE Account__c != null")
    assert contracts and all(row["Account__r"]["Name"] and row["Contact__r"]["Name"] for row in contracts)
