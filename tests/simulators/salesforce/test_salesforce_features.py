"""Activities, custom objects, formulas, and what only some orgs have: person accounts, several currencies."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_kit import NOW, Kit, change, contacts, key_of, refusal, rows_of

from muster_simulators.salesforce.fields import formula

ACCOUNT = key_of("accounts", 1)


def described(kit: Kit, sobject: str) -> dict[str, Any]:
    return {field["name"]: field for field in kit.get(f"/sobjects/{sobject}/describe").json()["fields"]}


def test_a_formula_follows_another_record_and_moves_no_stamp() -> None:
    more = {"Contact": (formula("Account_Industry__c", "string", "Account.Industry"),)}
    account = change("accounts", 1, NOW, Name="Acme", Industry="Energy")
    kit = Kit(
        [account, *contacts(1, AccountId=ACCOUNT), change("contacts", 2, LastName="x")], custom_fields=more
    )
    field = described(kit, "Contact")["Account_Industry__c"]
    assert (field["calculated"], field["calculatedFormula"], field["updateable"]) == (
        True,
        "Account.Industry",
        False,
    )
    text = "SELECT Account_Industry__c, SystemModstamp FROM Contact ORDER BY LastName"
    before = kit.query(text)
    kit.clock.advance(60)
    kit.app.state.org.desk.change("Account", ACCOUNT, Industry="Media")
    after = kit.query(text)
    assert [row["Account_Industry__c"] for row in before] == ["Energy", None]
    assert [row["Account_Industry__c"] for row in after] == ["Media", None]
    assert [row["SystemModstamp"] for row in after] == [row["SystemModstamp"] for row in before]
    assert kit.ids("Account_Industry__c = 'Media'") == [1]
    page = kit.results(kit.finished("SELECT Account_Industry__c FROM Contact ORDER BY LastName")).text
    assert rows_of(page) == [["Account_Industry__c"], ["Media"], [""]]


def test_who_and_what_of_an_activity_may_be_of_several_kinds() -> None:
    tasks = [
        change("tasks", 1, Subject="a", WhoId=key_of("contacts", 1), WhatId=ACCOUNT),
        change("tasks", 2, Subject="b", WhoId=key_of("leads", 1), WhatId=None),
    ]
    lead = change("leads", 1, LastName="Lee", FirstName="Ann")
    kit = Kit([*tasks, lead, *contacts(1), change("accounts", 1, Name="Acme")])
    rows = kit.query("SELECT Who.Name, What.Name FROM Task ORDER BY Subject")
    assert [row["Who"]["attributes"]["type"] for row in rows] == ["Contact", "Lead"]
    assert [row["Who"]["Name"] for row in rows] == ["L00001", "Ann Lee"]
    assert [(row["What"] or {}).get("Name") for row in rows] == ["Acme", None]
    assert described(kit, "Task")["WhoId"]["polymorphicForeignKey"] is True


def test_archived_activities_come_only_when_all_rows_are_asked_for() -> None:
    kit = Kit([change("tasks", 1, Subject="a", IsArchived=True), change("tasks", 2, Subject="b")])
    assert kit.ids("Id != null", "Task") == [2]
    assert len(kit.query("SELECT Id FROM Task", everything=True)) == 2


def test_a_custom_object_has_its_own_relationships_and_is_found_by_its_external_id() -> None:
    signed = [
        change("custom__contract_c", n, Contract_Number__c=number, Account__c=ACCOUNT)
        for n, number in enumerate(("C-1", "C-2", "c-2"), start=1)
    ]
    kit = Kit([*signed, change("accounts", 1, Name="Acme")])
    assert kit.query("SELECT Account__r.Name FROM Contract__c LIMIT 1")[0]["Account__r"]["Name"] == "Acme"
    children = kit.get("/sobjects/Account/describe").json()["childRelationships"]
    mine = {(c["childSObject"], c["field"]): c["relationshipName"] for c in children}
    assert mine["Contract__c", "Account__c"] == "Contracts__r" and mine["Contact", "AccountId"] == "Contacts"
    assert kit.get("/sobjects/Contract__c/Contract_Number__c/C-1").json()["Id"] == signed[0].key
    several = kit.get("/sobjects/Contract__c/Contract_Number__c/C-2")
    assert several.status_code == 300 and [url[-18:] for url in several.json()] == [
        one.key for one in signed[1:]
    ]
    assert refusal(kit.get("/sobjects/Contract__c/Contract_Number__c/C-9"))[:2] == (404, "NOT_FOUND")
    assert refusal(kit.get("/sobjects/Contract__c/Notes__c/x"))[:2] == (404, "NOT_FOUND")


def test_accounts_are_persons_only_where_the_org_has_it_so() -> None:
    person = change("accounts", 1, Name="Ann Lee", IsPersonAccount=True, PersonEmail="a@x.example")
    kit = Kit([person, change("accounts", 2, Name="Acme")], person_accounts=True)
    rows = kit.query("SELECT IsPersonAccount, PersonEmail FROM Account ORDER BY Name DESC")
    assert rows == [
        {"IsPersonAccount": True, "PersonEmail": "a@x.example"},
        {"IsPersonAccount": False, "PersonEmail": None},
    ]
    assert described(kit, "Account")["PersonMailingAddress"]["type"] == "address"
    assert described(kit, "Account")["PersonContactId"]["referenceTo"] == ["Contact"]
    assert "IsPersonAccount" in described(kit, "Contact")
    assert "IsPersonAccount" not in described(Kit(), "Account")


def test_amounts_have_a_currency_only_where_the_org_has_several() -> None:
    deals = [
        change("opportunities", 1, Name="a"),
        change("opportunities", 2, Name="b", CurrencyIsoCode="USD"),
    ]
    kit = Kit(deals, currencies={"EUR": 1.0, "USD": 1.1, "JPY": 160.0})
    rows = kit.query("SELECT CurrencyIsoCode FROM Opportunity ORDER BY Name")
    assert [row["CurrencyIsoCode"] for row in rows] == ["EUR", "USD"]
    types = kit.query("SELECT IsoCode, ConversionRate, IsCorporate, DecimalPlaces FROM CurrencyType")
    assert [tuple(row.values()) for row in types] == [
        ("EUR", 1.0, True, 2),
        ("USD", 1.1, False, 2),
        ("JPY", 160.0, False, 0),
    ]
    values = described(kit, "Account")["CurrencyIsoCode"]["picklistValues"]
    assert [one["value"] for one in values] == ["EUR", "USD", "JPY"]
    plain = Kit(deals)
    assert "CurrencyIsoCode" not in described(plain, "Opportunity")
    assert refusal(plain.get("/sobjects/CurrencyType/describe"))[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize("is_sandbox", [False, True])
def test_the_organisation_says_whether_it_is_a_sandbox_and_who_asks(is_sandbox: bool) -> None:
    kit = Kit(is_sandbox=is_sandbox)
    assert kit.query("SELECT IsSandbox FROM Organization") == [{"IsSandbox": is_sandbox}]
    assert kit.get("/services/oauth2/userinfo").json()["organization_id"] == kit.options.org_id
    refused = kit.get("/services/oauth2/userinfo", headers={"Authorization": "Bearer x"})
    assert refusal(refused)[:2] == (401, "INVALID_SESSION_ID")
