"""Versions, descriptions, records, limits and the headers that all answers carry."""

from __future__ import annotations

import pytest
from salesforce_kit import Kit, change, contacts, key_of, refusal

from muster_simulators.salesforce.fields import text
from muster_simulators.salesforce.routes_data import version_label

OBJECTS = {
    "Account": "001",
    "AccountContactRelation": "07k",
    "Campaign": "701",
    "CampaignMember": "00v",
    "Contact": "003",
    "Contract__c": "a0B",
    "Event": "00U",
    "Lead": "00Q",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Organization": "00D",
    "Task": "00T",
    "User": "005",
}
DOCUMENTED = {
    "Account": "Name ParentId MasterRecordId Type Industry AnnualRevenue NumberOfEmployees Website Phone BillingStreet "
    "BillingCity BillingState BillingPostalCode BillingCountry ShippingCity OwnerId AccountSource Description SicDesc",
    "Contact": "AccountId FirstName LastName Name Email Phone MobilePhone Title Department ReportsToId LeadSource "
    "MailingCity OwnerId HasOptedOutOfEmail DoNotCall EmailBouncedDate EmailBouncedReason IsEmailBounced MasterRecordId",
    "Lead": "FirstName LastName Company Email Phone Title Website Status LeadSource Industry Rating AnnualRevenue "
    "NumberOfEmployees Street City OwnerId IsConverted ConvertedDate ConvertedAccountId ConvertedContactId "
    "ConvertedOpportunityId MasterRecordId HasOptedOutOfEmail",
    "Opportunity": "AccountId Name StageName Amount Probability ExpectedRevenue CloseDate Type NextStep LeadSource IsClosed "
    "IsWon ForecastCategory ForecastCategoryName CampaignId OwnerId FiscalYear FiscalQuarter Pricebook2Id ContactId",
    "OpportunityContactRole": "OpportunityId ContactId Role IsPrimary",
    "AccountContactRelation": "AccountId ContactId IsDirect IsActive Roles StartDate EndDate",
    "Campaign": "Name ParentId Type Status StartDate EndDate IsActive BudgetedCost ActualCost NumberOfLeads OwnerId",
    "CampaignMember": "CampaignId LeadId ContactId AccountId Status HasResponded FirstRespondedDate Type CompanyOrAccount",
    "Contract__c": "Name OwnerId Account__c Contact__c Amount__c Signed_On__c IsDeleted",
    "Event": "WhoId WhatId AccountId Subject StartDateTime EndDateTime ActivityDateTime DurationInMinutes EventSubtype "
    "IsAllDayEvent OwnerId IsArchived",
    "Organization": "Name IsSandbox OrganizationType InstanceName",
    "Task": "WhoId WhatId AccountId Subject ActivityDate Status Priority TaskSubtype CallType CallDurationInSeconds "
    "IsClosed OwnerId IsArchived",
    "User": "Username Name Email IsActive UserRoleId ProfileId ManagerId Title Department UserType",
}


def test_the_list_of_versions_is_open_and_names_the_releases(kit: Kit) -> None:
    listed = kit.get("/services/data/", headers={"Authorization": ""}).json()
    assert listed[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert listed[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert len(listed) == 38
    assert [version_label(n) for n in (66, 67)] == ["Spring '26", "Summer '26"]


@pytest.mark.parametrize("version", ["31.0", "47.0", "68.0"])
def test_every_living_version_answers(version: str) -> None:
    answer = Kit(version=version).get("/")
    assert answer.json()["query"] == f"/services/data/v{version}/query"


@pytest.mark.parametrize("version", ["30.0", "69.0", "66", "66.1", "x", "066.0"])
def test_other_versions_are_not_found(version: str) -> None:
    assert refusal(Kit(version=version).get("/limits"))[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path", ["/", "/limits/", "/sobjects/", "/sobjects/Contact/describe/", "/jobs/query/"]
)
def test_a_slash_at_the_end_makes_no_difference(kit: Kit, path: str) -> None:
    with_slash, without = kit.get(path), kit.get(path.rstrip("/") or "")
    assert with_slash.status_code == without.status_code == 200
    if path != "/limits/":
        assert with_slash.json() == without.json()


def test_all_objects_are_listed_with_their_key_prefixes(kit: Kit) -> None:
    body = kit.get("/sobjects").json()
    assert {each["name"]: each["keyPrefix"] for each in body["sobjects"]} == OBJECTS
    assert (body["encoding"], body["maxBatchSize"]) == ("UTF-8", 200)
    assert [each["name"] for each in body["sobjects"] if each["custom"]] == ["Contract__c"]
    assert all(each["queryable"] and each["retrieveable"] for each in body["sobjects"])


@pytest.mark.parametrize("name", OBJECTS)
def test_a_description_has_the_documented_fields_and_the_system_ones(kit: Kit, name: str) -> None:
    body = kit.get(f"/sobjects/{name}/describe").json()
    names = {field["name"] for field in body["fields"]}
    system = {"Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
    assert names >= set(DOCUMENTED[name].split()) | system
    assert ("IsDeleted" in names) == (name not in ("User", "Organization"))
    assert len(names) == len(body["fields"])


def test_types_lengths_and_references_are_those_of_an_org(kit: Kit) -> None:
    def shown(sobject: str, name: str, *keys: str) -> list[object]:
        fields = kit.get(f"/sobjects/{sobject}/describe").json()["fields"]
        field = next(each for each in fields if each["name"] == name)
        return [field[key] for key in keys]

    assert shown("Contact", "Id", "type", "length", "nillable", "updateable") == ["id", 18, False, False]
    assert shown("Contact", "Email", "type", "length", "soapType") == ["email", 80, "xsd:string"]
    assert shown("Contact", "LastName", "type", "length", "nillable", "compoundFieldName") == [
        "string",
        80,
        False,
        "Name",
    ]
    assert shown("Contact", "AccountId", "type", "referenceTo", "relationshipName") == [
        "reference",
        ["Account"],
        "Account",
    ]
    assert shown("Contact", "MailingAddress", "type", "sortable") == ["address", False]
    assert shown("Contact", "MailingCity", "compoundFieldName") == ["MailingAddress"]
    assert shown("Opportunity", "Amount", "type", "precision", "scale") == ["currency", 18, 2]
    assert shown("Opportunity", "CloseDate", "type", "nillable", "soapType") == ["date", False, "xsd:date"]
    assert shown("Opportunity", "Probability", "type", "precision") == ["percent", 3]
    assert shown("Account", "NumberOfEmployees", "type", "digits") == ["int", 8]
    assert shown("Account", "Description", "type", "length", "filterable", "sortable") == [
        "textarea",
        32000,
        False,
        False,
    ]
    assert shown("Account", "SystemModstamp", "type", "createable", "nillable") == ["datetime", False, False]
    assert shown("Lead", "OwnerId", "referenceTo", "polymorphicForeignKey") == [["User", "Group"], True]
    assert shown("AccountContactRelation", "Roles", "type", "length") == ["multipicklist", 4099]
    assert {"Decision Maker", "Other"} <= {
        value["value"]
        for value in shown("OpportunityContactRole", "Role", "picklistValues")[0]  # type: ignore[attr-defined]
    }


def test_children_are_named_at_their_parent(kit: Kit) -> None:
    children = kit.get("/sobjects/Account/describe").json()["childRelationships"]
    assert {("Contact", "AccountId"), ("Account", "ParentId")} <= {
        (c["childSObject"], c["field"]) for c in children
    }


def test_an_unknown_object_and_an_unknown_path_are_not_found(kit: Kit) -> None:
    for path in ("/sobjects/Nothing/describe", "/sobjects/Nothing", "/nothing", "/services/nothing"):
        assert refusal(kit.get(path)) == (404, "NOT_FOUND", "The requested resource does not exist")


def test_a_wrong_method_is_405_with_the_allowed_ones(kit: Kit) -> None:
    assert refusal(kit.post("/query", {})) == (
        405,
        "METHOD_NOT_ALLOWED",
        "HTTP Method 'POST' not allowed. Allowed are GET",
    )


@pytest.mark.parametrize("path", ["/sobjects", "/sobjects/Contact/describe"])
def test_a_known_description_is_not_sent_again(kit: Kit, path: str) -> None:
    modified = kit.get(path).headers["Last-Modified"]
    again = kit.get(path, headers={"If-Modified-Since": modified})
    assert (again.status_code, again.content) == (304, b"")
    assert kit.get(path, headers={"If-Modified-Since": "Wed, 31 Dec 2025 23:59:59 GMT"}).status_code == 200
    assert kit.get(path, headers={"If-Modified-Since": "yesterday"}).status_code == 200


def test_a_hidden_field_vanishes_from_describe_queries_filters_and_records() -> None:
    kit = Kit(contacts(1, Phone="1"), hidden_fields=frozenset({"Contact.Phone"}))
    assert "Phone" not in {f["name"] for f in kit.get("/sobjects/Contact/describe").json()["fields"]}
    assert "Phone" in {f["name"] for f in kit.get("/sobjects/Account/describe").json()["fields"]}
    for query in (
        "SELECT Phone FROM Contact",
        "SELECT Id FROM Contact WHERE Phone = '1'",
        "SELECT Id FROM Contact ORDER BY Phone",
    ):
        status, code, message = kit.refusal(query)
        assert (status, code) == (400, "INVALID_FIELD")
        assert "No such column 'Phone' on entity 'Contact'" in message
    assert "Phone" not in kit.get(f"/sobjects/Contact/{key_of('contacts', 1)}").json()


def test_a_custom_field_is_described_as_such_and_can_be_queried() -> None:
    kit = Kit(contacts(1, Tier__c="Gold"), custom_fields={"Contact": (text("Tier__c", 40, label="Tier"),)})
    field = next(f for f in kit.get("/sobjects/Contact/describe").json()["fields"] if f["name"] == "Tier__c")
    assert (field["custom"], field["label"], field["length"]) == (True, "Tier", 40)
    assert kit.query("SELECT Tier__c FROM Contact WHERE Tier__c = 'gold'") == [{"Tier__c": "Gold"}]


def test_a_record_is_found_by_its_long_and_short_id_and_only_while_it_lives() -> None:
    gone = change("contacts", 2, LastName="Gone", IsDeleted=True)
    kit = Kit([*contacts(1, FirstName="Ann", MailingCity="Ulm"), gone])
    key = key_of("contacts", 1)
    body = kit.get(f"/sobjects/Contact/{key}", fields="Name,MailingAddress,IsDeleted").json()
    assert body["attributes"] == {"type": "Contact", "url": f"/services/data/v66.0/sobjects/Contact/{key}"}
    assert (body["Name"], body["IsDeleted"], body["MailingAddress"]["city"]) == ("Ann L00001", False, "Ulm")
    assert kit.get(f"/sobjects/Contact/{key[:15]}").json()["Id"] == key
    assert kit.get(f"/sobjects/Contact/{key_of('contacts', 2)}").status_code == 404
    assert kit.get(f"/sobjects/Contact/{key_of('contacts', 3)}").status_code == 404
    assert refusal(kit.get(f"/sobjects/Contact/{key}", fields="Id,Nope"))[1] == "INVALID_FIELD"


def test_a_required_user_reference_is_never_empty(kit: Kit) -> None:
    row = kit.query("SELECT OwnerId, CreatedById FROM Contact LIMIT 1")[0]
    assert row == {"OwnerId": kit.options.user_id, "CreatedById": kit.options.user_id}


def test_every_answer_says_the_simulated_time_and_the_calls_used(kit: Kit) -> None:
    first = kit.get("/limits")
    assert first.headers["Date"] == "Tue, 03 Mar 2026 00:30:00 GMT"
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    refused = kit.get("/query", q="SELECT Nope FROM Contact")
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    nowhere = kit.get("/nothing")
    assert nowhere.headers["Sforce-Limit-Info"].startswith("api-usage=")
