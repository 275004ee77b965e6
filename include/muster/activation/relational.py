"""Set arithmetic over Arrow tables and Parquet files in an engine of its own: in memory, thrown away, locked in.

Plans compare whole audiences with whole ledgers, so they are computed in SQL, not in Python loops. The engine
here never opens the warehouse file (muster.warehouse is the only opener) and reads the given files only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa


def relate(
    sql: str,
    tables: Mapping[str, pa.Table],
    *,
    files: Mapping[str, Sequence[Path]] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Run one query over named Arrow tables and lists of Parquet files. `parameters` are bound, never pasted."""
    with duckdb.connect(":memory:") as engine:
        engine.execute("set preserve_insertion_order = false")
        engine.execute("set timezone = 'UTC'")
        for name, paths in (files or {}).items():
            relation = engine.read_parquet([str(path) for path in paths], union_by_name=True)
            engine.register(name, relation.to_arrow_table())
        engine.execute("set enable_external_access = false")
        engine.execute("set lock_configuration = true")
        for name, table in tables.items():
            engine.register(name, table)
        return engine.sql(sql, params=dict(parameters or {})).to_arrow_table()


def quoted(name: str) -> str:
    """A column or table name as SQL text."""
    return '"' + name.replace('"', '""') + '"'
