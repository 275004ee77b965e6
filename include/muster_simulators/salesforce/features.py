"""Objects and fields beyond the six that every org reads: activities, a custom object, and what an org may switch on."""

from __future__ import annotations

from dataclasses import replace

from muster_simulators.salesforce.fields import (
    Field,
    Record,
    address,
    currency,
    day,
    double,
    email,
    flag,
    long_text,
    lookup,
    moment,
    phone,
    picklist,
    read_only,
    required,
    text,
    whole,
)
from muster_simulators.salesforce.standard import LEAD_SOURCES, system_fields

CURRENCY = "CurrencyIsoCode"
MONEY = ("Account", "Campaign", "Contract__c", "Lead", "Opportunity")
"""Objects that have amounts, and so a currency where an org has several."""


def _activity() -> list[Field]:
    """What tasks and events share. `Who` is a person, `What` anything else."""
    return [
        *system_fields(),
        lookup("WhoId", "Contact", "Lead", relationship="Who"),
        lookup("WhatId", "Account", "Opportunity", "Campaign", "Contract__c", relationship="What"),
        text("Subject", 255),
        required(lookup("OwnerId", "User")),
        long_text("Description"),
        read_only(lookup("AccountId", "Account")),
        read_only(flag("IsArchived")),
    ]


def task() -> list[Field]:
    statuses = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
    return [
        *_activity(),
        day("ActivityDate"),
        picklist("Status", *statuses, nillable=False, length=40),
        picklist("Priority", "High", "Normal", "Low", nillable=False, length=40),
        read_only(flag("IsHighPriority")),
        read_only(flag("IsClosed")),
        whole("CallDurationInSeconds"),
        picklist("CallType", "Internal", "Inbound", "Outbound", length=40),
        text("CallDisposition", 255),
        read_only(picklist("TaskSubtype", "Task", "Email", "Call", length=40)),
        read_only(moment("CompletedDateTime")),
    ]


def event() -> list[Field]:
    return [
        *_activity(),
        text("Location", 255),
        flag("IsAllDayEvent"),
        moment("ActivityDateTime"),
        day("ActivityDate"),
        whole("DurationInMinutes"),
        moment("StartDateTime"),
        moment("EndDateTime"),
        flag("IsPrivate"),
        picklist("ShowAs", "Busy", "OutOfOffice", "Free", length=40),
        read_only(flag("IsGroupEvent")),
        read_only(picklist("EventSubtype", "Event", length=40)),
    ]


def contract() -> list[Field]:
    """A custom object, child of an account and of the contact who signed."""
    return [
        *system_fields(),
        text("Name", 80, nillable=False, name_field=True),
        required(lookup("OwnerId", "User")),
        lookup("Account__c", "Account", relationship="Account__r"),
        lookup("Contact__c", "Contact", relationship="Contact__r"),
        picklist("Product__c", "Core", "Add-on", 'Premium "24/7"'),
        currency("Amount__c", 18, 2),
        double("Seats__c", 6, 0),
        day("Signed_On__c"),
        day("Renews_On__c"),
        flag("Is_Active__c"),
        text("Contract_Number__c", 20, unique=True, external_id=True, id_lookup=True),
        long_text("Notes__c"),
    ]


def organization() -> list[Field]:
    return [
        *system_fields(deletable=False),
        text("Name", 80, nillable=False, name_field=True),
        text("InstanceName", 5),
        picklist("OrganizationType", "Enterprise Edition", "Developer Edition", length=40),
        flag("IsSandbox"),
    ]


def currency_type() -> list[Field]:
    """The currencies of an org that has several, and what one of its own is worth in them."""
    return [
        *system_fields(deletable=False),
        picklist("IsoCode", "EUR", "USD", "GBP", "JPY", nillable=False, length=3),
        required(double("ConversionRate", 18, 6)),
        required(whole("DecimalPlaces", 1)),
        flag("IsActive"),
        read_only(flag("IsCorporate")),
    ]


def currency_code(corporate: str, codes: tuple[str, ...]) -> Field:
    """Every amount of the record is in this currency; that of the company where none is said."""

    def code(record: Record) -> str:
        return str(record.get(CURRENCY) or corporate)

    return replace(picklist(CURRENCY, *codes, length=3), compute=code)


def person_account() -> list[Field]:
    """An account that is a person: the fields of its contact under other names."""
    return [
        read_only(flag("IsPersonAccount")),
        read_only(lookup("PersonContactId", "Contact", relationship="PersonContact")),
        text("LastName", 80),
        text("FirstName", 40),
        picklist("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.", length=40),
        email("PersonEmail"),
        text("PersonTitle", 80),
        text("PersonDepartment", 80),
        phone("PersonMobilePhone"),
        phone("PersonHomePhone"),
        day("PersonBirthdate"),
        picklist("PersonLeadSource", *LEAD_SOURCES),
        flag("PersonHasOptedOutOfEmail"),
        flag("PersonDoNotCall"),
        *address("PersonMailing"),
    ]


def person_of_account() -> list[Field]:
    """What a contact has more where accounts may be persons."""
    return [read_only(flag("IsPersonAccount"))]
