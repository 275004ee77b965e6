"""What all routes of one simulated subscription share."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.marketo.activity_index import ActivityIndex
from muster_simulators.marketo.fields import FieldSet, lead_fields
from muster_simulators.marketo.identity import Tokens
from muster_simulators.marketo.limits import Limits
from muster_simulators.marketo.options import MarketoOptions
from muster_simulators.marketo.values import same
from muster_simulators.store import Record, Store
from muster_simulators.web import Stats
from muster_simulators.world.model import Change

FIRST_WRITTEN_ID = 9_000_000
"""Ids of what clients create start here, far from the world's own."""


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
    ) -> None:
        self.store, self.clock, self.faults, self.options, self.stats = store, clock, faults, options, stats
        self.tokens = Tokens(clients, clock, options.token_seconds, store.source)
        self.limits = Limits(store.source, options, stats)
        self.writing = threading.RLock()
        self.activity_index = ActivityIndex(store)
        self._last_ids: dict[str, int] = {}
        self._lead_fields: FieldSet | None = None

    @property
    def source(self) -> str:
        return self.store.source

    @property
    def lead_fields(self) -> FieldSet:
        """The lead's fields, those included that only some record of this subscription carries."""
        if self._lead_fields is None:
            leads = list(self.store.records("leads").values())
            seen = {name for lead in leads for name in lead}
            fields = lead_fields(self.options.crm_sync != "off", seen)
            if not leads:
                return fields
            self._lead_fields = fields
        return self._lead_fields

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


def _by_number(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdigit() else (0, key)
