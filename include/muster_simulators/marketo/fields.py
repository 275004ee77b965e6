"""What a field is, which fields a lead has, and how describe spells them. Other objects are in object_types.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from muster_simulators.marketo.errors import MarketoError, invalid
from muster_simulators.marketo.values import iso_z

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
_TEXTUAL = frozenset({"string", "text", "email", "phone", "url", "date", "datetime"})
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Field:
    """One field of an object. group `company`: inherited by the lead, not writable there.

    stored: the name that records have its values under, where that isn't the field's own (it was renamed, or another
    field had the name before). is_cast: its type was changed, so stored values are of another one.
    """

    name: str
    data_type: str = "string"
    read_only: bool = False
    searchable: bool = False
    group: str = "standard"
    length: int | None = None
    stored: str | None = None
    is_cast: bool = False
    title: str | None = None
    description: str = ""
    is_hidden: bool = False
    is_encoded: bool = True
    is_sensitive: bool = False
    is_api_created: bool = False

    @property
    def label(self) -> str:
        found = self.title or _LABELS.get(self.name)
        return found or _WORDS.sub(" ", self.name[:1].upper() + self.name[1:])

    @property
    def key(self) -> str:
        """The name that records have its values under."""
        return self.stored or self.name

    def cast(self, value: Any) -> Any:
        """A stored value as a field of this type shows it; None where it can't be one."""
        if not self.is_cast or value is None:
            return value
        if self.data_type in _TEXTUAL:
            if isinstance(value, date | datetime):
                return iso_z(value) if isinstance(value, datetime) else value.isoformat()
            return str(value).lower() if isinstance(value, bool) else str(value)
        try:
            return coerce(self, value)
        except MarketoError:
            return None

    @property
    def size(self) -> int | None:
        return self.length or _LENGTHS.get(self.data_type)


def fields(names: str, data_type: str = "string", **more: Any) -> list[Field]:
    return [Field(name, data_type, **more) for name in names.split()]


_LEAD_FIELDS = [
    Field("id", "integer", read_only=True, searchable=True),
    Field("email", "email", searchable=True),
    *fields("firstName lastName middleName salutation title department leadRole"),
    *fields("phone mobilePhone fax", "phone"),
    Field("address", "text"),
    *fields("city state postalCode country"),
    Field("dateOfBirth", "date"),
    *fields("leadSource leadStatus rating urgency"),
    *fields("leadScore relativeScore priority", "integer"),
    *fields("unsubscribed emailInvalid doNotCall", "boolean"),
    *fields("unsubscribedReason emailInvalidCause doNotCallReason"),
    Field("isAnonymous", "boolean", read_only=True),
    *fields("anonymousIP inferredCompany inferredCountry inferredCity inferredStateRegion", read_only=True),
    *fields("inferredPostalCode inferredMetropolitanArea inferredPhoneAreaCode", read_only=True),
    *fields("createdAt updatedAt", "datetime", read_only=True),
    *fields("company site sicCode industry", group="company"),
    *fields("website", "url", group="company"),
    *fields("mainPhone", "phone", group="company"),
    Field("annualRevenue", "currency", group="company"),
    Field("numberOfEmployees", "integer", group="company"),
    *fields("billingStreet billingCity billingState billingPostalCode billingCountry", group="company"),
    Field("externalCompanyId", searchable=True, length=100),
    Field("externalSalesPersonId", searchable=True, length=100),
    Field("ecid", searchable=True, group="custom"),
]
_CRM_FIELDS = [
    *fields(
        "sfdcAccountId sfdcContactId sfdcLeadId sfdcLeadOwnerId", searchable=True, read_only=True, group="crm"
    ),
    Field("sfdcType", read_only=True, group="crm"),
]
DEFAULT_LEAD_FIELDS = ("id", "email", "firstName", "lastName", "createdAt", "updatedAt")


class FieldSet:
    """The fields of one object by REST name, in describe's order."""

    def __init__(self, fields: Iterable[Field], numbers: Mapping[str, int] | None = None) -> None:
        self.by_name: Mapping[str, Field] = {field.name: field for field in fields}
        self.numbers = numbers or {name: number for number, name in enumerate(self.by_name, start=2)}
        """The number describe gives each field, as activities 13 and leadchanges carry it."""

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def chosen(self, names: Iterable[str], default: Iterable[str]) -> list[str]:
        """The asked-for names without repetition, or the default; 1006 for an unknown one."""
        found = list(dict.fromkeys(names)) or list(default)
        for name in found:
            if name not in self.by_name:
                raise MarketoError("1006", f"Field '{name}' not found")
        return found

    def reader(self, names: Sequence[str]) -> Callable[[Mapping[str, Any]], Iterator[Any]]:
        """What gives a record's values of these fields, in their order."""
        chosen = [self.by_name[name] for name in names]
        keys = [field.key for field in chosen]
        if not any(field.is_cast for field in chosen):
            return lambda record: map(record.get, keys)
        return lambda record: (field.cast(record.get(field.key)) for field in chosen)

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
                "description": field.description,
                "dataType": field.data_type,
                **({"length": field.size} if field.size else {}),
                "isHidden": field.is_hidden,
                "isHtmlEncodingInEmail": field.is_encoded,
                "isSensitive": field.is_sensitive,
                "isCustom": field.group == "custom",
                "isApiCreated": field.is_api_created,
            }
            for field in self.by_name.values()
        ]

    def attributes(self) -> list[dict[str, Any]]:
        """Rows of the older leads/describe.json; `id` there is the field's own number."""
        return [
            {
                "id": self.numbers[field.name],
                "displayName": field.label,
                "dataType": field.data_type,
                **({"length": field.size} if field.size else {}),
                "rest": {"name": field.name, "readOnly": field.read_only},
                "soap": {"name": field.label.replace(" ", ""), "readOnly": field.read_only},
            }
            for field in self.by_name.values()
        ]

    def number(self, name: str) -> int:
        return self.numbers[name]


def lead_fields(crm_synced: bool, seen: Iterable[str] = ()) -> FieldSet:
    """The lead's fields: standard, those of a CRM sync, and any further ones that records carry as custom."""
    found = {field.name: field for field in [*_LEAD_FIELDS, *(_CRM_FIELDS if crm_synced else [])]}
    for name in sorted(set(seen) - set(found)):
        found[name] = Field(name, group="custom")
    return FieldSet(found.values())


def coerce(field: Field, value: Any) -> Any:
    """A written value as the store keeps it; 1001 when it isn't of the field's type. Empty becomes None."""
    if value is None or value == "":
        return None
    try:
        if field.data_type in ("integer", "percent", "score"):
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
