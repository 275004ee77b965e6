"""Publish: write what passed the audit as Parquet, then move one pointer. And back, when a night was bad.

Nobody who reads is ever disturbed: a snapshot's folder appears whole, never changes, and stays for six more.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from muster.config import Settings
from muster.errors import GuardrailHeld, WarehouseError
from muster.lake import files
from muster.warehouse import engine
from muster.warehouse.auditing import AuditResult
from muster.warehouse.building import require_openable
from muster.warehouse.results import BuildResult, PublishedTable, write_json
from muster.warehouse.snapshots import FACTS, Snapshot, current_snapshot, folder_of, pointer_of, snapshots
from muster.windows import COMPACT

KEPT = 7
PATIENCE_SECONDS = 900.0
CONTENT = ("profile", "audiences", "activation")  # what makes a snapshot a new one; reports alone don't
EVALUATION = ("evaluated_at", "measured_at")  # columns that say when, and nothing about anybody
COPY = """
copy (select * from {place} order by all) to {path} (format parquet, compression zstd, row_group_size 122880)
"""

CONTENT_HASH = """
select count(*), coalesce(sum(md5_number_lower(line)), 0), coalesce(sum(md5_number_upper(line)), 0)
from (select to_json(t)::varchar as line from {place} as t)
"""
COUNT = "select count(*) from {place}"
LOST = "select count(*) from (select {kept} from {a} except all select {kept} from {b})"

Tables = dict[str, dict[str, Any]]


def publish(
    settings: Settings,
    built: BuildResult,
    audited: AuditResult,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Snapshot:
    """Make an audited build what everyone reads. The same content as of the same time changes nothing.

    Raises GuardrailHeld for a build that was held, WarehouseError for one that was not audited as it is now.
    """
    _require_audited(built, audited)
    home = settings.home
    with engine.exclusive(home.published, "publication", patience_seconds):
        former = current_snapshot(settings)
        fresh = _fresh_folder(home.published / "snapshots")
        try:
            with engine.attached(built.path, built.path.parent / engine.SPILL) as opened:
                tables = {table.name: _export(opened, table, fresh) for table in built.tables}
                if former and _is_same(former, built, tables):
                    return replace(former, changed_rows=0)
                changed = _changed_rows(opened, built.tables, tables, fresh, former)
            snapshot = _place(settings, built, tables, changed, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        write_json(pointer_of(home), {"snapshot": snapshot.id, "as_of": snapshot.as_of.isoformat()})
        _prune(settings, snapshot.id)
    return snapshot


def rollback(settings: Settings, snapshot_id: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Snapshot:
    """Put an earlier snapshot in force again: nothing is written but the pointer."""
    with engine.exclusive(settings.home.published, "publication", patience_seconds):
        kept = {snapshot.id: snapshot for snapshot in snapshots(settings)}
        if snapshot_id not in kept:
            names = ", ".join(kept) or "none"
            raise WarehouseError(f"there is no snapshot '{snapshot_id}'", hint=f"kept are: {names}")
        chosen = kept[snapshot_id]
        write_json(pointer_of(settings.home), {"snapshot": chosen.id, "as_of": chosen.as_of.isoformat()})
    return chosen


def _require_audited(built: BuildResult, audited: AuditResult) -> None:
    if audited.is_held:
        first = audited.held[0]
        raise GuardrailHeld(f"the audit held this build: {first}", where=built.id, hint=first.advice)
    if built.select is not None:
        raise WarehouseError(
            "a build of some models is not published", where=built.id, hint="build without --select"
        )
    require_openable(built)
    if (audited.build_id, audited.fingerprint) != (built.id, built.fingerprint):
        raise WarehouseError(
            f"this build is not the one that was audited ({audited.build_id})",
            where=built.id,
            hint="run `muster audit`",
        )


def _export(opened: duckdb.DuckDBPyConnection, table: PublishedTable, folder: Path) -> dict[str, Any]:
    """One table as a sorted Parquet file; its rows, its size, and a hash of its content."""
    path = folder / f"{table.name}.parquet"
    opened.execute(engine.filled(COPY, place=table.place, path=engine.literal(str(path))))
    files.flush(path)
    rows, digest = _content(opened, table.place)
    return {"rows": rows, "sha256": digest, "bytes": path.stat().st_size}


def _content(opened: duckdb.DuckDBPyConnection, place: str) -> tuple[int, str]:
    """Rows and a hash of the set of rows: two sums over 128-bit hashes of each row, whatever their order."""
    rows, low, high = opened.execute(engine.filled(CONTENT_HASH, place=place)).fetchall()[0]
    facts = (list(_columns(opened, place).items()), rows, low, high)
    return rows, hashlib.sha256(repr(facts).encode()).hexdigest()


def _columns(opened: duckdb.DuckDBPyConnection, place: str) -> dict[str, str]:
    described = opened.execute(engine.filled("describe select * from {place}", place=place)).fetchall()
    return {name: kind for name, kind, *_ in described}


def _is_same(former: Snapshot, built: BuildResult, tables: Tables) -> bool:
    """Same time, same content. Reports may differ: they tell about the run, not about anybody."""
    names = [table.name for table in built.tables if table.layer in CONTENT]
    reports = {table.name for table in built.tables} - set(names)
    before = {name: facts["sha256"] for name, facts in former.tables.items() if name not in reports}
    return former.as_of == built.as_of and before == {name: tables[name]["sha256"] for name in names}


def _changed_rows(
    opened: duckdb.DuckDBPyConnection,
    listed: Iterable[PublishedTable],
    tables: Tables,
    fresh: Path,
    former: Snapshot | None,
) -> int:
    """Rows of the profile that are new, gone or different. All of them where nothing was published before."""
    changed = 0
    for table in listed:
        if table.layer != "profile":
            continue
        before = former.tables.get(table.name) if former else None
        if former is None or before is None:
            changed += tables[table.name]["rows"]
        elif before["sha256"] != tables[table.name]["sha256"]:
            changed += _differing(opened, *(_file(folder, table) for folder in (fresh, former.folder)))
    return changed


def _file(folder: Path, table: PublishedTable) -> str:
    return f"read_parquet({engine.literal(str(folder / f'{table.name}.parquet'))})"


def _differing(opened: duckdb.DuckDBPyConnection, new: str, old: str) -> int:
    """How many rows differ; a row that changed counts once, and all of them where the columns changed."""
    columns = _columns(opened, new)
    if columns != _columns(opened, old):
        return max(_count(opened, COUNT, place=place) for place in (new, old))
    kept = ", ".join(engine.quoted(name) for name in columns if name not in EVALUATION)
    return max(_count(opened, LOST, kept=kept, a=a, b=b) for a, b in ((new, old), (old, new)))


def _count(opened: duckdb.DuckDBPyConnection, template: str, **names: str) -> int:
    return int(opened.execute(engine.filled(template, **names)).fetchall()[0][0])


def _place(settings: Settings, built: BuildResult, tables: Tables, changed: int, fresh: Path) -> Snapshot:
    """Give the folder its name, which follows from its content. A snapshot that is there already is used again."""
    snapshot_id = _id(built, tables)
    final = folder_of(settings.home) / snapshot_id
    snapshot = Snapshot(snapshot_id, built.as_of, True, changed, tables, built.id, datetime.now(UTC), final)
    if (final / FACTS).is_file():
        return replace(Snapshot.load(final), is_new=True, changed_rows=changed)
    write_json(fresh / FACTS, snapshot.to_json())
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)
    files.flush(final.parent)
    return snapshot


def _id(built: BuildResult, tables: Mapping[str, Mapping[str, Any]]) -> str:
    content = sorted((t.name, tables[t.name]["sha256"]) for t in built.tables if t.layer in CONTENT)
    digest = hashlib.sha256(repr((built.as_of.isoformat(), content)).encode()).hexdigest()
    return f"{built.as_of.strftime(COMPACT)}-{digest[:12]}"


def _fresh_folder(parent: Path) -> Path:
    """A folder for what is being written, without those that killed processes left (we hold the lock)."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(".incoming-*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = parent / f".incoming-{uuid.uuid4().hex}"
    fresh.mkdir()
    return fresh


def _prune(settings: Settings, current: str) -> None:
    for old in snapshots(settings)[KEPT:]:
        if old.id != current:
            shutil.rmtree(old.folder, ignore_errors=True)
