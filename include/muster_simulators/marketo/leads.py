"""Leads: describe, read by id and by filter, delete, partitions. Writing is in lead_sync.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from muster_simulators.marketo.call import Call, whole
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing, skipped
from muster_simulators.marketo.fields import DEFAULT_LEAD_FIELDS
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.paging import page
from muster_simulators.store import Record
from muster_simulators.world.model import Change

MATCHES_PER_FILTER = 1000
VALUES_PER_FILTER = 300


def shown(instance: Instance, lead: Record, fields: Sequence[str]) -> Record:
    """A lead as JSON answers show it: `id` always, empty fields as null."""
    return {"id": lead["id"], **dict(zip(fields, instance.lead_fields.reader(fields)(lead), strict=True))}


def chosen_fields(instance: Instance, call: Call) -> list[str]:
    return instance.lead_fields.chosen(call.many("fields"), DEFAULT_LEAD_FIELDS)


def filter_values(call: Call) -> list[str]:
    """`filterValues`, 1 to 300."""
    values = call.many("filterValues")
    if not values:
        raise missing("filterValues")
    if len(values) > VALUES_PER_FILTER:
        raise MarketoError("1003", f"Max number of filter values exceeded: {VALUES_PER_FILTER}")
    return values


def describe(instance: Instance, call: Call) -> Answer:
    return {"result": instance.lead_fields.attributes()}


def describe2(instance: Instance, call: Call) -> Answer:
    fields = instance.lead_fields
    searchable = [[name] for name in fields.searchable]
    return {"result": [{"name": "API Lead", "searchableFields": searchable, "fields": fields.described()}]}


def one_lead(instance: Instance, call: Call, lead_id: str) -> Answer:
    fields = chosen_fields(instance, call)
    lead = instance.store.get("leads", lead_id)
    if lead is None:
        raise MarketoError("1004", f"Lead '{lead_id}' not found")
    return {"result": [shown(instance, lead, fields)]}


def leads_by_filter(instance: Instance, call: Call) -> Answer:
    kind = call.required("filterType")
    fields = chosen_fields(instance, call)
    if kind not in instance.lead_fields.searchable:
        raise MarketoError("1011", f"Field '{kind}' not supported")
    stored = instance.lead_fields.by_name[kind].key
    keys = instance.find("leads", stored, filter_values(call), "id")
    if len(keys) > MATCHES_PER_FILTER:
        raise MarketoError("1003", "Too many results match the filter")
    part, beside = page(instance, call, "leads", keys)
    found = (instance.store.get("leads", key) for key in part)
    return {"result": [shown(instance, lead, fields) for lead in found if lead is not None], **beside}


def delete_leads(instance: Instance, call: Call) -> Answer:
    """Takes leads and their memberships away and leaves activity 37."""
    results: list[dict[str, Any]] = []
    with instance.writing:
        now, changes, gone = instance.clock.now(), [], set()
        for lead_id in call.ids():
            lead = instance.lead(lead_id)
            if lead is None or lead_id in gone:
                results.append(skipped("1004", id=lead_id))
                continue
            gone.add(lead_id)
            changes += removal(instance, lead, now)
            results.append({"id": lead_id, "status": "deleted"})
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, "leads_deleted", len(gone))
    return {"result": results}


def removal(instance: Instance, lead: Record, now: datetime) -> list[Change]:
    """What goes with a lead: its memberships; and activity 37."""
    lead_id = int(lead["id"])
    name = " ".join(part for part in (lead.get("firstName"), lead.get("lastName")) if part)
    gone = [
        (kind, key)
        for kind in ("list_members", "program_members")
        for key in instance.find(kind, "leadId", [lead_id], "")
    ]
    return [
        instance.change("leads", str(lead_id), None, now),
        *(instance.change(kind, key, None, now) for kind, key in gone),
        instance.activity(37, lead_id, (lead_id, name or None), {"Remove From CRM": False}, now),
    ]


def partitions(instance: Instance, call: Call) -> Answer:
    names = instance.options.partitions
    return {"result": [{"id": n, "name": name, "description": ""} for n, name in enumerate(names, start=1)]}


def update_partitions(instance: Instance, call: Call) -> Answer:
    """Partitions are kept (`lead_partitions`) but narrow nothing: every lead is visible to every user."""
    results = []
    with instance.writing:
        now, changes = instance.clock.now(), list[Change]()
        for item in call.inputs():
            lead_id, name = whole(item.get("id")), item.get("partitionName")
            if instance.lead(lead_id) is None:
                results.append(skipped("1004", id=lead_id))
            elif name not in instance.options.partitions:
                results.append(skipped("1008", f"Lead partition '{name}' not accessible", id=lead_id))
            else:
                partition = {"leadId": lead_id, "partitionName": name}
                changes.append(instance.change("lead_partitions", str(lead_id), partition, now))
                results.append({"id": lead_id, "status": "updated"})
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, "lead_partitions_updated", len(changes))
    return {"result": results}


ROUTES: list[Route] = [
    ("GET", "/rest/v1/leads/describe.json", describe),
    ("GET", "/rest/v1/leads/describe2.json", describe2),
    ("GET", "/rest/v1/lead/{id}.json", one_lead),
    ("GET", "/rest/v1/leads.json", leads_by_filter),
    ("POST", "/rest/v1/leads/delete.json", delete_leads),
    ("DELETE", "/rest/v1/leads.json", delete_leads),
    ("GET", "/rest/v1/leads/partitions.json", partitions),
    ("POST", "/rest/v1/leads/partitions.json", update_partitions),
]
