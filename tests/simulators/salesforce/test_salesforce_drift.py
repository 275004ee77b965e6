"""Fields that are hidden, shown, added, renamed and retyped while an org is read."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_kit import Kit, contacts, key_of, refusal

from muster_simulators.salesforce import SalesforceOptions
from muster_simulators.salesforce.org import Org

FIRST = key_of("contacts", 1)


def named(kit: Kit, sobject: str = "Contact") -> dict[str, Any]:
    return {field["name"]: field for field in kit.get(f"/sobjects/{sobject}/describe").json()["fields"]}


def steps(kit: Kit, *wanted: dict[str, Any]) -> None:
    for step in wanted:
        kit.app.state.org.change_fields(step)


@pytest.fixture
def phoned() -> Kit:
    return Kit(contacts(2, Phone="0049 1"))


def test_field_level_security_hides_a_field_and_gives_it_back_with_its_values(phoned: Kit) -> None:
    before = phoned.get("/sobjects/Contact/describe").headers["last-modified"]
    known = {"If-Modified-Since": before}
    steps(phoned, {"op": "drop", "name": "Contact.Phone"})
    assert "Phone" not in named(phoned) and "Phone" in named(phoned, "Account")
    assert phoned.refusal("SELECT Phone FROM Contact")[:2] == (400, "INVALID_FIELD")
    assert refusal(phoned.create("SELECT Phone FROM Contact"))[:2] == (400, "INVALID_FIELD")
    assert phoned.get("/sobjects/Contact/describe", headers=known).status_code == 200
    steps(phoned, {"op": "add", "name": "Contact.Phone"})
    assert phoned.query("SELECT Phone FROM Contact")[0] == {"Phone": "0049 1"}


def test_a_custom_field_is_added_filled_renamed_and_retyped(phoned: Kit) -> None:
    phoned.clock.advance(60)
    steps(phoned, {"op": "add", "name": "Contact.Tier__c", "values": {FIRST: "7"}})
    assert phoned.query("SELECT Tier__c, SystemModstamp FROM Contact ORDER BY Tier__c NULLS LAST")[0] == {
        "Tier__c": "7",
        "SystemModstamp": "2026-03-03T00:31:00.000+0000",
    }
    steps(
        phoned,
        {"op": "rename", "name": "Contact.Tier__c", "to": "Level__c"},
        {"op": "retype", "name": "Contact.Level__c", "dataType": "double"},
    )
    assert "Tier__c" not in named(phoned) and named(phoned)["Level__c"]["type"] == "double"
    assert phoned.ids("Level__c > 6") == [1]


@pytest.mark.parametrize(
    "step",
    [
        {"op": "drop", "name": "Contact.Nothing"},
        {"op": "drop", "name": "Nothing.Phone"},
        {"op": "add", "name": "Nothing.Tier__c"},
        {"op": "rename", "name": "Contact.Phone"},
        {"op": "retype", "name": "Contact.Phone"},
    ],
)
def test_a_step_that_cannot_be_done_is_refused(phoned: Kit, step: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        steps(phoned, step)


def test_the_fields_stay_changed_when_the_org_starts_again(phoned: Kit) -> None:
    steps(phoned, {"op": "drop", "name": "Contact.Phone"}, {"op": "add", "name": "Account.Tier__c"})
    old = phoned.app.state.org
    again = Org(
        phoned.store, clock=phoned.clock, faults=phoned.faults, clients={}, options=SalesforceOptions(), stats=old.stats
    )  # fmt: skip
    assert again.schema.get("Contact").by_name.get("phone") is None
    assert again.schema.get("Account").by_name["tier__c"].type == "string"


def test_all_fields_of_all_objects_are_told(phoned: Kit) -> None:
    told = phoned.app.state.org.change_fields(None)
    assert {("Contact", "Phone"), ("Task", "Subject")} <= {(one["object"], one["name"]) for one in told}
