"""Rows as the Web API writes them: values by kind, formatted values, and which table a lookup leads to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from muster_simulators.dynamics.attributes import LOOKUPS, Attribute
from muster_simulators.dynamics.tables import Schema, Table
from muster_simulators.store import Store

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"


class Annotations:
    """What `Prefer: odata.include-annotations="..."` asks for: names, with `*` at the end for any."""

    def __init__(self, asked: str) -> None:
        self._names = [name.strip() for name in asked.split(",") if name.strip()]

    def wants(self, name: str) -> bool:
        return any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in self._names)


def written(
    row: Mapping[str, Any],
    table: Table,
    attributes: list[Attribute],
    asked: Annotations,
    schema: Schema,
    store: Store,
) -> dict[str, Any]:
    """One record of an answer."""
    found: dict[str, Any] = {"@odata.etag": f'W/"{row.get("versionnumber") or 1}"'}
    for attribute in attributes:
        name = attribute.property_name
        value = None if attribute.is_secured else _value(row.get(name), attribute)
        found[name] = value
        if value is None:
            continue
        target = _target(row, attribute, schema, store)
        label = _label(value, attribute, target, store)
        if label is not None and asked.wants(FORMATTED):
            found[f"{name}@{FORMATTED}"] = label
        if target is not None and asked.wants(LOGICAL_NAME):
            found[f"{name}@{LOGICAL_NAME}"] = target.name
    return found


def _value(value: Any, attribute: Attribute) -> Any:
    """A text that is empty is none: the service keeps no empty texts."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d" if attribute.is_date_only else "%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


def _target(row: Mapping[str, Any], attribute: Attribute, schema: Schema, store: Store) -> Table | None:
    """The table that holds the record a lookup names; the only or first one it may lead to where none does."""
    if attribute.type not in LOOKUPS:
        return None
    key = str(row.get(attribute.property_name))
    tables = [schema.by_name[name] for name in attribute.targets if name in schema.by_name]
    return next(
        (one for one in tables if store.get(one.set_name, key) is not None), tables[0] if tables else None
    )


def _label(value: Any, attribute: Attribute, target: Table | None, store: Store) -> str | None:
    if target is not None:
        found = store.get(target.set_name, str(value)) or {}
        name = found.get(target.title)
        return None if name is None else str(name)
    if attribute.is_multi:
        return "; ".join(attribute.options.get(int(one), one) for one in str(value).split(","))
    if attribute.options:
        return attribute.options.get(int(value))
    if attribute.type in ("Money", "Integer", "DateTime"):
        return str(value)
    return None
