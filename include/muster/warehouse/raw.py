"""Schema `raw` of a new warehouse: what dbt's sources read. Views over committed files only, never a folder.

A table that a `_sources.yml` declares is there even when nothing was received, with every column it declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from muster.config import Platform
from muster.config.document import require_document
from muster.errors import WarehouseError
from muster.lake import Lake, Manifest, drift
from muster.lake.store import current
from muster.naming import raw_table, split_connection
from muster.warehouse.engine import filled, literal, quoted, table

ADDED = {
    "_source_instance": "varchar",
    "_extracted_at": "timestamptz",
    "_window_start": "timestamptz",
    "_window_end": "timestamptz",
    "_run_id": "varchar",
}
INSTANT = pa.timestamp("us", tz="UTC")
MANIFESTS = pa.schema(
    [
        *[(name, pa.string()) for name in ("system", "instance", "source_instance", "object", "kind")],
        *[(name, pa.string()) for name in ("run_id", "run_kind")],
        *[(name, INSTANT) for name in ("window_start", "window_end", "committed_at")],
        *[(name, pa.int64()) for name in ("source_rows", "rows", "quarantined_rows", "bytes", "file_count")],
    ]
)
EXPECTED = pa.schema([(name, pa.string()) for name in ("source_instance", "system", "object")])
OURS = ("lake", "activation")


@dataclass(frozen=True)
class RawTable:
    """One table of a `_sources.yml`."""

    system: str
    object: str
    columns: tuple[str, ...]


def as_of(manifests: Sequence[Manifest]) -> datetime:
    """The end of the newest window that a nightly run committed; of any where no nightly run did yet."""
    nightly = [manifest.window.end for manifest in manifests if manifest.run_kind == "nightly"]
    return max(nightly or [manifest.window.end for manifest in manifests])


def create(
    engine: duckdb.DuckDBPyConnection,
    lake: Lake,
    manifests: Sequence[Manifest],
    platform: Platform,
    project: Path,
) -> None:
    """Make schema `raw` anew in the attached file."""
    engine.execute("drop schema if exists raw cascade")
    engine.execute("create schema raw")
    for one in declared_tables(project):
        engine.execute(_view(one, manifests, lake.root))
    _table(engine, "lake__manifests", _rows_of(manifests))
    _table(engine, "lake__expected", _expected(platform))
    _table(engine, "lake__drift", drift.events(lake))
    _activation(engine, lake)


def declared_tables(project: Path) -> list[RawTable]:
    """What the staging models read of the sources' own data, by the project's `_sources.yml` files."""
    found = []
    for path in sorted((project / "models").glob("**/_sources.yml")):
        for source in require_document(path).value.get("sources", []):
            for entry in source.get("tables", []):
                name = str(entry.get("identifier") or entry["name"])
                columns = tuple(str(column["name"]) for column in entry.get("columns", []))
                system, object_name = _split(name, path)
                if system not in OURS:
                    found.append(RawTable(system, object_name, columns))
    return found


def _split(name: str, path: Path) -> tuple[str, str]:
    try:
        return split_connection(name)
    except ValueError:
        raise WarehouseError(
            f"the source table '{name}' is not named <system>__<object>", where=str(path)
        ) from None


def _view(declared: RawTable, manifests: Iterable[Manifest], root: Path) -> str:
    """`select *, null as <declared but never received> from read_parquet([exactly these files])`."""
    by_instance: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        if (manifest.system, manifest.object) == (declared.system, declared.object):
            by_instance.setdefault(manifest.instance, []).append(manifest)
    chosen = [one for found in by_instance.values() for one in current(found) if one.files]
    paths = [literal(str(root / file.path)) for manifest in chosen for file in manifest.files]
    there = {name.casefold() for manifest in chosen for name in manifest.columns} | (
        set(ADDED) if paths else set()
    )
    wanted = [*declared.columns, *ADDED]
    missing = [name for name in dict.fromkeys(wanted) if name.casefold() not in there]
    nulls = [f"null::{ADDED.get(name, 'varchar')} as {quoted(name)}" for name in missing]
    name = table("raw", raw_table(declared.system, declared.object))
    if not paths:
        return filled(
            "create view {name} as select {columns} where false", name=name, columns=", ".join(nulls)
        )
    columns = ", ".join(["*", *nulls])
    return filled(
        "create view {name} as select {columns} from {files}", name=name, columns=columns, files=_union(paths)
    )


def _union(paths: Sequence[str]) -> str:
    return f"read_parquet([{', '.join(paths)}], union_by_name = true)"


def _rows_of(manifests: Iterable[Manifest]) -> pa.Table:
    rows = [
        {
            **{name: getattr(manifest, name) for name in MANIFESTS.names if hasattr(manifest, name)},
            "window_start": manifest.window.start,
            "window_end": manifest.window.end,
            "file_count": len(manifest.files),
        }
        for manifest in manifests
    ]
    return pa.Table.from_pylist(rows, schema=MANIFESTS)


def _expected(platform: Platform) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {"source_instance": source.connection, "system": source.system, "object": name}
        for source in platform.sources
        for name in source.all_objects
    ]
    return pa.Table.from_pylist(rows, schema=EXPECTED)


def _activation(engine: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Intents, receipts and runs in today's schema, whatever older files lack (F50)."""
    from muster.activation.records import SCHEMAS

    for dataset, schema in SCHEMAS.items():
        name = dataset.replace("/", "__")
        _table(engine, name, schema.empty_table())
        if paths := [literal(str(path)) for path in lake.dataset_files(dataset)]:
            files = _union(paths)
            there = engine.execute(filled("describe select * from {files}", files=files)).fetchall()
            columns = ", ".join(quoted(column[0]) for column in there if column[0] in schema.names)
            insert = "insert into {name} by name select {columns} from {files}"
            engine.execute(filled(insert, name=table("raw", name), columns=columns, files=files))


def _table(engine: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    engine.register("incoming", rows)
    engine.execute(filled("create table {name} as select * from incoming", name=table("raw", name)))
    engine.unregister("incoming")
