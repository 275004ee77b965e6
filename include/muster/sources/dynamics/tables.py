"""Tables as the organisation describes them: which columns to ask for, and what each becomes in the raw table.

A column keeps the name that the Web API gives it: `emailaddress1`, `_parentcustomerid_value`. A choice also gives
`<name>__label`; a lookup gives `<name>__label` (the name of the record it leads to) and `<name>__lookuplogicalname`
(its table). `deletedentity__reason` says why a record is gone, and is empty for every record that was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster.errors import SourceError
from muster.http.jsontext import as_text
from muster.lake.drift import Described
from muster.sources.dynamics.api import FORMATTED, LOOKUP_NAME, DynamicsApi

TABLES: Mapping[str, str] = {
    "accounts": "account",
    "contacts": "contact",
    "leads": "lead",
    "opportunities": "opportunity",
    "connections": "connection",
    "campaigns": "campaign",
    "lists": "list",
    "listmembers": "listmember",
    "activitypointers": "activitypointer",
    "emails": "email",
    "phonecalls": "phonecall",
    "appointments": "appointment",
    "systemusers": "systemuser",
}
LOOKUPS = frozenset({"Lookup", "Customer", "Owner"})
CHOICES = frozenset({"Picklist", "State", "Status", "Boolean", "MultiSelectPicklist"})
UNREADABLE = frozenset({"Virtual", "ManagedProperty", "CalendarRules", "PartyList", "Image", "File"})
STAMP = "modifiedon"
REASON = "deletedentity__reason"
LABEL, LOOKUP = "__label", "__lookuplogicalname"
LONGEST_SELECT = 24_000  # an address may be 32,768 characters long; the filter and the host need some of it
ENTITY = "LogicalName,EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled"
ATTRIBUTE = (
    "LogicalName,AttributeType,AttributeTypeName,AttributeOf,IsValidForRead,IsSecured,SourceType,MetadataId"
)

Row = dict[str, str | None]


@dataclass(frozen=True)
class Column:
    """`name` as in an answer, `raw` the columns it gives: raw name -> name in an answer."""

    name: str
    kind: str
    id: str
    raw: Mapping[str, str]
    is_secured: bool
    is_calculated: bool


@dataclass(frozen=True)
class Table:
    """`path`: its entity set. `is_tracked`: does the organisation track its changes?"""

    name: str
    path: str
    key: str
    is_tracked: bool
    columns: tuple[Column, ...]

    @property
    def select(self) -> dict[str, str]:
        """`$select` with every column; nothing where that would make the address too long: then all columns come."""
        text = ",".join(column.name for column in self.columns)
        return {"$select": text} if len(text) <= LONGEST_SELECT else {}

    @property
    def raw_names(self) -> list[str]:
        return [*(name for column in self.columns for name in column.raw), REASON]

    @property
    def described(self) -> Described:
        return Described(
            {column.name: column.kind for column in self.columns},
            {column.name: column.id for column in self.columns if column.id},
        )

    def row_of(self, item: Mapping[str, Any]) -> Row:
        """A record's text by raw names."""
        row = {raw: as_text(item.get(name)) for column in self.columns for raw, name in column.raw.items()}
        return {**row, REASON: None}

    def gone(self, key: str, reason: str, told_at: str) -> Row:
        """A record that is no longer there. Its stamp is when that was told, so that it is its newest version."""
        return {**dict.fromkeys(self.raw_names), self.key: key, STAMP: told_at, REASON: reason}


def describe(api: DynamicsApi, name: str) -> Table:
    """The table of this logical name. Raises SourceError where it can't be read by windows."""
    asked = {"$select": ENTITY, "$expand": f"Attributes($select={ATTRIBUTE})"}
    facts = api.get(f"EntityDefinitions(LogicalName='{name}')", asked)
    attributes = facts.get("Attributes")
    path, key = facts.get("EntitySetName"), facts.get("PrimaryIdAttribute")
    if not isinstance(attributes, list) or not path or not key:
        raise SourceError(f"{name} is described without columns, key or address", where=api.where)
    columns = tuple(_column(one) for one in attributes if _is_readable(one))
    known = {column.name for column in columns}
    if missing := [one for one in (str(key), STAMP) if one not in known]:
        hint = "a table without modifiedon can't be read by windows; a column may be hidden from the application user"
        raise SourceError(f"{name} is described without {', '.join(missing)}", where=api.where, hint=hint)
    return Table(name, str(path), str(key), bool(facts.get("ChangeTrackingEnabled")), columns)


def _kind(attribute: Mapping[str, Any]) -> str:
    """The type; a multi-select says `Virtual` and tells what it is by its type's name."""
    named = str((attribute.get("AttributeTypeName") or {}).get("Value") or "").removesuffix("Type")
    return (
        "MultiSelectPicklist"
        if named == "MultiSelectPicklist"
        else str(attribute.get("AttributeType") or named)
    )


def _is_readable(attribute: Mapping[str, Any]) -> bool:
    is_part = attribute.get("AttributeOf") is not None
    return bool(attribute.get("IsValidForRead")) and not is_part and _kind(attribute) not in UNREADABLE


def _column(attribute: Mapping[str, Any]) -> Column:
    kind, logical = _kind(attribute), str(attribute["LogicalName"])
    name = f"_{logical}_value" if kind in LOOKUPS else logical
    raw = {name: name}
    if kind in LOOKUPS or kind in CHOICES:
        raw[f"{name}{LABEL}"] = f"{name}@{FORMATTED}"
    if kind in LOOKUPS:
        raw[f"{name}{LOOKUP}"] = f"{name}@{LOOKUP_NAME}"
    return Column(
        name,
        kind,
        str(attribute.get("MetadataId") or ""),
        raw,
        bool(attribute.get("IsSecured")),
        str(attribute.get("SourceType") or "0") in ("1", "2", "3"),
    )
