"""The org's objects: API name <-> lake name, fields after field-level security, descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from muster_simulators.salesforce import standard
from muster_simulators.salesforce.errors import ApiError
from muster_simulators.salesforce.fields import Field
from muster_simulators.salesforce.options import SalesforceOptions

_OBJECTS: tuple[tuple[str, str, str, str, Callable[[], list[Field]]], ...] = (
    # API name, name in the store, key prefix, plural label
    ("Account", "accounts", "001", "Accounts", standard.account),
    (
        "AccountContactRelation",
        "account_contact_relations",
        "07k",
        "Account Contact Relationships",
        standard.account_contact_relation,
    ),
    ("Campaign", "campaigns", "701", "Campaigns", standard.campaign),
    ("CampaignMember", "campaign_members", "00v", "Campaign Members", standard.campaign_member),
    ("Contact", "contacts", "003", "Contacts", standard.contact),
    ("Lead", "leads", "00Q", "Leads", standard.lead),
    ("Opportunity", "opportunities", "006", "Opportunities", standard.opportunity),
    (
        "OpportunityContactRole",
        "opportunity_contact_roles",
        "00K",
        "Opportunity Contact Roles",
        standard.opportunity_contact_role,
    ),
    ("User", "users", "005", "Users", standard.user),
)


@dataclass(frozen=True)
class SObject:
    """One object as the integration user may see it."""

    name: str
    stored_as: str
    prefix: str
    plural: str
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by lower-case name; SOQL doesn't mind the case."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        return {field.relationship.lower(): field for field in self.fields if field.relationship}

    @property
    def deletable(self) -> bool:
        """Whether it has IsDeleted and a recycle bin; users are deactivated instead."""
        return self.stored_as != "users"

    def summary(self, base: str) -> dict[str, Any]:
        """One entry of `/sobjects`."""
        urls = {
            "rowTemplate": f"{base}/sobjects/{self.name}/{{ID}}",
            "describe": f"{base}/sobjects/{self.name}/describe",
            "sobject": f"{base}/sobjects/{self.name}",
        }
        yes = dict.fromkeys(
            (
                "createable",
                "queryable",
                "replicateable",
                "retrieveable",
                "triggerable",
                "updateable",
                "layoutable",
            ),
            True,
        )
        no = dict.fromkeys(
            ("custom", "customSetting", "deprecatedAndHidden", "feedEnabled", "hasSubtypes"), False
        )
        mergeable = self.name in ("Account", "Contact", "Lead")
        return {
            "activateable": False,
            **yes,
            **no,
            "deletable": self.deletable,
            "undeletable": self.deletable,
            "mergeable": mergeable,
            "searchable": self.name not in ("OpportunityContactRole", "AccountContactRelation"),
            "keyPrefix": self.prefix,
            "label": self.plural.removesuffix("s") if self.name != "Opportunity" else "Opportunity",
            "labelPlural": self.plural,
            "name": self.name,
            "urls": urls,
        }


class Schema:
    """All objects, after `hidden_fields` and `custom_fields` of the options."""

    def __init__(self, options: SalesforceOptions) -> None:
        self._options = options
        self.objects: dict[str, SObject] = {}
        for name, stored_as, prefix, plural, fields in _OBJECTS:
            all_fields = [*fields(), *options.custom_fields.get(name, ())]
            seen = tuple(
                _never_empty(field, options.user_id)
                for field in all_fields
                if f"{name}.{field.name}" not in options.hidden_fields
            )
            self.objects[name.lower()] = SObject(name, stored_as, prefix, plural, seen)

    def find(self, name: str) -> SObject | None:
        return self.objects.get(name.lower())

    def get(self, name: str) -> SObject:
        """For paths such as `/sobjects/{name}`; raises 404 NOT_FOUND."""
        found = self.find(name)
        if found is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return found

    def of_id(self, record_id: str) -> SObject | None:
        """The object that an id's prefix belongs to."""
        return next((each for each in self.objects.values() if each.prefix == record_id[:3]), None)

    def describe(self, sobject: SObject, base: str) -> dict[str, Any]:
        children = [
            {
                "cascadeDelete": False,
                "childSObject": other.name,
                "deprecatedAndHidden": False,
                "field": field.name,
                "relationshipName": None,
                "restrictedDelete": False,
            }
            for other in self.objects.values()
            for field in other.fields
            if sobject.name in field.reference_to
        ]
        return {
            **sobject.summary(base),
            "childRelationships": children,
            "fields": [field.describe() for field in sobject.fields],
            "recordTypeInfos": [],
            "supportedScopes": [{"label": f"All {sobject.plural.lower()}", "name": "everything"}],
        }


def _never_empty(field: Field, user_id: str) -> Field:
    """A required reference to a user that the stored record doesn't carry is the integration user's."""
    if field.nillable or "User" not in field.reference_to:
        return field
    name = field.name
    return replace(field, compute=lambda record: record.get(name) or user_id)
