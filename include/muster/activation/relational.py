"""Set arithmetic over Arrow tables, in an engine that lives in memory and reaches nothing else.

Plans compare whole audiences with whole ledgers, so they are computed in SQL, not in Python loops. The engine
here never opens the warehouse file (muster.warehouse is the only opener), nor any other: it is locked in, and a
query sees the tables it is given and forgets them. It is made once a process, because making it costs more than
most queries.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

_engines: dict[int, duckdb.DuckDBPyConnection] = {}


def relate(
    sql: str, tables: Mapping[str, pa.Table], *, parameters: Mapping[str, Any] | None = None
) -> pa.Table:
    """Run one query over named Arrow tables. `parameters` are bound, never pasted."""
    with _engine().cursor() as session:
        for name, table in tables.items():
            session.register(name, table)
        return session.sql(sql, params=dict(parameters or {})).to_arrow_table()


def quoted(name: str) -> str:
    """A column or table name as SQL text."""
    return '"' + name.replace('"', '""') + '"'


def _engine() -> duckdb.DuckDBPyConnection:
    """This process's own; a forked child doesn't use its parent's."""
    if os.getpid() not in _engines:
        engine = duckdb.connect(":memory:")
        for setting in (
            "preserve_insertion_order = false",
            "timezone = 'UTC'",
            "enable_external_access = false",
        ):
            engine.execute(f"set global {setting}")
        engine.execute("set lock_configuration = true")
        _engines[os.getpid()] = engine
    return _engines[os.getpid()]
