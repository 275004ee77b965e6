"""Leads: describe, read by id and by filter, delete, partitions, memberships. Writing is in lead_sync.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing, skipped
from muster_simulators.marketo.fields import DEFAULT_LEAD_FIELDS
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.paging import page
from muster_simulators.store import Record
from muster_simulators.world.model import Change

MATCHES_PER_FILTER = 1000
VALUES_PER_FILTER = 300


def shown(lead: Record, fields: Sequence[str]) -> Record:
    """A lead as JSON answers show it: `id` always, empty fields as null."""
    return {"id": lead["id"], **{name: lead.get(name) for name in fields}}


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


def schema_fields(instance: Instance, call: Call) -> Answer:
    rows, beside = page(instance, call, "lead_schema", instance.lead_fields.schema())
    return {"result": list(rows), **beside}


def schema_field(instance: Instance, call: Call, name: str) -> Answer:
    rows = [row for row in instance.lead_fields.schema() if row["name"] == name]
    if not rows:
        raise MarketoError("1006", f"Field '{name}' not found")
    return {"result": rows}


def one_lead(instance: Instance, call: Call, lead_id: str) -> Answer:
    fields = chosen_fields(instance, call)
    lead = instance.store.get("leads", lead_id)
    if lead is None:
        raise MarketoError("1004", f"Lead '{lead_id}' not found")
    return {"result": [shown(lead, fields)]}


def leads_by_filter(instance: Instance, call: Call) -> Answer:
    kind = call.required("filterType")
    fields = chosen_fields(instance, call)
    if kind not in instance.lead_fields.searchable:
        raise MarketoError("1011", f"Field '{kind}' not supported")
    keys = instance.find("leads", kind, filter_values(call), "id")
    if len(keys) > MATCHES_PER_FILTER:
        raise MarketoError("1003", "Too many results match the filter")
    part, beside = page(instance, call, "leads", keys)
    found = (instance.store.get("leads", key) for key in part)
    return {"result": [shown(lead, fields) for lead in found if lead is not None], **beside}


def delete_leads(instance: Instance, call: Call) -> Answer:
    """Takes leads and their list memberships away and leaves activity 37."""
    results: list[dict[str, Any]] = []
    with instance.writing:
        now, changes, gone = instance.clock.now(), [], set()
        for lead_id in call.ids():
            lead = instance.lead(lead_id)
            if lead is None or lead_id in gone:
                results.append(skipped("1004", id=lead_id))
                continue
            gone.add(lead_id)
            changes += _removal(instance, lead, now)
            results.append({"id": lead_id, "status": "deleted"})
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, "leads_deleted", len(gone))
    return {"result": results}


def _removal(instance: Instance, lead: Record, now: Any) -> list[Change]:
    lead_id = int(lead["id"])
    name = " ".join(part for part in (lead.get("firstName"), lead.get("lastName")) if part)
    memberships = instance.find("list_members", "leadId", [lead_id], "")
    return [
        instance.change("leads", str(lead_id), None, now),
        *(instance.change("list_members", key, None, now) for key in memberships),
        instance.activity(37, lead_id, (lead_id, name or None), {"Remove From CRM": False}, now),
    ]


def partitions(instance: Instance, call: Call) -> Answer:
    names = instance.options.partitions
    return {"result": [{"id": n, "name": name, "description": ""} for n, name in enumerate(names, start=1)]}


def update_partitions(instance: Instance, call: Call) -> Answer:
    """Answers like the real call; partitions have no effect here, every lead is visible to every user."""
    results = []
    for item in call.inputs():
        lead_id, name = int(item.get("id", 0)), item.get("partitionName")
        if instance.lead(lead_id) is None:
            results.append(skipped("1004", id=lead_id))
        elif name not in instance.options.partitions:
            results.append(skipped("1008", f"Lead partition '{name}' not accessible", id=lead_id))
        else:
            results.append({"id": lead_id, "status": "updated"})
    return {"result": results}


def list_memberships(instance: Instance, call: Call, lead_id: str) -> Answer:
    if instance.store.get("leads", lead_id) is None:
        raise MarketoError("1004", f"Lead '{lead_id}' not found")
    keys = instance.find("list_members", "leadId", [lead_id], "")
    members = [instance.store.get("list_members", key) for key in keys]
    lists = [instance.store.get("static_lists", str(m["listId"])) for m in members if m is not None]
    rows = [
        {"listId": found["id"], "createdAt": found["createdAt"], "updatedAt": found["updatedAt"]}
        for found in lists
        if found is not None
    ]
    part, beside = page(instance, call, "list_membership", rows)
    return {"result": list(part), **beside}


def no_memberships(instance: Instance, call: Call, lead_id: str) -> Answer:
    """Programs and smart campaigns have no members in the simulated world."""
    if instance.store.get("leads", lead_id) is None:
        raise MarketoError("1004", f"Lead '{lead_id}' not found")
    return {"result": [], "moreResult": False}


ROUTES: list[Route] = [
    ("GET", "/rest/v1/leads/describe.json", describe),
    ("GET", "/rest/v1/leads/describe2.json", describe2),
    ("GET", "/rest/v1/leads/schema/fields.json", schema_fields),
    ("GET", "/rest/v1/leads/schema/fields/{name}.json", schema_field),
    ("GET", "/rest/v1/lead/{id}.json", one_lead),
    ("GET", "/rest/v1/leads.json", leads_by_filter),
    ("POST", "/rest/v1/leads/delete.json", delete_leads),
    ("DELETE", "/rest/v1/leads.json", delete_leads),
    ("GET", "/rest/v1/leads/partitions.json", partitions),
    ("POST", "/rest/v1/leads/partitions.json", update_partitions),
    ("GET", "/rest/v1/leads/{id}/listMembership.json", list_memberships),
    ("GET", "/rest/v1/leads/{id}/programMembership.json", no_memberships),
    ("GET", "/rest/v1/leads/{id}/smartCampaignMembership.json", no_memberships),
]
