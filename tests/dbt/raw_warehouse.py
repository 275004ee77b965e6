"""A DuckDB file with hand-written raw tables, and dbt run over it in a process of its own.

What muster.warehouse does from the lake is done here from a few rows, so that a test can say exactly what came in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
AS_OF = datetime(2026, 3, 3, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
SNAPSHOTS = {"static_lists", "companies", "opportunities", "opportunity_roles"}
EMEA, AMER, MAIN = "marketo__emea", "marketo__amer", "salesforce__main"
STAMPS = ("_extracted_at", "_window_start", "_window_end")
MARKETO = ("leads", "activities", "deleted_leads", "static_lists")
EXPECTED = {
    EMEA: MARKETO,
    AMER: (*MARKETO, "companies", "opportunities", "opportunity_roles"),
    MAIN: (
        "accounts",
        "contacts",
        "leads",
        "opportunities",
        "opportunity_contact_roles",
        "account_contact_relations",
        "deleted_records",
    ),
}
ACTIVATION = {
    "activation__receipts": "schema_version int, destination varchar, audience varchar, run_id varchar, attempt int, "
    "epoch bigint, seq bigint, snapshot_id varchar, as_of timestamptz, batch varchar, member_key varchar, "
    "destination_key varchar, operation varchar, verdict varchar, reason varchar, recorded_at timestamptz",
    "activation__intents": "destination varchar, audience varchar, epoch bigint, seq bigint, as_of timestamptz, "
    "batch varchar, member_key varchar, destination_key varchar, operation varchar, intended_at timestamptz",
    "activation__runs": "destination varchar, audience varchar, run_id varchar, epoch bigint, seq bigint, "
    "snapshot_id varchar, as_of timestamptz, event varchar, desired_count bigint, added_count bigint, "
    "updated_count bigint, removed_count bigint, unmatched_count bigint, ambiguous_count bigint, "
    "rejected_count bigint, write_count bigint, recorded_at timestamptz",
}
LAKE = {
    "lake__manifests": "system varchar, instance varchar, source_instance varchar, object varchar, kind varchar, "
    "run_id varchar, run_kind varchar, window_start timestamptz, window_end timestamptz, committed_at timestamptz, "
    "source_rows bigint, rows bigint, quarantined_rows bigint, bytes bigint, file_count bigint",
    "lake__expected": "source_instance varchar, system varchar, object varchar",
    "lake__drift": "source_instance varchar, object varchar, version bigint, digest varchar, field varchar, "
    "data_type varchar, field_id varchar, change varchar, previous varchar, rule varchar, window_start timestamptz, "
    "window_end timestamptz, run_id varchar, noticed_at timestamptz",
}


@cache
def declared(system: str, project: Path = PROJECT) -> dict[str, list[str]]:
    """Raw tables of a system and the columns that staging reads, as _sources.yml lists them."""
    return {
        table["name"]: [column["name"] for column in table["columns"]]
        for table in source_tables(system, project)
    }


def systems(project: Path) -> list[str]:
    """The systems whose data the project stages."""
    folders = (project / "models" / "staging").iterdir()
    return sorted(folder.name for folder in folders if folder.name not in ("lake", "activation"))


def source_tables(system: str, project: Path = PROJECT) -> list[dict[str, Any]]:
    """The raw tables of a system as its _sources.yml files, written and generated, describe them."""
    files = sorted((project / "models" / "staging" / system).rglob("_sources.yml"))
    return [table for path in files for table in yaml.safe_load(path.read_text())["sources"][0]["tables"]]


@dataclass
class Raw:
    """Raw rows by (connection, object). Values become text, None stays null."""

    rows: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    activation: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    quarantined: Counter[tuple[str, str]] = field(default_factory=Counter)
    as_of: datetime = AS_OF
    expected: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EXPECTED)

    def add(self, connection: str, object_name: str, *rows: Mapping[str, Any], **stamps: datetime) -> Raw:
        """Add rows; `_window_start`, `_window_end`, `_extracted_at` may be given to tell windows apart."""
        self.rows.setdefault((connection, object_name), []).extend({**row, **stamps} for row in rows)
        return self

    def write(self, file: Path, *, threads: int = 2, project: Path = PROJECT) -> None:
        with duckdb.connect(str(file), config={"threads": str(threads)}) as engine:
            engine.execute("set timezone = 'UTC'")
            engine.execute("create schema raw")
            for system in systems(project):
                for table, columns in declared(system, project).items():
                    self._write_table(engine, system, table, columns)
            for table, columns in {**LAKE, **ACTIVATION}.items():
                engine.execute(f"create table raw.{table} ({columns})")
            for table, rows in self.activation.items():
                _insert(engine, table, rows)
            _insert(engine, "lake__manifests", self._manifests())
            expected = [
                {"source_instance": connection, "system": connection.split("__")[0], "object": name}
                for connection, names in self.expected.items()
                for name in names
            ]
            _insert(engine, "lake__expected", expected)

    def _write_table(
        self, engine: duckdb.DuckDBPyConnection, system: str, table: str, columns: list[str]
    ) -> None:
        typed = ", ".join(f'"{c}" {"timestamptz" if c in STAMPS else "varchar"}' for c in columns)
        engine.execute(f"create table raw.{table} ({typed})")
        object_name = table.removeprefix(f"{system}__")
        rows = [
            {**_stamped(connection), **{name: _text(value) for name, value in row.items()}}
            for (connection, name), found in self.rows.items()
            if name == object_name and connection.startswith(f"{system}__")
            for row in found
        ]
        unknown = {name for row in rows for name in row} - set(columns)
        for name in sorted(unknown):
            engine.execute(f'alter table raw.{table} add column "{name}" varchar')
        _insert(engine, table, rows)

    def _manifests(self) -> Iterable[dict[str, Any]]:
        for connection, names in self.expected.items():
            system, instance = connection.split("__")
            for name in names:
                found = len(self.rows.get((connection, name), ()))
                put_aside = self.quarantined[connection, name]
                yield {
                    "system": system,
                    "instance": instance,
                    "source_instance": connection,
                    "object": name,
                    "kind": "snapshot" if name in SNAPSHOTS else "window",
                    "run_id": "run-1",
                    "run_kind": "nightly",
                    "window_start": START,
                    "window_end": self.as_of,
                    "committed_at": self.as_of,
                    "source_rows": found + put_aside,
                    "rows": found,
                    "quarantined_rows": put_aside,
                    "bytes": found * 100,
                    "file_count": 1,
                }


def _stamped(connection: str) -> dict[str, Any]:
    return {
        "_source_instance": connection,
        "_extracted_at": AS_OF,
        "_window_start": START,
        "_window_end": AS_OF,
        "_run_id": "run-1",
    }


def _text(value: Any) -> Any:
    """As the extract writes it: text; booleans lower case, times in ISO with Z, objects as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _insert(engine: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        is_stamp = name in STAMPS or (any(isinstance(value, datetime) for value in values) and name[0] != "_")
        if not is_stamp or name in STAMPS or table.startswith(("lake", "activation")):
            columns[name] = values
        else:
            columns[name] = [iso(v) if isinstance(v, datetime) else v for v in values]
    engine.register("fresh", pa.table(columns))
    listed = ", ".join(f'"{name}"' for name in names)
    engine.execute(f"insert into raw.{table} ({listed}) select {listed} from fresh")
    engine.unregister("fresh")


def iso(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dbt(
    file: Path, target: Path, *arguments: str, project: Path = PROJECT, threads: int = 4
) -> subprocess.CompletedProcess[str]:
    """Run dbt in a process of its own, with a small environment; nothing is written into the project."""
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    command += ["--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(target), "--log-path", str(target / "logs")]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(target),
        "MUSTER_WAREHOUSE_FILE": str(file),
        "MUSTER_DBT_THREADS": str(threads),
    }
    return subprocess.run(command, env=environment, cwd=target, capture_output=True, text=True)


@dataclass(frozen=True)
class Built:
    """A warehouse file after dbt, and what dbt said of it."""

    file: Path
    target: Path
    output: str

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[dict[str, Any]]:
        """The rows of one query, as dicts."""
        with duckdb.connect(str(self.file), read_only=True) as engine:
            engine.execute("set timezone = 'UTC'")
            return engine.sql(sql, params=list(parameters)).to_arrow_table().to_pylist()

    def column(self, sql: str, parameters: Iterable[Any] = ()) -> list[Any]:
        """The values of the first column of one query."""
        return [next(iter(row.values())) for row in self.rows(sql, parameters)]

    def results(self) -> dict[str, dict[str, Any]]:
        """dbt's verdict on every node of the last run, by its unique id."""
        found = json.loads((self.target / "run_results.json").read_text())["results"]
        return {one["unique_id"]: one for one in found}


def build(raw: Raw, folder: Path, *, unit_tests: bool = True, project: Path = PROJECT) -> Built:
    """Write the raw tables, run `dbt build` over them, and fail with dbt's own words where it fails."""
    file = folder / "warehouse.duckdb"
    raw.write(file, project=project)
    without = [] if unit_tests else ["--exclude-resource-type", "unit_test"]
    done = dbt(file, folder, "build", *without, project=project)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return Built(file, folder, done.stdout)
