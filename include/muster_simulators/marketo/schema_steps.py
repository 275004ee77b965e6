"""Fields that come, go, change their name or type while the simulator runs.

Each step is a record of `schema_steps`, so that it outlives the process with everything else that was written.
Stored values stay where they are: a field that was renamed knows the name they are stored under, and one that takes
a name which another had before is stored under a new one, so that no old value comes back to life.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from muster_simulators.marketo.errors import MarketoError
from muster_simulators.marketo.fields import Field, FieldSet
from muster_simulators.store import Record

STORED_IN = "schema_steps"
DATA_TYPES = (
    "string", "text", "email", "phone", "url", "integer", "float", "currency", "percent", "score", "boolean",
    "date", "datetime",
)  # fmt: skip

KEPT = frozenset({"id", "email", "createdAt", "updatedAt"})


def applied(base: FieldSet, steps: Iterable[Record]) -> FieldSet:
    """The fields after these steps. A field keeps its number; a new one gets the next."""
    found: dict[str, Field] = dict(base.by_name)
    numbers: dict[str, int] = dict(base.numbers)
    used = {field.key for field in found.values()}
    for step in steps:
        name = str(step["name"])
        if step["op"] == "add":
            found[name] = _new(step, used)
            used.add(found[name].key)
            numbers[name] = max(numbers.values(), default=1) + 1
        elif name not in found:
            continue
        elif step["op"] == "drop":
            del found[name]
        elif step["op"] == "rename":
            to = str(step["to"])
            numbers[to] = numbers[name]
            renamed = replace(found[name], name=to, stored=found[name].key, title=step.get("displayName"))
            found = {to if n == name else n: renamed if n == name else f for n, f in found.items()}
        elif step["op"] == "retype":
            found[name] = replace(
                found[name], data_type=step["dataType"], length=step.get("length"), is_cast=True
            )
        else:
            found[name] = replace(found[name], **{key: step[key] for key in UPDATED if key in step})
    return FieldSet(found.values(), numbers)


UPDATED = ("title", "description", "is_hidden", "is_encoded", "is_sensitive")


def _new(step: Record, used: set[str]) -> Field:
    name = str(step["name"])
    stored, number = name, 1
    while stored in used:
        number += 1
        stored = f"{name}~{number}"
    return Field(
        name,
        step.get("dataType") or "string",
        group="custom",
        length=step.get("length"),
        stored=None if stored == name else stored,
        is_api_created=bool(step.get("is_api_created")),
        **{key: step[key] for key in UPDATED if step.get(key) is not None},
    )


def check(fields: FieldSet, step: Mapping[str, Any]) -> None:
    """Refuse a step that can't be: 1006 for an unknown field, 1017 for a name that is taken."""
    name, op = step.get("name"), step.get("op")
    if not name or op not in ("add", "drop", "rename", "retype", "update"):
        raise MarketoError("1003", "A step has an op (add, drop, rename, retype) and the name of a field")
    if op == "add" and name in fields:
        raise MarketoError("1017", f"Field '{name}' already exists")
    if op != "add" and name not in fields:
        raise MarketoError("1006", f"Field '{name}' not found")
    if op == "rename" and (not step.get("to") or step["to"] in fields):
        raise MarketoError("1017", f"Field '{step.get('to')}' already exists or is no name")
    given = step.get("dataType") if op == "retype" else (step.get("dataType") or "string")
    if op in ("add", "retype") and given not in DATA_TYPES:
        raise MarketoError("1001", f"Invalid value '{given}'. Required of type 'DataType'")
    if op in ("drop", "rename") and name in KEPT:
        raise MarketoError("709", f"Field '{name}' can't be taken away")
