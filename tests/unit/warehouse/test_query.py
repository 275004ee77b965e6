"""Reading what is published: the tables by their names, and nothing else of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.warehouse.conftest import Sandbox, passed

from muster.errors import WarehouseError
from muster.warehouse import publish, query


@pytest.fixture
def published(sandbox: Sandbox) -> Sandbox:
    built = sandbox.built(
        {
            "profile/dim_people": "select 'p1' as person_key, 'O''Neil' as name union all select 'p2', 'Ann'",
            "audiences/aud_all": "select 'p1' as member_key, timestamptz '2026-03-03 01:00:00+01' as evaluated_at",
        }
    )
    publish(sandbox.settings, built, passed(built))
    return sandbox


def test_nothing_published_is_an_error_that_says_what_to_do(sandbox: Sandbox) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        query(sandbox.settings, "select 1")


def test_tables_have_their_names_and_parameters_are_bound(published: Sandbox) -> None:
    sql = "select person_key from dim_people join aud_all on member_key = person_key where name = ?"
    assert query(published.settings, sql, ["O'Neil"]).to_pylist() == [{"person_key": "p1"}]
    assert query(published.settings, sql, ["' or 1=1 --"]).num_rows == 0
    named = "select person_key from dim_people where name = $name"
    assert query(published.settings, named, {"name": "Ann"}).to_pylist() == [{"person_key": "p2"}]


def test_times_are_utc(published: Sandbox) -> None:
    assert query(published.settings, "select evaluated_at::varchar as at from aud_all").to_pylist() == [
        {"at": "2026-03-03 00:00:00+00"}
    ]


def test_the_answer_of_an_empty_result_still_has_its_columns(published: Sandbox) -> None:
    assert query(published.settings, "select name from dim_people where false").column_names == ["name"]


def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_text("a\n1\n")
    return path


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{secret}')",
        "select * from read_text('{secret}')",
        "select * from '{secret}'",
        "select * from glob('{folder}/*')",
        "select getenv('HOME')",
    ],
)
def test_no_file_and_no_variable_of_the_machine_can_be_read(
    published: Sandbox, tmp_path: Path, sql: str
) -> None:
    with pytest.raises(WarehouseError):
        query(published.settings, sql.format(secret=secret(tmp_path), folder=tmp_path))


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to '{folder}/x.parquet'",
        "attach '{folder}/x.duckdb'",
        "set enable_external_access = true",
        "create table x as select 1",
        "drop view dim_people",
        "select 1; select 2",
        "install httpfs",
        "pragma database_list; select 1",
        "",
    ],
)
def test_nothing_but_one_select_is_run(published: Sandbox, tmp_path: Path, sql: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(WarehouseError):
        query(published.settings, sql.format(folder=tmp_path))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_wrong_query_is_told_without_values(published: Sandbox) -> None:
    with pytest.raises(WarehouseError) as error:
        query(published.settings, "select cast(name as integer) from dim_people")
    assert "Conversion Error" in str(error.value)
    assert "Neil" not in str(error.value)
    assert "Ann" not in str(error.value)


def test_reports_of_every_table_are_there(published: Sandbox) -> None:
    names = {
        row["table_name"]
        for row in query(published.settings, "select table_name from information_schema.tables").to_pylist()
    }
    assert names == {"dim_people", "aud_all"}
