"""schema/fields.json of leads, companies, opportunities, named accounts and program members, and its writing calls.

`change_lead_fields` is what the control server uses to let a schema drift: see schema_steps.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from muster_simulators.marketo import schema_steps
from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing
from muster_simulators.marketo.fields import FieldSet, coerce
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.object_types import COMPANIES, NAMED_ACCOUNTS, OPPORTUNITIES, ObjectType
from muster_simulators.marketo.objects import check_crm
from muster_simulators.marketo.paging import page
from muster_simulators.world.model import Change

Fields = Callable[[Instance], FieldSet]
MEMBER_FIELDS = 20
_SPELT = {
    "displayName": "title",
    "description": "description",
    "isHidden": "is_hidden",
    "isHtmlEncodingInEmail": "is_encoded",
    "isSensitive": "is_sensitive",
}


def lead_fields(instance: Instance) -> FieldSet:
    return instance.lead_fields


def member_fields(instance: Instance) -> FieldSet:
    return instance.member_fields


def _of(kind: ObjectType, instance: Instance) -> FieldSet:
    check_crm(instance, kind, writing=False)
    return kind.fields


# ---- reading -------------------------------------------------------------------------------------------------


def all_fields(fields: Fields, instance: Instance, call: Call) -> Answer:
    rows, beside = page(instance, call, "schema", fields(instance).schema())
    return {"result": list(rows), **beside}


def one_field(fields: Fields, instance: Instance, call: Call, name: str) -> Answer:
    rows = [row for row in fields(instance).schema() if row["name"] == name]
    if not rows:
        raise MarketoError("1006", f"Field '{name}' not found")
    return {"result": rows}


# ---- writing -------------------------------------------------------------------------------------------------


def create(fields: Fields, about: str, instance: Instance, call: Call) -> Answer:
    """Custom fields; all of them or none."""
    steps = []
    for given in call.inputs():
        for name in ("name", "displayName", "dataType"):
            if not given.get(name):
                raise missing(name)
        told = {to: given[name] for name, to in _SPELT.items() if name in given}
        step = {
            "op": "add",
            "name": given["name"],
            "dataType": given["dataType"],
            "is_api_created": True,
            **told,
        }
        schema_steps.check(fields(instance), step)
        steps.append(step)
    if about == "program_members":
        held = sum(field.group == "custom" for field in fields(instance).by_name.values())
        if held + len(steps) > MEMBER_FIELDS:
            raise MarketoError("1028", f"Max number of fields exceeded: {MEMBER_FIELDS}")
    with instance.writing:
        instance.keep_steps(about, steps)
    return {"result": [{"name": step["name"], "status": "created"} for step in steps]}


def update(fields: Fields, about: str, instance: Instance, call: Call, name: str) -> Answer:
    """How a field is called and treated."""
    if name not in fields(instance):
        raise MarketoError("1006", f"Field '{name}' not found")
    (given,) = call.inputs()[:1] or ({},)
    told = {to: given[key] for key, to in _SPELT.items() if key in given}
    with instance.writing:
        instance.keep_steps(about, [{"op": "update", "name": name, **told}])
    return {"result": [{"name": name, "status": "updated"}]}


def change_lead_fields(instance: Instance, step: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One step of drift, with new values of the field by lead id; gives the lead's fields as they are then.

    `{"op": "add", "name": "tier", "dataType": "string", "values": {"1001": "gold"}}`, `{"op": "drop", "name": ...}`,
    `{"op": "rename", "name": ..., "to": ...}`, `{"op": "retype", "name": ..., "dataType": ...}`. Leads with a value
    are updated (stamp, activity 13) as by any client; the others keep their stamps.
    """
    values = dict(step.get("values") or {})
    told = {key: step[key] for key in ("op", "name", "to", "dataType", "length") if step.get(key) is not None}
    if step.get("displayName") is not None:
        told["title"] = told["displayName"] = step["displayName"]
    with instance.writing:
        schema_steps.check(instance.lead_fields, told)
        for lead_id in values:
            if instance.store.get("leads", str(lead_id)) is None:
                raise MarketoError("1004", f"Lead '{lead_id}' not found")
        if values and told["op"] == "drop":
            raise MarketoError("1003", "A field that is dropped takes no values")
        after = schema_steps.applied(instance.lead_fields, [told])
        if values:
            field = after.by_name[str(told.get("to") or told["name"])]
            values = {lead_id: coerce(field, value) for lead_id, value in values.items()}
        instance.keep_steps("leads", [told])
        _set_values(instance, str(told.get("to") or told["name"]), values)
    return instance.lead_fields.described()


def schema_control(instance: Instance) -> Callable[[Mapping[str, Any] | None], list[dict[str, Any]]]:
    """For the control server: a step of drift or None; ValueError for one that can't be."""

    def change(step: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        if step is None:
            return instance.lead_fields.described()
        try:
            return change_lead_fields(instance, step)
        except MarketoError as refusal:
            raise ValueError(refusal.message) from None

    return change


def _set_values(instance: Instance, name: str, values: Mapping[str, Any]) -> None:
    now, changes = instance.clock.now().replace(microsecond=0), list[Change]()
    for lead_id, value in values.items():
        lead = instance.store.get("leads", str(lead_id)) or {}
        changes += instance.lead_changed(lead, {instance.lead_fields.by_name[name]: value}, now, "Schema")
    if changes:
        instance.store.write(changes)


def _routes(base: str, fields: Fields, about: str | None) -> list[Route]:
    path, item = f"/rest/v1/{base}/schema/fields.json", f"/rest/v1/{base}/schema/fields/{{name}}.json"
    found: list[Route] = [
        ("GET", path, partial(all_fields, fields)),
        ("GET", item, partial(one_field, fields)),
    ]
    if about is not None:
        found += [
            ("POST", path, partial(create, fields, about)),
            ("POST", item, partial(update, fields, about)),
        ]
    return found


ROUTES: list[Route] = [
    *_routes("leads", lead_fields, "leads"),
    *_routes("programs/members", member_fields, "program_members"),
    *(
        route
        for kind in (COMPANIES, OPPORTUNITIES, NAMED_ACCOUNTS)
        for route in _routes(kind.family, partial(_of, kind), None)
    ),
]
