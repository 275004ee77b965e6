"""One simulated portal: its object types, its records as the API shows them, and who may ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.faults import FaultPlan
from muster_simulators.hubspot.errors import ApiError, invalid
from muster_simulators.hubspot.limits import Limits
from muster_simulators.hubspot.options import HubSpotOptions
from muster_simulators.hubspot.schema import STANDARD, ObjectType, Property, _system
from muster_simulators.store import Record, Store
from muster_simulators.web import Stats


class Portal:
    """Everything behind the routes. A stored record is flat: properties by name, `archived` and `archivedAt`."""

    def __init__(
        self,
        store: Store,
        *,
        clock: SimClock,
        faults: FaultPlan,
        clients: Mapping[str, str],
        options: HubSpotOptions,
        stats: Stats,
    ) -> None:
        self.store, self.clock, self.faults, self.stats = store, clock, faults, stats
        self.options = options
        self.tokens = frozenset(clients.values())
        self.limits = Limits(options, clock, stats, store.source)
        self.types = {name: self._adjusted(kind) for name, kind in STANDARD.items()}
        self.types |= {one.name: self._custom(one.name) for one in options.custom_objects}

    @property
    def source(self) -> str:
        return self.store.source

    def _adjusted(self, kind: ObjectType) -> ObjectType:
        added = self.options.custom_properties.get(kind.name, ())
        own = tuple(
            one
            for one in (*kind.properties, *(replace(one, is_own=False) for one in added))
            if f"{kind.name}.{one.name}" not in self.options.hidden_properties
        )
        return replace(kind, properties=own)

    def _custom(self, name: str) -> ObjectType:
        given = next(one for one in self.options.custom_objects if one.name == name)
        stamps = _system("hs_lastmodifieddate", "hs_createdate")
        own = tuple(replace(one, is_own=False) for one in given.properties)
        return ObjectType(
            name,
            given.type_id,
            (*stamps, *own),
            ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
            created="hs_createdate",
            fully_qualified=f"p{self.options.portal_id}_{name}",
            scope="crm.objects.custom.read",
        )

    def type_of(self, name: str) -> ObjectType:
        """By its name, its singular, its type id or its fully qualified name. Raises ApiError 400."""
        for kind in self.types.values():
            singular = {"companies": "company"}.get(kind.name, kind.name.removesuffix("s"))
            if name.lower() in (kind.name, singular, kind.type_id, kind.fully_qualified):
                return kind
        raise invalid(f"Unable to infer object type from: {name}")

    # ---- records -------------------------------------------------------------------------------------------

    def records(self, kind: ObjectType, *, archived: bool) -> list[tuple[str, Record]]:
        """By id, in the order of ids."""
        found = self.store.records(kind.name).items()
        rows = [(key, row) for key, row in found if bool(row.get("archived")) == archived]
        return sorted(rows, key=lambda one: int(one[0]))

    def indexed(self, kind: ObjectType) -> list[tuple[str, Record]]:
        """What a search finds: live records whose last change the index has taken up."""
        until = self.clock.now() - timedelta(seconds=self.options.search_lag_seconds)
        return [
            (key, row)
            for key, row in self.records(kind, archived=False)
            if self.store.stamp(kind.name, key) <= until
        ]

    def find(self, kind: ObjectType, key: str, *, archived: bool = False) -> tuple[str, Record] | None:
        """A record by its id; the loser of a merge gives the winner."""
        row = self.store.get(kind.name, key)
        if row is None:
            for winner, one in self.store.records(kind.name).items():
                if key in str(one.get("hs_merged_object_ids") or "").split(";"):
                    key, row = winner, one
                    break
        return None if row is None or bool(row.get("archived")) != archived else (key, row)

    def value(self, kind: ObjectType, key: str, row: Record, name: str) -> str | None:
        """One property as text, as the API gives every value."""
        return key if name == "hs_object_id" else text_of(row.get(name))

    def show(self, kind: ObjectType, key: str, row: Record, names: Iterable[str]) -> dict[str, Any]:
        wanted = dict.fromkeys(name for name in names if kind.find(name) is not None)
        always = [one for one in (kind.created, kind.changed, "hs_object_id") if kind.find(one)]
        shown = {name: self.value(kind, key, row, name) for name in sorted({*wanted, *always})}
        created, changed = text_of(row.get(kind.created)), text_of(row.get(kind.changed))
        answer = {
            "id": key,
            "properties": shown,
            "createdAt": created or changed,
            "updatedAt": changed,
            "archived": bool(row.get("archived")),
        }
        return {**answer, "archivedAt": text_of(row.get("archivedAt"))} if row.get("archived") else answer

    def wanted(self, kind: ObjectType, given: Sequence[str] | None) -> Sequence[str]:
        return given or kind.shown


def text_of(value: Any) -> str | None:
    """Every value is text: stamps with milliseconds and Z, truth as words, numbers as they are written."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def require(kind: ObjectType, name: str, message: str) -> Property:
    """The property of this name. Raises ApiError 400."""
    found = kind.find(name)
    if found is None:
        raise ApiError(400, "VALIDATION_ERROR", message)
    return found
