"""Object types, their properties, and which pairs of them can be associated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Property:
    """One property as the properties API shows it. `options`: internal value -> label, of an enumeration."""

    name: str
    type: str = "string"
    label: str = ""
    options: tuple[tuple[str, str], ...] = ()
    calculated: bool = False
    is_read_only: bool = False
    is_own: bool = True

    @property
    def field_type(self) -> str:
        kinds = {"enumeration": "select", "number": "number", "date": "date", "datetime": "date"}
        return kinds.get(self.type, "booleancheckbox" if self.type == "bool" else "text")

    def describe(self, group: str) -> dict[str, Any]:
        options = [
            {"label": label, "value": value, "displayOrder": place, "hidden": False}
            for place, (value, label) in enumerate(self.options)
        ]
        return {
            "name": self.name,
            "label": self.label or self.name,
            "type": self.type,
            "fieldType": self.field_type,
            "description": "",
            "groupName": group,
            "options": options,
            "displayOrder": -1,
            "calculated": self.calculated,
            "externalOptions": False,
            "hasUniqueValue": False,
            "hidden": False,
            "hubspotDefined": self.is_own,
            "archived": False,
            "formField": False,
            "modificationMetadata": {
                "archivable": not self.is_own,
                "readOnlyDefinition": self.is_own,
                "readOnlyValue": self.is_read_only or self.calculated,
            },
        }


@dataclass(frozen=True)
class ObjectType:
    """One kind of record. `changed` is the property that its change cursor is called by, `created` its birth."""

    name: str
    type_id: str
    properties: tuple[Property, ...]
    shown: tuple[str, ...]
    changed: str = "hs_lastmodifieddate"
    created: str = "createdate"
    fully_qualified: str = ""
    scope: str = ""

    def find(self, name: str) -> Property | None:
        return next((one for one in self.properties if one.name == name), None)


def _texts(names: str) -> tuple[Property, ...]:
    return tuple(Property(name) for name in names.split())


def _typed(kind: str, names: str) -> tuple[Property, ...]:
    return tuple(Property(name, kind) for name in names.split())


def _system(changed: str, created: str) -> tuple[Property, ...]:
    stamps = tuple(Property(name, "datetime", is_read_only=True) for name in (created, changed))
    number = Property("hs_object_id", "number", "Record ID", is_read_only=True)
    merged = Property(
        "hs_merged_object_ids", "enumeration", "Merged record IDs", calculated=True, is_read_only=True
    )
    return (*stamps, number, merged)


STAGES = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
)
INDUSTRIES = (("COMPUTER_SOFTWARE", "Computer Software"), ("MACHINERY", "Machinery"), ("BANKING", "Banking"))
DEAL_TYPES = (("newbusiness", "New Business"), ("existingbusiness", "Existing Business"))

CONTACT = (
    *_system("lastmodifieddate", "createdate"),
    *_texts(
        "email firstname lastname phone mobilephone jobtitle company website address city state zip country "
        "hs_lead_status hubspot_owner_id hs_additional_emails hs_email_hard_bounce_reason_enum"
    ),
    Property("lifecyclestage", "enumeration", "Lifecycle Stage", STAGES),
    *_typed("number", "hubspotscore associatedcompanyid"),
    *_typed("bool", "hs_email_optout hs_email_bad_address"),
)
COMPANY = (
    *_system("hs_lastmodifieddate", "createdate"),
    *_texts("name domain website phone address city state zip country type description hubspot_owner_id"),
    Property("industry", "enumeration", "Industry", INDUSTRIES),
    Property("lifecyclestage", "enumeration", "Lifecycle Stage", STAGES),
    *_typed("number", "annualrevenue numberofemployees hs_parent_company_id"),
)
DEAL = (
    *_system("hs_lastmodifieddate", "createdate"),
    *_texts("dealname deal_currency_code dealstage pipeline hubspot_owner_id description"),
    Property("dealtype", "enumeration", "Deal Type", DEAL_TYPES),
    *_typed("number", "amount hs_deal_stage_probability hs_primary_associated_company"),
    *_typed("datetime", "closedate"),
    *_typed("bool", "hs_is_closed hs_is_closed_won"),
)


def _engagement(names: str) -> tuple[Property, ...]:
    return (
        *_system("hs_lastmodifieddate", "hs_createdate"),
        *_typed("datetime", "hs_timestamp"),
        *_texts("hubspot_owner_id " + names),
    )


def _standard(
    name: str, type_id: str, properties: tuple[Property, ...], shown: str, **more: Any
) -> ObjectType:
    return ObjectType(name, type_id, properties, tuple(shown.split()), **more)


_TIMED = {"created": "hs_createdate", "scope": "crm.objects.contacts.read"}
STANDARD: Mapping[str, ObjectType] = {
    one.name: one
    for one in (
        _standard(
            "contacts", "0-1", CONTACT, "email firstname lastname createdate lastmodifieddate hs_object_id",
            changed="lastmodifieddate", scope="crm.objects.contacts.read",
        ),
        _standard(
            "companies", "0-2", COMPANY, "name domain createdate hs_lastmodifieddate hs_object_id",
            scope="crm.objects.companies.read",
        ),
        _standard(
            "deals", "0-3", DEAL,
            "dealname amount closedate pipeline dealstage createdate hs_lastmodifieddate hs_object_id",
            scope="crm.objects.deals.read",
        ),
        _standard(
            "calls", "0-48", _engagement("hs_call_title hs_call_body hs_call_direction hs_call_status"),
            "hs_createdate hs_lastmodifieddate hs_object_id", **_TIMED,
        ),
        _standard(
            "emails", "0-49", _engagement("hs_email_subject hs_email_text hs_email_direction hs_email_status"),
            "hs_createdate hs_lastmodifieddate hs_object_id", **_TIMED,
        ),
        _standard(
            "meetings", "0-47", _engagement("hs_meeting_title hs_meeting_body hs_meeting_outcome"),
            "hs_createdate hs_lastmodifieddate hs_object_id", **_TIMED,
        ),
        _standard(
            "notes", "0-46", _engagement("hs_note_body"),
            "hs_createdate hs_lastmodifieddate hs_object_id", **_TIMED,
        ),
        _standard(
            "tasks", "0-27", _engagement("hs_task_subject hs_task_body hs_task_status hs_task_type"),
            "hs_createdate hs_lastmodifieddate hs_object_id", **_TIMED,
        ),
    )
}  # fmt: skip
