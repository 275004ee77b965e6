"""The org's objects: API name <-> lake name, fields after field-level security, descriptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from muster_simulators.salesforce import features, standard
from muster_simulators.salesforce.errors import ApiError
from muster_simulators.salesforce.fields import Field
from muster_simulators.salesforce.options import SalesforceOptions

_Kind = tuple[str, str, str, str, Callable[[], list[Field]]]
_OBJECTS: tuple[_Kind, ...] = (
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
    ("Contract__c", "custom__contract_c", "a0B", "Contracts", features.contract),
    ("Event", "events", "00U", "Events", features.event),
    ("Lead", "leads", "00Q", "Leads", standard.lead),
    ("Opportunity", "opportunities", "006", "Opportunities", standard.opportunity),
    (
        "OpportunityContactRole",
        "opportunity_contact_roles",
        "00K",
        "Opportunity Contact Roles",
        standard.opportunity_contact_role,
    ),
    ("Organization", "organizations", "00D", "Organizations", features.organization),
    ("Task", "tasks", "00T", "Tasks", features.task),
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
        return self.stored_as not in ("users", "organizations", "currency_types")

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def children(self) -> str:
        """What a parent calls its records of this object: `Contacts`, `Contracts__r`."""
        name = self.plural.replace(" ", "")
        return f"{name}__r" if self.custom else name

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
        no = dict.fromkeys(("customSetting", "deprecatedAndHidden", "feedEnabled", "hasSubtypes"), False)
        mergeable = self.name in ("Account", "Contact", "Lead")
        return {
            "activateable": False,
            **yes,
            **no,
            "custom": self.custom,
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
    """All objects as the integration user sees them: the options, and what was changed since (`drift.py`)."""

    def __init__(
        self,
        options: SalesforceOptions,
        *,
        hidden: Set[str] | None = None,
        changed: Mapping[str, Sequence[Field]] | None = None,
    ) -> None:
        self._options = options
        hidden = options.hidden_fields if hidden is None else hidden
        changed = changed or {}
        self.objects: dict[str, SObject] = {}
        for name, stored_as, prefix, plural, fields in (*_OBJECTS, *_optional(options)):
            own = {field.name: field for field in (*fields(), *self._more(name))}
            own |= {field.name: field for field in changed.get(name, ())}
            seen = tuple(
                _never_empty(field, options.user_id)
                for field in own.values()
                if f"{name}.{field.name}" not in hidden
            )
            self.objects[name.lower()] = SObject(name, stored_as, prefix, plural, seen)

    def _more(self, name: str) -> list[Field]:
        """Fields that the org has by its options."""
        options, found = self._options, list[Field]()
        if options.person_accounts and name == "Account":
            found += features.person_account()
        if options.person_accounts and name == "Contact":
            found += features.person_of_account()
        if options.currencies and name in features.MONEY:
            codes = tuple(options.currencies)
            found.append(features.currency_code(codes[0], codes))
        return [*found, *options.custom_fields.get(name, ())]

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

    def references_to(self, sobject: SObject) -> list[tuple[SObject, Field]]:
        """Every field of every object that can point at a record of this one."""
        return [
            (other, field)
            for other in self.objects.values()
            for field in other.fields
            if sobject.name in field.reference_to
        ]

    def _children(self, sobject: SObject) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        named: set[str] = set()
        for other, field in self.references_to(sobject):
            # The first field that points here gives the relationship its plain name; the others have none.
            name = other.children if other.children not in named and not _is_audit(field) else None
            named.add(name or "")
            found.append(
                {
                    "cascadeDelete": False,
                    "childSObject": other.name,
                    "deprecatedAndHidden": False,
                    "field": field.name,
                    "relationshipName": name,
                    "restrictedDelete": False,
                }
            )
        return found

    def describe(self, sobject: SObject, base: str) -> dict[str, Any]:
        return {
            **sobject.summary(base),
            "childRelationships": self._children(sobject),
            "fields": [field.describe() for field in sobject.fields],
            "recordTypeInfos": [],
            "supportedScopes": [{"label": f"All {sobject.plural.lower()}", "name": "everything"}],
        }


def _optional(options: SalesforceOptions) -> tuple[_Kind, ...]:
    """Objects that only some orgs have."""
    if not options.currencies:
        return ()
    return (("CurrencyType", "currency_types", "01L", "Currency Types", features.currency_type),)


def _is_audit(field: Field) -> bool:
    return field.name in ("CreatedById", "LastModifiedById", "MasterRecordId")


def _never_empty(field: Field, user_id: str) -> Field:
    """A required reference to a user that the stored record doesn't carry is the integration user's."""
    if field.nillable or "User" not in field.reference_to:
        return field
    name = field.name
    return replace(field, compute=lambda record: record.get(name) or user_id)
