"""A field as describe shows it, and short makers for the usual kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Record = Mapping[str, Any]
Getter = Callable[[Record], Any]

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
NUMBERS = frozenset({"int", "double", "currency", "percent"})
COMPOUND = frozenset({"address", "location"})


@dataclass(frozen=True)
class Field:
    """`compute` gives the value of a field that isn't stored as such (full names, addresses).

    `formula` is a path to another record's field, such as `Account.Industry`: a formula field shows what stands
    there now, and no change of it moves this record's SystemModstamp.
    """

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    calculated: bool = False
    filterable: bool = True
    sortable: bool = True
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    name_field: bool = False
    compound: str | None = None
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    picklist: tuple[str, ...] = ()
    compute: Getter | None = None
    formula: str | None = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def getter(self) -> Getter:
        """How to read the value of a record. Booleans are never null."""
        if self.compute is not None:
            return self.compute
        name = self.name
        if self.type == "boolean":
            return lambda record: bool(record.get(name))
        return lambda record: record.get(name)

    def describe(self) -> dict[str, Any]:
        """One entry of `fields` in the object's description."""
        values = [
            {"active": True, "defaultValue": False, "label": v, "validFor": None, "value": v}
            for v in self.picklist
        ]
        return {
            "aggregatable": self.type not in COMPOUND,
            "aiPredictionField": False,
            "autoNumber": False,
            "byteLength": self.length * 3
            if self.length and self.type not in ("id", "reference")
            else self.length,
            "calculated": self.calculated,
            "calculatedFormula": self.formula,
            "cascadeDelete": False,
            "caseSensitive": False,
            "compoundFieldName": self.compound,
            "controllerName": None,
            "createable": self.createable,
            "custom": self.custom,
            "defaultValue": False if self.type == "boolean" else None,
            "defaultedOnCreate": self.type == "boolean" or self.type == "id",
            "dependentPicklist": False,
            "deprecatedAndHidden": False,
            "digits": self.digits,
            "encrypted": False,
            "externalId": self.external_id,
            "filterable": self.filterable,
            "groupable": self.filterable and self.type not in ("currency", "double", "percent", "datetime"),
            "htmlFormatted": False,
            "idLookup": self.id_lookup,
            "inlineHelpText": None,
            "label": self.label or self.name,
            "length": self.length,
            "mask": None,
            "name": self.name,
            "nameField": self.name_field,
            "namePointing": False,
            "nillable": self.nillable,
            "permissionable": self.nillable and self.createable,
            "picklistValues": values,
            "polymorphicForeignKey": len(self.reference_to) > 1,
            "precision": self.precision,
            "queryByDistance": False,
            "referenceTargetField": None,
            "referenceTo": list(self.reference_to),
            "relationshipName": self.relationship,
            "relationshipOrder": None,
            "restrictedPicklist": False,
            "scale": self.scale,
            "soapType": _SOAP.get(self.type, "xsd:string"),
            "sortable": self.sortable,
            "type": self.type,
            "unique": self.unique,
            "updateable": self.updateable,
        }


def read_only(field: Field) -> Field:
    return replace(field, createable=False, updateable=False)


def required(field: Field) -> Field:
    return replace(field, nillable=False)


def text(name: str, length: int = 255, **more: Any) -> Field:
    return Field(name, "string", length=length, **more)


def long_text(name: str, length: int = 32000) -> Field:
    return Field(name, "textarea", length=length, filterable=False, sortable=False)


def short_textarea(name: str, length: int = 255, **more: Any) -> Field:
    return Field(name, "textarea", length=length, **more)


def picklist(name: str, *values: str, length: int = 255, **more: Any) -> Field:
    return Field(name, "picklist", length=length, picklist=values, **more)


def multipicklist(name: str, *values: str) -> Field:
    return Field(name, "multipicklist", length=4099, picklist=values, sortable=False)


def email(name: str) -> Field:
    return Field(name, "email", length=80, id_lookup=True)


def phone(name: str) -> Field:
    return Field(name, "phone", length=40)


def url(name: str) -> Field:
    return Field(name, "url", length=255)


def flag(name: str) -> Field:
    return Field(name, "boolean", nillable=False)


def whole(name: str, digits: int = 8) -> Field:
    return Field(name, "int", digits=digits)


def currency(name: str, precision: int = 18, scale: int = 0) -> Field:
    return Field(name, "currency", precision=precision, scale=scale)


def double(name: str, precision: int = 18, scale: int = 0, **more: Any) -> Field:
    return Field(name, "double", precision=precision, scale=scale, **more)


def percent(name: str, precision: int = 3, scale: int = 0) -> Field:
    return Field(name, "percent", precision=precision, scale=scale)


def day(name: str) -> Field:
    return Field(name, "date")


def moment(name: str) -> Field:
    return Field(name, "datetime")


def lookup(name: str, *objects: str, relationship: str | None = None, **more: Any) -> Field:
    """A reference; `OwnerId` is followed as `Owner` unless another relationship name is given."""
    follow = relationship if relationship is not None else name.removesuffix("Id")
    return Field(name, "reference", length=18, reference_to=objects, relationship=follow or None, **more)


def derived(name: str, type_: str, compute: Getter, *, length: int = 0, **more: Any) -> Field:
    """A value made of other fields; read only."""
    return Field(name, type_, length=length, compute=compute, createable=False, updateable=False, **more)


def formula(name: str, type_: str, path: str, *, length: int = 255) -> Field:
    """A formula field over a relationship: `formula("Account_Industry__c", "string", "Account.Industry")`."""
    number = type_ in NUMBERS
    return Field(
        name, type_, length=0 if number else length, precision=18 if number else 0, createable=False,
        updateable=False, calculated=True, formula=path,
    )  # fmt: skip


def address(prefix: str) -> list[Field]:
    """`Billing` -> BillingStreet ... BillingCountry and the compound BillingAddress."""
    whole_name = f"{prefix}Address"
    lengths = {"City": 40, "State": 80, "PostalCode": 20, "Country": 80}
    parts = [short_textarea(f"{prefix}Street", compound=whole_name)]
    parts += [text(f"{prefix}{part}", length, compound=whole_name) for part, length in lengths.items()]

    def compound(record: Record) -> dict[str, Any] | None:
        keys = {
            "city": "City",
            "country": "Country",
            "postalCode": "PostalCode",
            "state": "State",
            "street": "Street",
        }
        found = {key: record.get(f"{prefix}{part}") for key, part in keys.items()}
        return (
            {**found, "geocodeAccuracy": None, "latitude": None, "longitude": None}
            if any(found.values())
            else None
        )

    return [*parts, derived(whole_name, "address", compound, filterable=True, sortable=False)]


def person_name() -> list[Field]:
    """LastName, FirstName, Salutation and the compound Name (a plain string in queries)."""

    def full_name(record: Record) -> str | None:
        stored = record.get("Name")
        return stored or " ".join(filter(None, (record.get("FirstName"), record.get("LastName")))) or None

    return [
        text("LastName", 80, compound="Name", nillable=False),
        text("FirstName", 40, compound="Name"),
        picklist("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.", length=40, compound="Name"),
        derived("Name", "string", full_name, length=121, nillable=False, name_field=True),
    ]
