"""An org whose fields change while it is read: hidden by field-level security, shown again, added, renamed, retyped.

Each step moves the `Last-Modified` of the descriptions. A field's values stay in the records when it is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.salesforce.fields import NUMBERS, Field, Getter, Record
from muster_simulators.salesforce.options import SalesforceOptions
from muster_simulators.salesforce.schema import Schema

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""When the org's fields last changed before anybody looked."""


class Fields:
    """The org's schema now, and the ways to change it. Names are `Contact.Tier__c`."""

    def __init__(self, options: SalesforceOptions, clock: SimClock) -> None:
        self._options, self._clock = options, clock
        self._hidden = set(options.hidden_fields)
        self._changed: dict[str, dict[str, Field]] = {}
        self.described_at = FIRST
        self.schema = Schema(options)

    def hide(self, name: str) -> None:
        """Field-level security takes the field from the integration user."""
        self._field(name)
        self._hidden.add(name)
        self._rebuild()

    def show(self, name: str) -> None:
        """Give it back. Raises ValueError where it isn't hidden."""
        if name not in self._hidden:
            raise ValueError(f"'{name}' is not hidden")
        self._hidden.discard(name)
        self._rebuild()

    def add(self, sobject: str, field: Field) -> None:
        self._put(sobject, field)
        self._hidden.discard(f"{sobject}.{field.name}")
        self._rebuild()

    def rename(self, name: str, to: str) -> None:
        """Another API name; the values stand under the new one."""
        sobject, field = name.partition(".")[0], self._field(name)
        read = field.getter()
        self._put(sobject, replace(field, name=to, label=to, compute=_renamed(to, read)))
        self._hidden.discard(f"{sobject}.{to}")
        self._hidden.add(name)
        self._rebuild()

    def retype(self, name: str, type_: str) -> None:
        """Another type; what can't be read as it stays as it was written."""
        sobject, field = name.partition(".")[0], self._field(name)
        self._put(sobject, replace(field, type=type_, compute=_as(type_, field.getter())))
        self._rebuild()

    def step(self, step: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """One step as the control server takes it; the fields of the object it names (of all for None).

        `{"op": "drop", "name": "Contact.DoNotCall"}` hides, `add` shows again or makes a text field (or one of
        `dataType`), `rename` wants `to`, `retype` wants `dataType`. Raises ValueError.
        """
        if step is None:
            return [
                {"object": each.name, **field.describe()}
                for each in self.schema.objects.values()
                for field in each.fields
            ]
        name = str(step["name"])
        needed = {"rename": "to", "retype": "dataType"}.get(step["op"], "name")
        if not step.get(needed):
            raise ValueError(f"{step['op']} needs '{needed}'")
        sobject, _, bare = name.partition(".")
        match step["op"]:
            case "drop":
                self.hide(name)
            case "add" if name in self._hidden:
                self.show(name)
            case "add":
                self.add(sobject, Field(bare, str(step.get("dataType") or "string"), length=255))
            case "rename":
                self.rename(name, str(step["to"]))
            case "retype":
                self.retype(name, str(step["dataType"]))
        return [field.describe() for field in self.schema.get(sobject).fields]

    def _field(self, name: str) -> Field:
        sobject, _, field = name.partition(".")
        kind = self.schema.find(sobject)
        found = kind.by_name.get(field.lower()) if kind is not None else None
        if found is None:
            raise ValueError(f"there is no field '{name}'")
        return found

    def _put(self, sobject: str, field: Field) -> None:
        if self.schema.find(sobject) is None:
            raise ValueError(f"there is no object '{sobject}'")
        self._changed.setdefault(sobject, {})[field.name] = field

    def _rebuild(self) -> None:
        changed = {name: tuple(fields.values()) for name, fields in self._changed.items()}
        self.schema = Schema(self._options, hidden=frozenset(self._hidden), changed=changed)
        self.described_at = max(self.described_at, self._clock.now().replace(microsecond=0))


def _renamed(name: str, old: Getter) -> Getter:
    def read(record: Record) -> Any:
        return record[name] if name in record else old(record)

    return read


def _as(type_: str, old: Getter) -> Getter:
    """Numbers out of text where there are any; text out of everything."""

    def read(record: Record) -> Any:
        value = old(record)
        if value is None or value == "":
            return None
        if type_ == "boolean":
            return str(value).lower() in ("true", "1")
        if type_ not in NUMBERS:
            return str(value)
        try:
            return float(value)
        except (TypeError, ValueError):
            return None

    return read
