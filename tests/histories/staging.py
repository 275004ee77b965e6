"""The dbt project's own staging SQL, rendered without dbt: its models and macros, `source()` as the name of a view."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from muster.lake import Lake
from muster.warehouse.raw import declared_tables

BESIDE = {"salesforce": ("deleted_records",)}
"""What staging of every object of a system also reads."""
PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


@cache
def rendered(system: str, object_name: str) -> str:
    """A staging model as one SELECT."""
    macros = "".join(path.read_text() for path in sorted((PROJECT / "macros").glob("*.sql")))
    text = (PROJECT / "models" / "staging" / system / f"stg_{system}__{object_name}.sql").read_text()
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals.update(
        source=lambda _, table: table,
        ref=lambda model: f"({rendered(system, model.removeprefix(f'stg_{system}__'))})",
        config=lambda **_: "",
        var=lambda *_: "",
        execute=False,
    )
    environment.globals["return"] = lambda value: value
    return environment.from_string(macros + text).render()


@cache
def declared(system: str, object_name: str) -> tuple[str, ...]:
    """The columns that the project's source description lists."""
    return next(
        one.columns for one in declared_tables(PROJECT) if (one.system, one.object) == (system, object_name)
    )


class Staged:
    """Queries over what one lake has committed of one system."""

    def __init__(self, lake: Lake, system: str = "marketo") -> None:
        self.lake, self.system = lake, system
        self.engine = duckdb.connect()

    def rows(self, object_name: str, columns: str) -> list[tuple[Any, ...]]:
        """`columns` of the staged rows; none where nothing was received."""
        if not self.lake.raw_files(self.system, object_name):
            return []
        for name in (object_name, *BESIDE.get(self.system, ())):
            self._view(name)
        return self.engine.execute(f"select {columns} from ({rendered(self.system, object_name)})").fetchall()

    def _view(self, object_name: str) -> None:
        """The raw table as dbt would find it: every declared column, whether it was received or not."""
        files, wanted = self.lake.raw_files(self.system, object_name), declared(self.system, object_name)
        read, there = "where false", set[str]()
        if files:
            paths = ", ".join(f"'{path}'" for path in files)
            read = f"from read_parquet([{paths}], union_by_name = true)"
            there = {row[0].casefold() for row in self.engine.execute(f"describe select * {read}").fetchall()}
        nulls = [f'null::varchar as "{name}"' for name in wanted if name.casefold() not in there]
        chosen = ", ".join([*(["*"] if files else []), *nulls])
        self.engine.execute(f"create or replace view {self.system}__{object_name} as select {chosen} {read}")

    def close(self) -> None:
        self.engine.close()


def raw_values(paths: Sequence[Path], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """These columns of Parquet files as they lie there."""
    import pyarrow.parquet as pq

    found: list[tuple[Any, ...]] = []
    for path in paths:
        table = pq.read_table(path, columns=list(columns), partitioning=None)
        found += zip(*(table[name].to_pylist() for name in columns), strict=True)
    return found
