"""An attribute as the metadata show it and as a row names it, and short makers for the usual kinds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LOOKUPS = frozenset({"Lookup", "Customer", "Owner"})
CHOICES = frozenset({"Picklist", "State", "Status", "Boolean"})
NAMESPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


@dataclass(frozen=True)
class Attribute:
    """`type` is AttributeType; a multi-select has the type `Virtual` and `is_multi`. `source_type` 1 calculated, 2 rollup."""

    name: str
    type: str
    options: Mapping[int, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    attribute_of: str | None = None
    is_readable: bool = True
    is_secured: bool = False
    is_key: bool = False
    is_multi: bool = False
    is_date_only: bool = False
    source_type: int | None = None

    @property
    def property_name(self) -> str:
        """As a row and `$select` name it."""
        return f"_{self.name}_value" if self.type in LOOKUPS else self.name

    @property
    def is_selectable(self) -> bool:
        return self.is_readable and self.attribute_of is None and (self.type != "Virtual" or self.is_multi)

    def describe(self, table: str) -> dict[str, Any]:
        """One entry of `Attributes`."""
        kind = "MultiSelectPicklist" if self.is_multi else self.type
        return {
            "@odata.type": f"#Microsoft.Dynamics.CRM.{kind}AttributeMetadata",
            "LogicalName": self.name,
            "SchemaName": self.name,
            "EntityLogicalName": table,
            "AttributeType": self.type,
            "AttributeTypeName": {"Value": f"{kind}Type"},
            "AttributeOf": self.attribute_of,
            "IsValidForRead": self.is_readable,
            "IsPrimaryId": self.is_key,
            "IsSecured": self.is_secured,
            "IsCustomAttribute": "_" in self.name and not self.name.startswith(("address1_", "_")),
            "SourceType": self.source_type,
            "MetadataId": str(uuid.uuid5(NAMESPACE, f"{table}.{self.name}")),
        }


def text(*names: str) -> list[Attribute]:
    return [Attribute(name, "String") for name in names]


def memo(*names: str) -> list[Attribute]:
    return [Attribute(name, "Memo") for name in names]


def whole(*names: str) -> list[Attribute]:
    return [Attribute(name, "Integer") for name in names]


def money(*names: str) -> list[Attribute]:
    return [Attribute(name, "Money") for name in names]


def flag(*names: str) -> list[Attribute]:
    return [Attribute(name, "Boolean", {0: "No", 1: "Yes"}) for name in names]


def moment(*names: str) -> list[Attribute]:
    return [Attribute(name, "DateTime") for name in names]


def day(*names: str) -> list[Attribute]:
    return [Attribute(name, "DateTime", is_date_only=True) for name in names]


def choice(name: str, *labels: str, first: int = 1, own: Mapping[str, int] | None = None) -> Attribute:
    """`own`: label -> number of the values that the organisation added."""
    added = {number: label for label, number in (own or {}).items()}
    return Attribute(name, "Picklist", {**dict(enumerate(labels, start=first)), **added})


def lookup(name: str, *targets: str) -> list[Attribute]:
    """A lookup and its name, which no query can ask for."""
    return [
        Attribute(name, "Lookup", targets=targets),
        Attribute(f"{name}name", "String", attribute_of=name),
    ]


def status(states: Mapping[int, str], reasons: Mapping[int, str]) -> list[Attribute]:
    return [Attribute("statecode", "State", states), Attribute("statuscode", "Status", reasons)]
