"""Read what is published: an engine in memory that sees the snapshot's files and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from muster.config import Settings
from muster.errors import WarehouseError
from muster.warehouse import engine
from muster.warehouse.snapshots import current_snapshot

HINT = "look at the query; the published tables and their columns are in dbt docs"


def query(settings: Settings, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> pa.Table:
    """One select over the snapshot in force; tables are named as published, parameters are bound, never pasted.

    Raises WarehouseError when nothing is published, or where the query is no select or is wrong.
    """
    snapshot = current_snapshot(settings)
    if snapshot is None:
        raise WarehouseError("nothing is published yet", hint="run `muster build` and `muster publish`")
    with engine.in_memory(settings.home.warehouse / engine.SPILL, hint=HINT) as opened:
        paths = {name: engine.literal(str(snapshot.folder / f"{name}.parquet")) for name in snapshot.tables}
        opened.execute(f"set allowed_paths = [{', '.join(paths.values())}]")
        for name, path in paths.items():
            view = "create view {name} as select * from read_parquet({path})"
            opened.execute(engine.filled(view, name=engine.quoted(name), path=path))
        opened.execute("set enable_external_access = false")
        opened.execute("set lock_configuration = true")
        _require_select(sql)
        bound = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        return opened.sql(sql, params=bound).to_arrow_table()


def _require_select(sql: str) -> None:
    """Published files never change, so nothing but a single select is run over them."""
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise WarehouseError("only a single select can be run over what is published")
