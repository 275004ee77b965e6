"""Lead sync: update, create, or both, with one result a record in input order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, invalid, skipped
from muster_simulators.marketo.fields import Field, coerce
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import same
from muster_simulators.store import Record
from muster_simulators.world.model import Change

ACTIONS = ("createOrUpdate", "createOnly", "updateOnly", "createDuplicate")


def sync_leads(instance: Instance, call: Call) -> Answer:
    """POST leads.json. All records of one call are journalled together."""
    action = call.one("action", "createOrUpdate") or ""
    lookup = call.one("lookupField", "email") or ""
    _check(instance, call, action, lookup)
    items = call.inputs()
    with instance.writing:
        sync = Sync(instance, action, lookup, instance.clock.now())
        results = [sync.record(item) for item in items]
        if sync.changes:
            instance.store.write(sync.changes)
        for status in ("created", "updated"):
            count = sum(result["status"] == status for result in results)
            instance.stats.wrote(instance.source, f"leads_{status}", count)
    return {"result": results}


def _check(instance: Instance, call: Call, action: str, lookup: str) -> None:
    if action not in ACTIONS:
        raise invalid(action, "SyncAction")
    if lookup not in instance.lead_fields.searchable:
        raise MarketoError("1011", f"Field '{lookup}' not supported")
    if lookup == "id" and action != "updateOnly":
        raise MarketoError("1003", f"Action '{action}' not supported with lookupField 'id'")
    partition = call.one("partitionName")
    if partition is not None and action not in ("createOnly", "createOrUpdate"):
        raise MarketoError("1003", f"partitionName not supported with action '{action}'")
    if partition is not None and partition not in instance.options.partitions:
        raise MarketoError("1008", f"Lead partition '{partition}' not accessible")


class Sync:
    """One call's records: later ones see what earlier ones of the same call created."""

    def __init__(self, instance: Instance, action: str, lookup: str, now: datetime) -> None:
        self.instance, self.action, self.lookup, self.now = instance, action, lookup, now
        self.changes: list[Change] = []
        self._fresh: dict[str, list[Record]] = {}

    def record(self, item: Record) -> dict[str, Any]:
        try:
            values = self._values(item)
        except MarketoError as refusal:
            return skipped(refusal.code, refusal.message)
        wanted = item.get(self.lookup)
        if wanted in (None, ""):
            return skipped("1003", f"Value for required field '{self.lookup}' not specified")
        matches = [] if self.action == "createDuplicate" else self._matches(wanted)
        if len(matches) > 1:
            return skipped("1007", "Multiple leads match the lookup criteria")
        if matches and self.action == "createOnly":
            return skipped("1005", "Lead already exists", id=matches[0]["id"])
        if not matches and self.action == "updateOnly":
            return skipped("1004")
        return self._update(matches[0], values) if matches else self._create(values)

    def _values(self, item: Record) -> dict[Field, Any]:
        """The writable values; company fields are ignored, as the lead only inherits them."""
        fields, values = self.instance.lead_fields, dict[Field, Any]()
        for name, value in item.items():
            if name not in fields:
                raise MarketoError("1006", f"Field '{name}' not found")
            field = fields.by_name[name]
            if name == "id":
                if self.action != "updateOnly":
                    raise MarketoError("1003", "Field 'id' is allowed with action 'updateOnly' only")
            elif field.read_only and name != self.lookup:
                raise MarketoError("1003", f"Field '{name}' is read only")
            elif field.group != "company" and not field.read_only:
                values[field] = coerce(field, value)
        return values

    def _matches(self, wanted: Any) -> list[Record]:
        stored = self.instance.lead_fields.by_name[self.lookup].key
        keys = self.instance.find("leads", stored, [wanted], "id")
        found = {lead["id"]: lead for key in keys if (lead := self.instance.store.get("leads", key))}
        found.update({lead["id"]: lead for lead in self._fresh.get(same(wanted), ())})
        return list(found.values())

    def _create(self, values: dict[Field, Any]) -> dict[str, Any]:
        lead_id = self.instance.next_id("leads")
        given = {field.key: value for field, value in values.items()}
        empty = dict.fromkeys(field.key for field in self.instance.lead_fields.by_name.values())
        self._keep({**empty, **given, "id": lead_id, "createdAt": self.now, "updatedAt": self.now})
        attributes = {"Source Type": "Web service API"}
        self.changes.append(
            self.instance.activity(12, lead_id, (None, "Web service API"), attributes, self.now)
        )
        return {"id": lead_id, "status": "created"}

    def _update(self, lead: Record, values: dict[Field, Any]) -> dict[str, Any]:
        changes = self.instance.lead_changed(lead, values, self.now, "Web service API")
        self.changes += changes
        for change in changes:
            if change.object == "leads":
                self._remember(change.values)
        return {"id": lead["id"], "status": "updated"}

    def _keep(self, lead: Record) -> None:
        self.changes.append(self.instance.change("leads", str(lead["id"]), lead, self.now))
        self._remember(lead)

    def _remember(self, lead: Record) -> None:
        """For the call's later records."""
        found = lead.get(self.instance.lead_fields.by_name[self.lookup].key)
        if found is not None:
            known = self._fresh.setdefault(same(found), [])
            known[:] = [other for other in known if other["id"] != lead["id"]] + [lead]


ROUTES: list[Route] = [("POST", "/rest/v1/leads.json", sync_leads)]
