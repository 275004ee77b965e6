"""One union per entity: the records of every source that is staged from a mapping, with the model's columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from muster.compiled import MARK, quoted
from muster.config.mapping_model import Entity, ModelField
from muster.mapping.describe import FIXED, column
from muster.mapping.sql import sql_type

if TYPE_CHECKING:
    from muster.mapping.plan import Staged

RANK = ModelField(
    "object_rank", "Place of the object in survivorship; the smallest is asked first.", "integer"
)
CRM, KNOWN = ("salesforce", "dynamics", "hubspot"), {"marketo": 3}
KEYED = ("people", "accounts", "opportunities", "campaigns", "lists", "activities")


def columns(entity: Entity) -> list[ModelField]:
    fixed = [
        ModelField(name, FIXED[name])
        for name in ("record_key", "record_id", "source_instance", "source_object")
    ]
    return [*fixed, RANK, *entity.fields]


def custom(staged: Sequence[Staged]) -> list[str]:
    return sorted({name for one in staged for group in one.groups for name in group.mapping.custom_columns})


def rank(staged: Staged) -> int:
    mapping = staged.mapping
    if mapping.rank is not None:
        return mapping.rank
    kind = mapping.filled.get("source_kind")
    is_lead = kind is not None and kind.constant == "lead"
    return (2 if is_lead else 1) if staged.system in CRM else KNOWN.get(staged.system, 4)


def union_model(entity: Entity, staged: Sequence[Staged]) -> str:
    parts = "".join(
        f"{one.name} as (\n    select {rank(one)} as object_rank, * from {{{{ ref('{one.model}') }}}}\n),\n\n"
        for one in staged
    )
    listed = "".join(
        f"        cast(null as {sql_type(one.cast)}) as {one.name},\n" for one in columns(entity)
    )
    united = "".join(f"    union all by name\n    select * from {one.name}\n" for one in staged)
    chosen = "".join(
        f"        {name},\n" for name in [*(one.name for one in columns(entity)), *custom(staged)]
    )
    return (
        f"-- {MARK} from the mappings of the sources; edit those, not this file.\n"
        "-- A view, because the models that read it are tables; `nothing` gives it the model's columns, filled or not.\n"
        "{{ config(materialized='view') }}\n\n"
        f"with {parts}nothing as (\n    select\n{listed}    where false\n),\n\n"
        f"united as (\n    select * from nothing\n{united}),\n\n"
        f"mapped as (\n    select\n{chosen}    from united\n)\n\nselect * from mapped\n"
    )


def union_yml(entity: Entity, staged: Sequence[Staged]) -> str:
    model = f"int_mapped__{entity.name}"
    said = f"One row per {entity.doc} of the sources that are staged from a mapping and have no models of their own."
    lines = [
        f"# {MARK} from the mappings of the sources; edit those, not this file.",
        "version: 2",
        "",
        "models:",
        f"  - name: {model}",
        f"    description: {quoted(said)}",
    ]
    if entity.name in KEYED and staged:
        lines += ["    data_tests:", "      - grain:", "          arguments: {columns: [record_key]}"]
    lines.append("    columns:")
    for one in columns(entity):
        lines += column(one.name, one.doc, one.is_personal)
    for name in custom(staged):
        lines += column(name, "Custom field.", True)
    return "\n".join(lines) + "\n"
