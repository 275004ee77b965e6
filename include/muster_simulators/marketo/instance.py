"""What all routes of one simulated subscription share."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.marketo import custom_types, schema_steps
from muster_simulators.marketo.activity_index import ActivityIndex
from muster_simulators.marketo.activity_types import activity_types
from muster_simulators.marketo.fields import Field, FieldSet, lead_fields
from muster_simulators.marketo.identity import Tokens
from muster_simulators.marketo.ledger import Ledger
from muster_simulators.marketo.limits import Limits
from muster_simulators.marketo.object_types import PROGRAM_MEMBER_FIELDS
from muster_simulators.marketo.options import MarketoOptions
from muster_simulators.marketo.values import same
from muster_simulators.store import EXTRA, Record, Store
from muster_simulators.web import Stats
from muster_simulators.world.model import Change

FIRST_WRITTEN_ID = 9_000_000
"""Ids of what clients create start here, far from the world's own."""
CUSTOM_ACTIVITIES = "custom_activity_types"
CHANGE_DATA_VALUE = 13


class Instance:
    """The store with Marketo's manners: lookups without case, new ids, writes with their activities."""

    def __init__(
        self,
        store: Store,
        *,
        clock: SimClock,
        faults: FaultPlan,
        clients: Mapping[str, str],
        options: MarketoOptions,
        stats: Stats,
        ledger: Ledger | None = None,
    ) -> None:
        self.store, self.clock, self.faults, self.options, self.stats = store, clock, faults, options, stats
        self.tokens = Tokens(clients, clock, options.token_seconds, store.source)
        self.limits = Limits(store.source, options, stats, ledger)
        self.writing = threading.RLock()
        self.activity_index = ActivityIndex(store)
        self._last_ids: dict[str, int] = {}
        self._base_fields: FieldSet | None = None
        self._stepped: dict[str, tuple[tuple[Any, ...], FieldSet]] = {}

    @property
    def source(self) -> str:
        return self.store.source

    @property
    def lead_fields(self) -> FieldSet:
        """The lead's fields, those included that only some record of this subscription carries, as they are by now."""
        base = self._base_fields
        if base is None:
            leads = list(self.store.records("leads").values())
            added = {str(step["name"]) for step in self._steps("leads").values() if step["op"] == "add"}
            seen = {name for lead in leads for name in lead if "~" not in name}
            base = lead_fields(self.options.crm_sync != "off", seen - added)
            if leads:
                self._base_fields = base
        return self._after_steps("leads", base)

    @property
    def member_fields(self) -> FieldSet:
        """The fields of a program member, with those that clients added."""
        return self._after_steps("program_members", PROGRAM_MEMBER_FIELDS)

    def _steps(self, about: str) -> dict[str, Record]:
        found = self.store.records(schema_steps.STORED_IN)
        return {key: found[key] for key in sorted(found) if found[key]["about"] == about}

    def _after_steps(self, about: str, base: FieldSet) -> FieldSet:
        if not self.store.records(schema_steps.STORED_IN):
            return base
        steps = self._steps(about)
        kept, fields = self._stepped.get(about, ((), base))
        if kept != (id(base), *steps):
            fields = schema_steps.applied(base, steps.values())
            self._stepped[about] = ((id(base), *steps), fields)
        return fields

    def keep_steps(self, about: str, steps: Sequence[Mapping[str, Any]]) -> None:
        """Change the fields of an object; see schema_steps.py."""
        now, count = self.clock.now(), len(self.store.records(schema_steps.STORED_IN))
        changes = [
            self.change(schema_steps.STORED_IN, f"{count + number:06d}", {"about": about, **step}, now)
            for number, step in enumerate(steps)
        ]
        self.store.write(changes)

    def lead_changed(
        self, lead: Record, values: Mapping[Field, Any], now: datetime, reason: str
    ) -> list[Change]:
        """A lead's new state and an activity 13 for every field that has another value than before."""
        changed = {field: value for field, value in values.items() if lead.get(field.key) != value}
        if not changed:
            return []
        key = str(lead["id"])
        stored = {field.key: value for field, value in changed.items()}
        changes = [self.change("leads", key, {**lead, **stored, "updatedAt": now}, now)]
        own = {field.key: value for field, value in changed.items() if field.group == "custom"}
        if own and self._steps("leads"):
            changes.insert(0, self.change(f"leads{EXTRA}", key, own, now))
        changes += [self._told(lead, field, value, now, reason) for field, value in changed.items()]
        return changes

    def _told(self, lead: Record, field: Field, value: Any, now: datetime, reason: str) -> Change:
        old = lead.get(field.key)
        attributes = {
            "New Value": None if value is None else str(value),
            "Old Value": None if old is None else str(old),
            "Reason": reason,
            "Source": "Web service API",
        }
        primary = (self.lead_fields.number(field.name), field.name)
        return self.activity(CHANGE_DATA_VALUE, int(lead["id"]), primary, attributes, now)

    # ---- types that clients make -----------------------------------------------------------------------------

    def custom_definitions(self) -> dict[str, Record]:
        """The custom object types by name: the built-in ones, changed or deleted by clients, and theirs."""
        found = {**custom_types.BUILT_IN, **self.store.records(custom_types.STORED_IN)}
        return {name: found[name] for name in sorted(found) if not found[name].get("isDeleted")}

    def custom_links(self) -> list[tuple[str, str]]:
        """(stored object, field) of every approved custom object that is linked to leads."""
        kinds = [custom_types.type_of(one) for one in self.custom_definitions().values() if one.get("fields")]
        return [(kind.object, link) for kind in kinds if (link := custom_types.lead_link(kind))]

    def activity_types(self) -> list[dict[str, Any]]:
        """The rows of types.json: Marketo's own, and the approved ones of clients."""
        custom = sorted(self.store.records(CUSTOM_ACTIVITIES).values(), key=lambda found: int(found["id"]))
        return [*activity_types(), *(_custom_activity(found) for found in custom if found.get("live"))]

    # ---- records ---------------------------------------------------------------------------------------------

    def fault(self, method: str, path: str, *kinds: str) -> Fault | None:
        return self.faults.take(self.source, method, path, *kinds)

    def lead(self, lead_id: int) -> Record | None:
        return self.store.get("leads", str(lead_id))

    def find(self, object_name: str, field: str, values: Sequence[Any], key: str) -> list[str]:
        """Keys of records whose field has one of the values, in order of id. `key` is the field that is the key."""
        records = self.store.records(object_name)
        if field == key:
            found = [str(value).strip() for value in values]
            return sorted({k for k in found if k in records}, key=_by_number)
        groups = self.store.keys_by(object_name, field, same)
        return sorted({k for value in values for k in groups.get(same(value), ())}, key=_by_number)

    def members(self, list_id: int) -> list[int]:
        """Ids of the live leads of a static list, in order."""
        leads, memberships = self.store.records("leads"), self.store.records("list_members")
        keys = self.store.keys_by("list_members", "listId", same).get(str(list_id), ())
        ids = (memberships[key]["leadId"] for key in list(keys) if key in memberships)
        return sorted(lead_id for lead_id in ids if str(lead_id) in leads)

    def lists_by_name(self) -> dict[str, list[int]]:
        """Members of every static list; lists of the same name are taken together."""
        found: dict[str, set[int]] = {}
        for record in list(self.store.records("static_lists").values()):
            found.setdefault(record["name"], set()).update(self.members(int(record["id"])))
        return {name: sorted(ids) for name, ids in sorted(found.items())}

    def next_id(self, object_name: str, field: str = "id", first: int = FIRST_WRITTEN_ID) -> int:
        """An id no record has had in this process, in the range of written records."""
        if object_name not in self._last_ids:
            used = (int(r[field]) for r in list(self.store.records(object_name).values()) if r.get(field))
            self._last_ids[object_name] = max((i for i in used if i >= first), default=first - 1)
        self._last_ids[object_name] += 1
        return self._last_ids[object_name]

    def change(self, object_name: str, key: str, values: Record | None, at: datetime) -> Change:
        """An upsert, or a delete when `values` is None."""
        op: Any = "delete" if values is None else "upsert"
        return Change(at, at, self.source, object_name, key, op, values or {})

    def activity(
        self,
        type_id: int,
        lead_id: int,
        primary: tuple[int | None, str | None],
        attributes: Record,
        at: datetime,
    ) -> Change:
        """A new activity of a lead."""
        number = self.next_id("activities", first=FIRST_WRITTEN_ID * 1000)
        values: Record = {
            "id": number,
            "marketoGUID": str(number),
            "leadId": lead_id,
            "activityDate": at,
            "activityTypeId": type_id,
            "campaignId": None,
            "primaryAttributeValueId": primary[0],
            "primaryAttributeValue": primary[1],
            "attributes": attributes,
        }
        return self.change("activities", str(number), values, at)


def _custom_activity(found: Record) -> dict[str, Any]:
    live, names = found["live"], ("name", "dataType", "apiName")
    return {
        "id": found["id"],
        "name": live["name"],
        "description": live.get("description") or "",
        "apiName": found["apiName"],
        "primaryAttribute": {name: live["primaryAttribute"].get(name, "string") for name in names},
        "attributes": [{name: one.get(name, "string") for name in names} for one in live["attributes"]],
    }


def _by_number(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdigit() else (0, key)
