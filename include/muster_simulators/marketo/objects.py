"""Objects that are read by key only and written by key: companies, opportunities, roles, sales persons (1018 under a
CRM sync), named accounts. Custom objects (custom_objects.py) go by the same grammar.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, invalid, missing, skipped
from muster_simulators.marketo.fields import coerce
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.leads import filter_values
from muster_simulators.marketo.object_types import (
    COMPANIES,
    NAMED_ACCOUNTS,
    OPPORTUNITIES,
    ROLES,
    SALES_PERSONS,
    ObjectType,
)
from muster_simulators.marketo.paging import page
from muster_simulators.marketo.values import iso_z, same
from muster_simulators.store import Record
from muster_simulators.world.model import HISTORY_START, Change

ACTIONS = ("createOrUpdate", "createOnly", "updateOnly")
Handler = Callable[[ObjectType, Instance, Call], Answer]


def check_crm(instance: Instance, kind: ObjectType, *, writing: bool) -> None:
    """1018 when a native CRM sync owns the object."""
    sync = instance.options.crm_sync if kind.in_crm else "off"
    if sync == "disabled" or (sync == "read_only" and (writing or kind is ROLES)):
        raise MarketoError("1018", "CRM Enabled")


def described(kind: ObjectType) -> dict[str, Any]:
    """The type as the list of types shows it; describe adds relationships and fields."""
    own = {"apiName": kind.api_name, "pluralName": kind.plural, "state": "approved", "version": "approved"}
    return {
        "name": kind.api_name or kind.label.replace(" ", ""),
        "displayName": kind.label,
        "description": kind.about or f"{kind.label} of this subscription",
        "createdAt": HISTORY_START,
        "updatedAt": HISTORY_START,
        "idField": kind.id_field,
        "dedupeFields": list(kind.dedupe_fields),
        "searchableFields": [list(names) for names in kind.searchable],
        **(own if kind.api_name else {}),
    }


def inside(kind: ObjectType) -> dict[str, Any]:
    return {"relationships": list(kind.relationships), "fields": kind.fields.described()}


def describe(kind: ObjectType, instance: Instance, call: Call) -> Answer:
    check_crm(instance, kind, writing=False)
    return {"result": [{**described(kind), **inside(kind)}]}


def query(kind: ObjectType, instance: Instance, call: Call) -> Answer:
    """By filterType and filterValues, or by compound keys in the JSON body's `input`."""
    check_crm(instance, kind, writing=False)
    wanted = call.required("filterType")
    names = {"idField": (kind.id_field,), "dedupeFields": kind.dedupe_fields}.get(wanted, (wanted,))
    fields = kind.fields.chosen(call.many("fields"), kind.default_fields)
    if names not in kind.searchable:
        raise MarketoError("1011", f"Field '{wanted}' not supported")
    if len(names) > 1 or (isinstance(call.body, dict) and call.body.get("input")):
        keys = _by_compound(kind, instance, call, names)
    else:
        keys = instance.find(kind.object, names[0], filter_values(call), kind.id_field)
    part, beside = page(instance, call, kind.family, keys)
    found = (instance.store.get(kind.object, key) for key in part)
    rows = [_row(kind, record, fields, seq) for seq, record in enumerate(r for r in found if r is not None)]
    return {"result": rows, **beside}


def _by_compound(kind: ObjectType, instance: Instance, call: Call, names: Sequence[str]) -> list[str]:
    keys: list[str] = []
    for item in call.inputs():
        for name in names:
            if item.get(name) in (None, ""):
                raise missing(name)
        found = _lookup(kind, instance, {name: item[name] for name in names})
        keys += [str(record[kind.id_field]) for record in found]
    return list(dict.fromkeys(keys))


def _lookup(kind: ObjectType, instance: Instance, wanted: Record) -> list[Record]:
    """Records whose fields all have the wanted values; the first field does the search."""
    first = next(iter(wanted))
    keys = instance.find(kind.object, first, [wanted[first]], kind.id_field)
    records = [record for key in keys if (record := instance.store.get(kind.object, key)) is not None]
    return [r for r in records if all(same(r.get(name)) == same(value) for name, value in wanted.items())]


def _row(kind: ObjectType, record: Record, fields: Sequence[str], seq: int) -> dict[str, Any]:
    """A record with `seq` and its id; empty fields are left out, currencies of opportunities are text."""
    row: dict[str, Any] = {"seq": seq, kind.id_field: record[kind.id_field]}
    for name in fields:
        value = record.get(name)
        if value is None or value == "":
            continue
        if kind is OPPORTUNITIES and kind.fields.by_name[name].data_type == "currency":
            value = f"{float(value):.2f}"
        row[name] = iso_z(value) if isinstance(value, datetime) else value
    return row


# ---- writing -------------------------------------------------------------------------------------------------


def sync(kind: ObjectType, instance: Instance, call: Call) -> Answer:
    check_crm(instance, kind, writing=True)
    action, by = call.one("action", "createOrUpdate") or "", call.one("dedupeBy", "dedupeFields") or ""
    if action not in ACTIONS:
        raise invalid(action, "SyncAction")
    names = _key_names(kind, by)
    if by == "idField" and action != "updateOnly":
        raise MarketoError("1003", "dedupeBy 'idField' is allowed with action 'updateOnly' only")
    items = call.inputs()
    _refuse_twins(items, names)
    with instance.writing:
        now, changes = instance.clock.now(), list[Change]()
        results = [_sync_one(kind, instance, item, action, names, now, changes) for item in items]
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, f"{kind.object}_written", len(changes))
    return {"result": [{"seq": seq, **result} for seq, result in enumerate(results)]}


def _key_names(kind: ObjectType, by: str) -> tuple[str, ...]:
    if by not in ("dedupeFields", "idField"):
        raise invalid(by, "DedupeBy")
    return (kind.id_field,) if by == "idField" else kind.dedupe_fields


def _refuse_twins(items: Sequence[Record], names: Sequence[str]) -> None:
    keys = [tuple(same(item.get(name)) for name in names) for item in items]
    if len(set(keys)) != len(keys):
        raise MarketoError("1036", "Duplicate object found in input")


def _sync_one(
    kind: ObjectType,
    instance: Instance,
    item: Record,
    action: str,
    names: Sequence[str],
    now: datetime,
    changes: list[Change],
) -> dict[str, Any]:
    try:
        values = _values(kind, item, names)
    except MarketoError as refusal:
        return skipped(refusal.code, refusal.message)
    found = _lookup(kind, instance, {name: item[name] for name in names})
    if found and action == "createOnly":
        return skipped("1017", "Object already exists")
    if not found and action == "updateOnly":
        return skipped("1013", "Object not found")
    number: Any = found[0][kind.id_field] if found else _new_id(kind, instance)
    empty = {**dict.fromkeys(kind.fields.by_name), kind.id_field: number, "createdAt": now}
    record = {**(found[0] if found else empty), **values, "updatedAt": now}
    changes.append(instance.change(kind.object, str(number), record, now))
    return {kind.id_field: number, "status": "updated" if found else "created"}


def _values(kind: ObjectType, item: Record, names: Sequence[str]) -> Record:
    for name in names:
        if item.get(name) in (None, ""):
            raise missing(name)
    values = {}
    for name, value in item.items():
        if name not in kind.fields:
            raise MarketoError("1006", f"Field '{name}' not found")
        if name != kind.id_field:
            values[name] = coerce(kind.fields.by_name[name], value)
    return values


def _new_id(kind: ObjectType, instance: Instance) -> Any:
    return instance.next_id(kind.object) if kind.id_field == "id" else str(uuid.uuid4())


def delete(kind: ObjectType, instance: Instance, call: Call) -> Answer:
    check_crm(instance, kind, writing=True)
    names = _key_names(kind, call.one("deleteBy", "dedupeFields") or "")
    results: list[dict[str, Any]] = []
    with instance.writing:
        now, changes = instance.clock.now(), list[Change]()
        for item in call.inputs():
            for name in names:
                if item.get(name) in (None, ""):
                    raise missing(name)
            found = _lookup(kind, instance, {name: item[name] for name in names})
            if not found:
                results.append(skipped("1013", "Object not found"))
                continue
            number = found[0][kind.id_field]
            changes.append(instance.change(kind.object, str(number), None, now))
            results.append({kind.id_field: number, "status": "deleted"})
        if changes:
            instance.store.write(changes)
        instance.stats.wrote(instance.source, f"{kind.object}_deleted", len(changes))
    return {"result": [{"seq": seq, **result} for seq, result in enumerate(results)]}


def _routes(kind: ObjectType) -> list[Route]:
    base = f"/rest/v1/{kind.family}"
    calls: list[tuple[str, str, Handler]] = [
        ("GET", f"{base}/describe.json", describe),
        ("GET", f"{base}.json", query),
        ("POST", f"{base}.json", sync),
        ("POST", f"{base}/delete.json", delete),
    ]
    return [(method, path, partial(handler, kind)) for method, path, handler in calls]


KINDS = (COMPANIES, OPPORTUNITIES, ROLES, SALES_PERSONS, NAMED_ACCOUNTS)
ROUTES: list[Route] = [route for kind in KINDS for route in _routes(kind)]
