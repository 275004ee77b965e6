"""Small random profiles, as plain rows and in DuckDB, full of missing values and of times on the boundaries."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from muster.audiences.catalogue import (
    ACCOUNT,
    ENTITIES,
    EVENT,
    MODELS,
    OPPORTUNITY,
    PERSON,
    EntityKind,
    Field,
)

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
TEXTS = (
    None,
    "",
    "  ",
    "a",
    "A",
    "b",
    "B",
    "ab",
    "aB",
    "ba",
    "Éa",
    "éa",
    "a'b",
    "a%b",
    "a_b",
    "{{ a }}",
    "a;b",
)
SEVERAL = (None, "", "a", "A", "a;b", "b;ab", "ab")
NUMBERS = (None, -1, 0, 1, 2, 2.5, 100)
HOURS = (1, 24, 48, 168)
LISTED = ("a", "b", "ab")
TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "texts": pa.string(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
KEYS = (
    "person_key",
    "account_key",
    "opportunity_key",
    "list_key",
    "parent_account_key",
    "root_account_key",
    "activity_key",
)
EVENTS = ("visit_webpage", "open_email", "type_100001")

World = dict[str, list[dict[str, Any]]]


def world(seed: int, people: int = 6, accounts: int = 5, opportunities: int = 6, events: int = 20) -> World:
    """Rows by the names of the dbt models."""
    chance = random.Random(seed)
    person_keys = [f"p{n}" for n in range(people)]
    account_keys = [f"a{n}" for n in range(accounts)]
    opportunity_keys = [f"o{n}" for n in range(opportunities)]
    list_keys = ["l0", "l1"]
    rows: World = {
        "dim_people": [
            _row(chance, PERSON, person_key=k, account_key=_some(chance, account_keys)) for k in person_keys
        ],
        "dim_accounts": [_account(chance, key, account_keys) for key in account_keys],
        "dim_opportunities": [
            _row(chance, OPPORTUNITY, opportunity_key=key, account_key=_some(chance, account_keys))
            for key in opportunity_keys
        ],
        "dim_static_lists": [_row(chance, ENTITIES["static_list"], list_key=key) for key in list_keys],
        "fct_activities": [_event(chance, n, person_keys) for n in range(events)],
        "int_lake__as_of": [{"as_of": AS_OF}],
    }
    rows["bridge_account_people"] = _pairs(
        chance, "account_key", account_keys, "person_key", person_keys, PERSON, 0
    )
    rows["bridge_opportunity_people"] = _pairs(
        chance, "opportunity_key", opportunity_keys, "person_key", person_keys, PERSON, 2
    )
    rows["bridge_static_list_people"] = _pairs(
        chance, "list_key", list_keys, "person_key", person_keys, PERSON, 3
    )
    return rows


def value(chance: random.Random, field: Field) -> Any:
    if field.type == "text":
        return chance.choice(TEXTS)
    if field.type == "texts":
        return chance.choice(SEVERAL)
    if field.type == "number":
        return chance.choice(NUMBERS)
    if field.type == "boolean":
        return chance.choice((True, False, None))
    moment = _moment(chance)
    return moment.date() if moment and field.type == "date" else moment


def load(connection: duckdb.DuckDBPyConnection, rows: World) -> None:
    for name, listed in rows.items():
        connection.register(name, _table(name, listed))


def _table(model: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    kinds = {field.name: field for field in _fields(model)}
    special = {"activity_type": pa.string(), "attributes": pa.string()}
    times = {"as_of": TYPES["timestamp"], "activity_at": TYPES["timestamp"]}
    names = rows[0].keys() if rows else [*kinds, *KEYS]
    types = {
        n: (special | times).get(n) or (TYPES[kinds[n].type] if n in kinds else pa.string()) for n in names
    }
    return pa.table({n: pa.array([row[n] for row in rows], types[n]) for n in names})


def _fields(model: str) -> tuple[Field, ...]:
    table = next(name for name, found in MODELS.items() if found == model)
    bridges = [
        r.bridge for kind in ENTITIES.values() for r in kind.relations if r.bridge and r.bridge.table == table
    ]
    kinds = [kind.fields for kind in (*ENTITIES.values(), EVENT) if kind.table == table]
    return (kinds + [bridge.fields for bridge in bridges] or [()])[0]


def _row(chance: random.Random, kind: EntityKind, **keys: Any) -> dict[str, Any]:
    return keys | {field.name: value(chance, field) for field in kind.fields}


def _account(chance: random.Random, key: str, known: list[str]) -> dict[str, Any]:
    parent = _some(chance, [other for other in known if other != key])
    return _row(
        chance, ACCOUNT, account_key=key, parent_account_key=parent, root_account_key=_some(chance, known[:3])
    )


def _event(chance: random.Random, number: int, people: list[str]) -> dict[str, Any]:
    attributes = chance.choice(
        ('{"Link": "a", "Device Type": "b"}', '{"Link": "AB"}', "{}", '{"Link": null}', None)
    )
    return _row(
        chance,
        EVENT,
        activity_key=f"e{number}",
        person_key=_some(chance, people),
        activity_type=chance.choice(EVENTS),
        activity_at=_moment(chance) or AS_OF,
        attributes=attributes,
    )


def _pairs(
    chance: random.Random,
    left: str,
    lefts: list[str],
    right: str,
    rights: list[str],
    kind: EntityKind,
    relation: int,
) -> list[dict[str, Any]]:
    """Some pairs, a few of them twice with other values, as when someone has two roles."""
    fields = kind.relations[relation].link_fields
    chosen = [(a, b) for a in lefts for b in rights if chance.random() < 0.35]
    again = [
        pair
        for pair in chosen
        if fields and kind.relations[relation].name == "opportunities" and chance.random() < 0.3
    ]
    return [
        {left: a, right: b} | {field.name: value(chance, field) for field in fields}
        for a, b in chosen + again
    ]


def _some(chance: random.Random, keys: list[str]) -> str | None:
    return chance.choice([*keys, None])


def _moment(chance: random.Random) -> datetime | None:
    """On, just before or just after a boundary that a definition can name."""
    if chance.random() < 0.1:
        return None
    hours = chance.choice((*HOURS, 0, -1, -24, -48))
    return AS_OF - timedelta(hours=hours) + timedelta(microseconds=chance.choice((-1, 0, 1)))
