"""Custom objects: which types there are, their records by key, and the design of types with its drafts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from muster_simulators.marketo import objects
from muster_simulators.marketo.call import Call
from muster_simulators.marketo.custom_types import DATA_TYPES, STORED_IN, state_of, type_of
from muster_simulators.marketo.dispatch import Answer, Handler, Route
from muster_simulators.marketo.errors import MarketoError, invalid, missing
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.object_types import ObjectType
from muster_simulators.store import Record

FIELDS_PER_TYPE = 50
_LINKABLE = {
    "Lead": (("id", "Id", "integer"), ("email", "Email Address", "email")),
    "Company": (("id", "Id", "integer"),),
}


def approved(instance: Instance, name: str) -> ObjectType:
    """The live version of a type; 1013 where there is none."""
    definition = instance.custom_definitions().get(name)
    if definition is None or definition.get("fields") is None:
        raise MarketoError("1013", f"Object '{name}' not found")
    return type_of(definition)


def _with_type(handler: Callable[[ObjectType, Instance, Call], Answer]) -> Handler:
    def of_type(instance: Instance, call: Call, name: str) -> Answer:
        return handler(approved(instance, name), instance, call)

    return of_type


def types(instance: Instance, call: Call) -> Answer:
    """The approved types; `names` narrows them."""
    wanted = set(call.many("names"))
    found = [
        type_of(definition)
        for name, definition in instance.custom_definitions().items()
        if definition.get("fields") is not None and (not wanted or name in wanted)
    ]
    rows = [{**objects.described(kind), "relationships": list(kind.relationships)} for kind in found]
    return {"result": rows}


# ---- the design of types -------------------------------------------------------------------------------------


def schema(instance: Instance, call: Call) -> Answer:
    wanted, state = set(call.many("names")), call.one("state")
    rows = [
        _shown(definition, state)
        for name, definition in instance.custom_definitions().items()
        if (not wanted or name in wanted) and (state is None or state_of(definition) == state)
    ]
    return {"result": rows}


def schema_of_one(instance: Instance, call: Call, name: str) -> Answer:
    return {"result": [_shown(_definition(instance, name), call.one("state"))]}


def _shown(definition: Record, state: str | None) -> dict[str, Any]:
    is_draft = definition.get("fields") is None or (state == "draft" and definition.get("draft") is not None)
    kind = type_of(definition, draft=is_draft)
    versions = {"state": state_of(definition), "version": "draft" if is_draft else "approved"}
    return {**objects.described(kind), **versions, **objects.inside(kind)}


def _definition(instance: Instance, name: str) -> Record:
    found = instance.custom_definitions().get(name)
    if found is None:
        raise MarketoError("1013", f"Object '{name}' not found")
    return found


def _keep(instance: Instance, definition: Record) -> Answer:
    instance.store.put(STORED_IN, str(definition["apiName"]), definition)
    return {"result": []}


def sync_type(instance: Instance, call: Call) -> Answer:
    """Create a type as a draft, or change how one is called."""
    action, name = call.one("action", "createOrUpdate"), call.required("apiName")
    found = instance.custom_definitions().get(name)
    if action == "createOnly" and found is not None:
        raise MarketoError("1017", f"Object '{name}' already exists")
    if action == "updateOnly" and found is None:
        raise MarketoError("1013", f"Object '{name}' not found")
    if not name.endswith("_c"):
        name = f"{name}_c"
    label = call.one("displayName") or (found or {}).get("displayName")
    if label is None:
        raise missing("displayName")
    definition = {
        **(found or {"draft": [], "fields": None}),
        "apiName": name,
        "displayName": label,
        "pluralName": call.one("pluralName") or (found or {}).get("pluralName") or f"{label}s",
        "description": call.one("description") or (found or {}).get("description") or "",
    }
    return _keep(instance, definition)


def approve(instance: Instance, call: Call, name: str) -> Answer:
    definition = _definition(instance, name)
    draft = definition.get("draft")
    if draft is None:
        raise MarketoError("709", f"Object '{name}' has no draft")
    if not any(field.get("isDedupeField") for field in draft):
        raise MarketoError("709", f"Object '{name}' needs a dedupe field")
    return _keep(instance, {**definition, "fields": draft, "draft": None})


def discard(instance: Instance, call: Call, name: str) -> Answer:
    definition = _definition(instance, name)
    if definition.get("draft") is None:
        raise MarketoError("709", f"Object '{name}' has no draft")
    if definition.get("fields") is None:
        return delete_type(instance, call, name)
    return _keep(instance, {**definition, "draft": None})


def delete_type(instance: Instance, call: Call, name: str) -> Answer:
    """1022 while it has records."""
    definition = _definition(instance, name)
    if instance.store.records(f"custom__{name}"):
        raise MarketoError("1022", f"Object '{name}' is in use")
    return _keep(instance, {**definition, "isDeleted": True})


def _draft(definition: Record) -> list[Record]:
    draft = definition.get("draft")
    return list(draft if draft is not None else definition.get("fields") or ())


def add_fields(instance: Instance, call: Call, name: str) -> Answer:
    definition = _definition(instance, name)
    draft = _draft(definition)
    for given in call.inputs():
        if not given.get("name"):
            raise missing("name")
        if any(field["name"] == given["name"] for field in draft):
            raise MarketoError("1017", f"Field '{given['name']}' already exists")
        if (given.get("dataType") or "string") not in DATA_TYPES:
            raise invalid(given.get("dataType"), "DataType")
        draft.append({**given, "dataType": given.get("dataType") or "string"})
    if len(draft) > FIELDS_PER_TYPE:
        raise MarketoError("1028", f"Max number of fields exceeded: {FIELDS_PER_TYPE}")
    return _keep(instance, {**definition, "draft": draft})


def delete_fields(instance: Instance, call: Call, name: str) -> Answer:
    definition = _definition(instance, name)
    draft = _draft(definition)
    names = {given.get("name") for given in call.inputs()}
    unknown = names - {field["name"] for field in draft}
    if unknown:
        raise MarketoError("1006", f"Field '{min(map(str, unknown))}' not found")
    return _keep(instance, {**definition, "draft": [f for f in draft if f["name"] not in names]})


def update_field(instance: Instance, call: Call, name: str, field_name: str) -> Answer:
    definition = _definition(instance, name)
    draft = _draft(definition)
    if all(field["name"] != field_name for field in draft):
        raise MarketoError("1006", f"Field '{field_name}' not found")
    given = call.body if isinstance(call.body, dict) else {}
    draft = [
        {**field, **given, "name": field_name} if field["name"] == field_name else field for field in draft
    ]
    return _keep(instance, {**definition, "draft": draft})


def data_types(instance: Instance, call: Call) -> Answer:
    return {"result": list(DATA_TYPES)}


def linkable(instance: Instance, call: Call) -> Answer:
    rows = [
        {
            "name": name,
            "displayName": name,
            "fields": [
                {"name": field, "displayName": label, "dataType": data_type}
                for field, label, data_type in found
            ],
        }
        for name, found in _LINKABLE.items()
    ]
    return {"result": rows}


def dependent_assets(instance: Instance, call: Call, name: str) -> Answer:
    """Nothing in the simulated world uses a custom object."""
    _definition(instance, name)
    return {"result": []}


BASE = "/rest/v1/customobjects"
ROUTES: list[Route] = [
    ("GET", f"{BASE}.json", types),
    ("GET", f"{BASE}/schema.json", schema),
    ("POST", f"{BASE}/schema.json", sync_type),
    ("GET", f"{BASE}/schema/fieldDataTypes.json", data_types),
    ("GET", f"{BASE}/schema/linkableObjects.json", linkable),
    ("GET", f"{BASE}/schema/{{name}}/describe.json", schema_of_one),
    ("GET", f"{BASE}/schema/{{name}}/dependentAssets.json", dependent_assets),
    ("POST", f"{BASE}/schema/{{name}}/approve.json", approve),
    ("POST", f"{BASE}/schema/{{name}}/discardDraft.json", discard),
    ("POST", f"{BASE}/schema/{{name}}/delete.json", delete_type),
    ("POST", f"{BASE}/schema/{{name}}/addField.json", add_fields),
    ("POST", f"{BASE}/schema/{{name}}/deleteField.json", delete_fields),
    ("POST", f"{BASE}/schema/{{name}}/{{field}}/updateField.json", update_field),
    ("GET", f"{BASE}/{{name}}/describe.json", _with_type(objects.describe)),
    ("GET", f"{BASE}/{{name}}.json", _with_type(objects.query)),
    ("POST", f"{BASE}/{{name}}.json", _with_type(objects.sync)),
    ("POST", f"{BASE}/{{name}}/delete.json", _with_type(objects.delete)),
]
