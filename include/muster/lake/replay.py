"""Rows that were put aside, and their way back into the window they belong to (F55).

A window's quarantine file is never changed. Which of its rows came back stands in the manifest's evidence
(`replayed`: row numbers), and the rows themselves in a further file of the window's folder. The manifest is replaced
by its next version in one step, the one before stays beside it; a kill leaves either version, and at most a file that
no manifest lists. The counts still add up: a row moves from `quarantined_rows` to `rows`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from muster.errors import LakeError
from muster.lake import files
from muster.lake.manifest import NAME, FileEntry, Manifest
from muster.lake.writer import ADDED, INSTANT, PARQUET

if TYPE_CHECKING:
    from muster.lake.store import Lake

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Aside:
    """One row that is still in quarantine."""

    row_number: int
    reason: str
    raw: str


def put_aside(lake: Lake, manifest: Manifest) -> list[Aside]:
    """The rows of a window that are still in quarantine."""
    if not manifest.quarantined_rows:
        return []
    place = (manifest.system, manifest.instance, manifest.object, f"{manifest.window}.parquet")
    rows = pq.read_table(lake.quarantined.joinpath(*place), partitioning=None).to_pylist()
    back = set(replayed(manifest))
    return [Aside(**row) for row in rows if row["row_number"] not in back]


def replayed(manifest: Manifest) -> list[int]:
    """The numbers of the rows that came back."""
    return list(manifest.evidence.get("replayed", []))


def bring_back(lake: Lake, manifest: Manifest, rows: Mapping[int, Row], run_id: str) -> Manifest:
    """Add these rows, by row number, to their window; the manifest's next version. Doing it twice adds them once."""
    folder = lake.window_folder(manifest.system, manifest.instance, manifest.object, manifest.window)
    with files.disk_errors(folder, lake.free_bytes), files.locked(folder.parent / ".lock"):
        now = Manifest.from_json((folder / NAME).read_text())
        aside = {row.row_number for row in put_aside(lake, now)}
        wanted = {number: row for number, row in sorted(rows.items()) if number in aside}
        if not wanted:
            return now
        if strange := {name for row in wanted.values() for name in row} - set(now.columns):
            raise LakeError(f"the window has no column {sorted(strange)[0]}", where=str(now.window))
        version = int(now.evidence.get("version", 1))
        entry = _add_file(lake, folder, now, list(wanted.values()), run_id)
        evidence = {**now.evidence, "version": version + 1, "replayed": [*replayed(now), *wanted]}
        after = replace(
            now,
            rows=now.rows + len(wanted),
            quarantined_rows=now.quarantined_rows - len(wanted),
            files=(*now.files, entry),
            evidence=evidence,
        )
        _replace_manifest(lake, folder, after, version)
    return after


def _add_file(lake: Lake, folder: Path, manifest: Manifest, rows: list[Row], run_id: str) -> FileEntry:
    names, count = list(manifest.columns), len(rows)
    added = (
        pa.scalar(manifest.source_instance, pa.string()),
        pa.scalar(manifest.committed_at, INSTANT),
        pa.scalar(manifest.window.start, INSTANT),
        pa.scalar(manifest.window.end, INSTANT),
        pa.scalar(run_id, pa.string()),
    )
    columns = [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
    table = pa.table([*columns, *(pa.repeat(value, count) for value in added)], names=[*names, *ADDED])
    files.require_space(lake.root, table.nbytes, lake.free_bytes)
    files.make_folder(lake.incoming)
    fresh = lake.incoming / f"{uuid.uuid4().hex}.parquet"
    try:
        pq.write_table(table, fresh, **PARQUET)
        path = folder / f"part-replayed-{uuid.uuid4().hex[:12]}.parquet"
        files.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return FileEntry(str(path.relative_to(lake.root)), count, path.stat().st_size, files.sha256(path))


def _replace_manifest(lake: Lake, folder: Path, manifest: Manifest, version: int) -> None:
    before = folder / f"manifest.v{version}.json"
    if not before.exists():
        os.link(folder / NAME, before)
    fresh = lake.incoming / f"{uuid.uuid4().hex}.json"
    files.write_whole(fresh, manifest.to_json().encode())
    files.replace(fresh, folder / NAME)
