"""The engine of the set arithmetic reaches nothing, and thinks in UTC wherever it runs."""

from __future__ import annotations

import os
import subprocess
import sys

import duckdb
import pyarrow as pa
import pytest

from muster.activation.relational import relate


def test_it_thinks_in_utc_on_a_machine_that_does_not() -> None:
    code = "from muster.activation.relational import relate; print(relate(\"select current_setting('timezone') as z\", {}).to_pylist())"
    env = {**os.environ, "TZ": "America/New_York"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[{'z': 'UTC'}]"


@pytest.mark.parametrize(
    "sql",
    ["select * from read_csv('/etc/hostname')", "attach '/tmp/x.db'", "set enable_external_access = true"],
)
def test_it_reaches_no_file_and_can_not_be_opened_up(sql: str) -> None:
    with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
        relate(sql, {})


def test_a_query_does_not_see_the_tables_of_the_one_before() -> None:
    assert relate("select a from t", {"t": pa.table({"a": [1]})}).to_pylist() == [{"a": 1}]
    with pytest.raises(duckdb.CatalogException):
        relate("select a from t", {})


def test_values_are_bound_and_not_pasted() -> None:
    evil = "'; drop table t; --"
    assert relate("select $v as v", {}, parameters={"v": evil}).to_pylist() == [{"v": evil}]


def test_a_forked_child_uses_an_engine_of_its_own() -> None:
    relate("select 1", {})
    child = os.fork()
    if child == 0:
        os._exit(0 if relate("select 2 as a", {}).to_pylist() == [{"a": 2}] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
