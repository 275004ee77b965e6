"""What the language can name is what the profile has: every field, key and relation, with its type."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from muster.audiences.catalogue import ENTITIES, EVENT, EVENT_PERSON, MODELS, EntityKind, Field, Relation

PROFILE = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "profile"
KINDS = [*ENTITIES.values(), EVENT]
RELATIONS = [(kind, relation) for kind in KINDS for relation in kind.relations]
ACCEPTED = {
    "text": {"varchar"},
    "texts": {"varchar"},
    "number": {"integer", "bigint", "double", "decimal(18, 2)", "decimal(18,2)"},
    "boolean": {"boolean"},
    "date": {"date"},
    "timestamp": {"timestamptz", "timestamp with time zone"},
}


def columns(table: str) -> dict[str, str]:
    model = MODELS[table]
    (found,) = [
        m for m in yaml.safe_load((PROFILE / f"{model}.yml").read_text())["models"] if m["name"] == model
    ]
    return {column["name"]: column["data_type"] for column in found["columns"]}


def wrong(fields: tuple[Field, ...], table: str) -> list[str]:
    there = columns(table)
    return [
        f"{field.name}: {there.get(field.source)}"
        for field in fields
        if there.get(field.source) not in ACCEPTED[field.type]
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_is_a_column_of_its_type(kind: EntityKind) -> None:
    assert wrong(kind.fields, kind.table) == []
    assert columns(kind.table)[kind.key] == "varchar"


@pytest.mark.parametrize(("kind", "relation"), RELATIONS, ids=[f"{k.name}.{r.name}" for k, r in RELATIONS])
def test_every_relation_stands_on_columns_that_are_there(kind: EntityKind, relation: Relation) -> None:
    assert relation.own in columns(kind.table)
    assert relation.theirs in columns(ENTITIES[relation.target].table)
    if relation.bridge:
        there = columns(relation.bridge.table)
        assert {relation.bridge.own, relation.bridge.target} <= set(there)
        assert wrong(relation.link_fields, relation.bridge.table) == []


def test_events_have_a_person_a_type_a_time_and_attributes() -> None:
    there = columns(EVENT.table)
    assert {EVENT_PERSON, "activity_type", "activity_at", "attributes"} <= set(there)
    assert there["activity_at"] in ACCEPTED["timestamp"]


def test_no_two_names_of_one_place_collide() -> None:
    for kind in KINDS:
        names = [field.name for field in kind.fields]
        assert len(set(names)) == len(names)
        assert not {relation.name for relation in kind.relations} & {"evaluation", "members"}
