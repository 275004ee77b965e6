"""Which fields leads, companies, opportunities and roles have, and how describe spells them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from muster_simulators.marketo.errors import MarketoError, invalid

_LENGTHS = {"string": 255, "email": 255, "phone": 255, "url": 255, "text": 30_000}
_LABELS = {
    "email": "Email Address",
    "title": "Job Title",
    "phone": "Phone Number",
    "mobilePhone": "Mobile Phone Number",
    "fax": "Fax Number",
    "company": "Company Name",
    "externalOpportunityId": "SFDC Oppty Id",
    "ecid": "ECID",
}
"""Display names that aren't the REST name in words."""
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Field:
    """One field of an object. group `company`: inherited by the lead, not writable there."""

    name: str
    data_type: str = "string"
    read_only: bool = False
    searchable: bool = False
    group: str = "standard"
    length: int | None = None

    @property
    def label(self) -> str:
        return _LABELS.get(self.name) or _WORDS.sub(" ", self.name[:1].upper() + self.name[1:])

    @property
    def size(self) -> int | None:
        return self.length or _LENGTHS.get(self.data_type)


def _fields(names: str, data_type: str = "string", **more: Any) -> list[Field]:
    return [Field(name, data_type, **more) for name in names.split()]


_LEAD_FIELDS = [
    Field("id", "integer", read_only=True, searchable=True),
    Field("email", "email", searchable=True),
    *_fields("firstName lastName middleName salutation title department leadRole"),
    *_fields("phone mobilePhone fax", "phone"),
    Field("address", "text"),
    *_fields("city state postalCode country"),
    Field("dateOfBirth", "date"),
    *_fields("leadSource leadStatus rating urgency"),
    *_fields("leadScore relativeScore priority", "integer"),
    *_fields("unsubscribed emailInvalid doNotCall", "boolean"),
    *_fields("unsubscribedReason emailInvalidCause doNotCallReason"),
    Field("isAnonymous", "boolean", read_only=True),
    *_fields("anonymousIP inferredCompany inferredCountry inferredCity inferredStateRegion", read_only=True),
    *_fields("inferredPostalCode inferredMetropolitanArea inferredPhoneAreaCode", read_only=True),
    *_fields("createdAt updatedAt", "datetime", read_only=True),
    *_fields("company site sicCode industry", group="company"),
    *_fields("website", "url", group="company"),
    *_fields("mainPhone", "phone", group="company"),
    Field("annualRevenue", "currency", group="company"),
    Field("numberOfEmployees", "integer", group="company"),
    *_fields("billingStreet billingCity billingState billingPostalCode billingCountry", group="company"),
    Field("externalCompanyId", searchable=True, length=100),
    Field("externalSalesPersonId", searchable=True, length=100),
    Field("ecid", searchable=True, group="custom"),
]
_CRM_FIELDS = [
    *_fields(
        "sfdcAccountId sfdcContactId sfdcLeadId sfdcLeadOwnerId", searchable=True, read_only=True, group="crm"
    ),
    Field("sfdcType", read_only=True, group="crm"),
]
DEFAULT_LEAD_FIELDS = ("id", "email", "firstName", "lastName", "createdAt", "updatedAt")


class FieldSet:
    """The fields of one object by REST name, in describe's order."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.by_name: Mapping[str, Field] = {field.name: field for field in fields}

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def chosen(self, names: Iterable[str], default: Iterable[str]) -> list[str]:
        """The asked-for names without repetition, or the default; 1006 for an unknown one."""
        found = list(dict.fromkeys(names)) or list(default)
        for name in found:
            if name not in self.by_name:
                raise MarketoError("1006", f"Field '{name}' not found")
        return found

    @property
    def searchable(self) -> list[str]:
        return [field.name for field in self.by_name.values() if field.searchable]

    def described(self) -> list[dict[str, Any]]:
        """`fields` of describe2 and of the other objects' describe."""
        return [
            {
                "name": field.name,
                "displayName": field.label,
                "dataType": field.data_type,
                **({"length": field.size} if field.size else {}),
                "updateable": not field.read_only,
                "crmManaged": field.group == "crm",
            }
            for field in self.by_name.values()
        ]

    def schema(self) -> list[dict[str, Any]]:
        """Rows of schema/fields.json."""
        return [
            {
                "displayName": field.label,
                "name": field.name,
                "description": "",
                "dataType": field.data_type,
                **({"length": field.size} if field.size else {}),
                "isHidden": False,
                "isHtmlEncodingInEmail": True,
                "isSensitive": False,
                "isCustom": field.group == "custom",
                "isApiCreated": False,
            }
            for field in self.by_name.values()
        ]

    def attributes(self) -> list[dict[str, Any]]:
        """Rows of the older leads/describe.json; `id` there is the field's own number."""
        return [
            {
                "id": number,
                "displayName": field.label,
                "dataType": field.data_type,
                **({"length": field.size} if field.size else {}),
                "rest": {"name": field.name, "readOnly": field.read_only},
                "soap": {"name": field.label.replace(" ", ""), "readOnly": field.read_only},
            }
            for number, field in enumerate(self.by_name.values(), start=2)
        ]

    def number(self, name: str) -> int:
        """The number describe gives a field, as activities 13 and leadchanges carry it."""
        return list(self.by_name).index(name) + 2


def lead_fields(crm_synced: bool, seen: Iterable[str] = ()) -> FieldSet:
    """The lead's fields: standard, those of a CRM sync, and any further ones that records carry as custom."""
    fields = {field.name: field for field in [*_LEAD_FIELDS, *(_CRM_FIELDS if crm_synced else [])]}
    for name in sorted(set(seen) - set(fields)):
        fields[name] = Field(name, group="custom")
    return FieldSet(fields.values())


def coerce(field: Field, value: Any) -> Any:
    """A written value as the store keeps it; 1001 when it isn't of the field's type. Empty becomes None."""
    if value is None or value == "":
        return None
    try:
        if field.data_type == "integer":
            return int(str(value))
        if field.data_type in ("float", "currency"):
            return float(str(value))
    except ValueError:
        raise invalid(value, field.data_type) from None
    if field.data_type == "boolean":
        text = str(value).lower()
        if text not in ("true", "false", "1", "0"):
            raise invalid(value, "boolean")
        return text in ("true", "1")
    return value if isinstance(value, str) else str(value)


@dataclass(frozen=True)
class ObjectType:
    """A key-only lead-database object. `family` is its path below /rest/v1/."""

    family: str
    object: str
    label: str
    id_field: str
    dedupe_fields: tuple[str, ...]
    searchable: tuple[tuple[str, ...], ...]
    default_fields: tuple[str, ...]
    fields: FieldSet
    relationships: tuple[Mapping[str, Any], ...] = ()


_STAMPS = _fields("createdAt updatedAt", "datetime", read_only=True)

COMPANIES = ObjectType(
    family="companies",
    object="companies",
    label="Company",
    id_field="id",
    dedupe_fields=("externalCompanyId",),
    searchable=(("externalCompanyId",), ("id",), ("company",)),
    default_fields=("id", "externalCompanyId", "createdAt", "updatedAt"),
    fields=FieldSet(
        [
            Field("id", "integer", read_only=True),
            Field("externalCompanyId", length=100),
            *_fields("company site sicCode industry"),
            Field("website", "url"),
            Field("mainPhone", "phone"),
            Field("annualRevenue", "currency"),
            Field("numberOfEmployees", "integer"),
            *_fields("billingStreet billingCity billingState billingPostalCode billingCountry"),
            Field("externalSalesPersonId", length=100),
            *_STAMPS,
        ]
    ),
)
OPPORTUNITIES = ObjectType(
    family="opportunities",
    object="opportunities",
    label="Opportunity",
    id_field="marketoGUID",
    dedupe_fields=("externalOpportunityId",),
    searchable=(("externalOpportunityId",), ("marketoGUID",)),
    default_fields=("marketoGUID", "externalOpportunityId", "createdAt", "updatedAt"),
    fields=FieldSet(
        [
            Field("marketoGUID", length=36, read_only=True),
            Field("externalOpportunityId", length=50),
            *_fields("name type stage source externalCompanyId externalSalesPersonId"),
            Field("description", "text"),
            *_fields("amount expectedRevenue quantity", "currency"),
            Field("probability", "integer"),
            *_fields("isClosed isWon", "boolean"),
            *_fields("closeDate lastActivityDate", "date"),
            *_fields("fiscal fiscalQuarter fiscalYear forecastCategoryName nextStep"),
            Field("externalCreatedDate", "datetime"),
            *_STAMPS,
        ]
    ),
)
ROLES = ObjectType(
    family="opportunities/roles",
    object="opportunity_roles",
    label="Opportunity Role",
    id_field="marketoGUID",
    dedupe_fields=("externalOpportunityId", "leadId", "role"),
    searchable=(
        ("externalOpportunityId", "leadId", "role"),
        ("marketoGUID",),
        ("leadId",),
        ("externalOpportunityId",),
    ),
    default_fields=("marketoGUID", "externalOpportunityId", "leadId", "role", "createdAt", "updatedAt"),
    fields=FieldSet(
        [
            Field("marketoGUID", length=36, read_only=True),
            Field("externalOpportunityId", length=50),
            Field("leadId", "integer"),
            Field("role", length=50),
            Field("isPrimary", "boolean"),
            Field("externalCreatedDate", "datetime"),
            *_STAMPS,
        ]
    ),
    relationships=(
        {"field": "leadId", "type": "child", "relatedTo": {"name": "Lead", "field": "id"}},
        {
            "field": "externalOpportunityId",
            "type": "child",
            "relatedTo": {"name": "Opportunity", "field": "externalOpportunityId"},
        },
    ),
)
