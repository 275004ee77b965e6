"""The compiled SQL, run by DuckDB, finds exactly the members that a naive reading of the definition finds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import audience_definitions as definitions
import audience_naive
import audience_world
import duckdb
import pytest
from audience_world import AS_OF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from muster.audiences.catalogue import ACCOUNT, ENTITIES, PERSON, Field
from muster.audiences.compile import compile_audience
from muster.audiences.operators import OPERATORS, for_type
from muster.audiences.render import plain_sql

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
seeds = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """In a time zone whose clocks change two days before the evaluation, to show that they have no say."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("set timezone = 'America/New_York'")
        yield connection


def compare(engine: duckdb.DuckDBPyConnection, path: Path, seed: int) -> set[str]:
    """The members, when both readings agree on them."""
    audience, world = definitions.read(path), audience_world.world(seed)
    audience_world.load(engine, world)
    rows = engine.execute(plain_sql(compile_audience(audience))).fetchall()
    found = [key for key, _ in rows]
    assert len(found) == len(set(found))
    assert {at for _, at in rows} <= {AS_OF}
    assert set(found) == audience_naive.members(audience, world, AS_OF)
    return set(found)


@settings(max_examples=80, deadline=None, suppress_health_check=QUIET, derandomize=True)
@given(where=definitions.conditions(PERSON), seed=seeds)
def test_any_definition_of_people_means_in_sql_what_it_says(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path, where: Any, seed: int
) -> None:
    compare(engine, definitions.write(tmp_path, where), seed)


@settings(max_examples=80, deadline=None, suppress_health_check=QUIET, derandomize=True)
@given(where=definitions.conditions(ACCOUNT, depth=4), seed=seeds)
def test_any_definition_of_accounts_means_in_sql_what_it_says(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path, where: Any, seed: int
) -> None:
    compare(engine, definitions.write(tmp_path, where, "account"), seed)


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET, derandomize=True)
@given(where=definitions.conditions(PERSON))
def test_any_definition_gives_sql_for_spark_with_the_same_steps(tmp_path: Path, where: Any) -> None:
    plan = compile_audience(definitions.read(definitions.write(tmp_path, where)))
    names = [
        [cte.alias for cte in parse_one(plain_sql(plan, d), dialect=d).ctes] for d in ("spark", "duckdb")
    ]
    assert names[0] == names[1] and names[0][-1] == "members"


@pytest.mark.slow
@settings(max_examples=int(os.environ.get("DEFINITIONS", "300")), deadline=None, suppress_health_check=QUIET)
@given(data=st.data(), entity=st.sampled_from(["person", "account"]), seed=seeds)
def test_many_definitions_mean_in_sql_what_they_say(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path, data: st.DataObject, entity: str, seed: int
) -> None:
    where = data.draw(definitions.conditions(ENTITIES[entity], depth=5))
    compare(engine, definitions.write(tmp_path, where, entity), seed)


ONE_FIELD = {
    "text": "title",
    "number": "lead_score",
    "boolean": "is_unsubscribed",
    "timestamp": "created_at",
}
CASES = [(kind, name) for kind in ONE_FIELD for name in for_type(kind)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "operator"), CASES)
@pytest.mark.parametrize("negated", [False, True])
def test_every_operator_decides_about_missing_values_as_the_reference_says(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path, kind: Any, operator: str, negated: bool
) -> None:
    strategy = definitions._value(Field(ONE_FIELD[kind], kind, ""), operator)
    sizes = set()

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=QUIET, derandomize=True)
    @given(value=strategy, seed=seeds)
    def check(value: Any, seed: int) -> None:
        part = {"field": ONE_FIELD[kind], operator: value}
        path = definitions.write(tmp_path, {"none": [part]} if negated else part)
        sizes.add(len(compare(engine, path, seed)))

    check()
    assert sizes != {0}, f"{OPERATORS[operator].name} was never true"


MISSING = {"field": "title", "is_empty": True}


@pytest.mark.parametrize(
    "operator", ["equals", "not_equals", "in", "not_in", "contains", "starts_with", "ends_with"]
)
def test_a_missing_value_satisfies_no_comparison_and_every_negated_one(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path, operator: str
) -> None:
    value = ["a"] if OPERATORS[operator].shape == "values" else "a"
    part = {"field": "title", operator: value}
    for seed in range(8):
        missing = compare(engine, definitions.write(tmp_path, MISSING), seed)
        assert not missing & compare(engine, definitions.write(tmp_path, part), seed)
        assert missing <= compare(engine, definitions.write(tmp_path, {"none": [part]}), seed)


def test_the_window_of_events_is_half_open(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = definitions.write(tmp_path, {"event": "visit_webpage", "within": "7 days"})
    start, tick = AS_OF - timedelta(days=7), timedelta(microseconds=1)
    times = {"p0": start - tick, "p1": start, "p2": AS_OF - tick, "p3": AS_OF}
    world = audience_world.world(1)
    pattern = world["fct_activities"][0]
    world["fct_activities"] = [
        pattern | {"person_key": key, "activity_type": "visit_webpage", "activity_at": at}
        for key, at in times.items()
    ]
    audience_world.load(engine, world)
    rows = engine.execute(plain_sql(compile_audience(definitions.read(path)))).fetchall()
    assert sorted(key for key, _ in rows) == ["p1", "p2"]


def test_all_of_nothing_is_not_all(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = definitions.write(tmp_path, {"related": "opportunities", "match": "all"})
    world = audience_world.world(3) | {"bridge_opportunity_people": []}
    audience_world.load(engine, world)
    assert engine.execute(plain_sql(compile_audience(definitions.read(path)))).fetchall() == []
