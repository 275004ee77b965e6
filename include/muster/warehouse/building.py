"""Build: a new warehouse file from the lake, under a name of its own, finished before it gets it.

<home.warehouse>/.building/muster.duckdb     what is being written; thrown away by whoever comes next
<home.warehouse>/<build id>.duckdb, .json    a finished build; the record is written last
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from muster.config import Settings
from muster.errors import LakeError, WarehouseError
from muster.lake import Lake, files
from muster.naming import is_slug
from muster.warehouse import dbt, engine, raw
from muster.warehouse.results import BuildResult, PublishedTable

KEPT = 3
TIMEOUT_SECONDS = 4 * 3600.0
PATIENCE_SECONDS = 900.0
SPILL_FACTOR = 2


def build(
    settings: Settings,
    *,
    select: str | None = None,
    on_event: dbt.OnEvent | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> BuildResult:
    """Run every model and test over what the lake holds now; the file that comes out is whole and nobody's yet.

    `select` (as dbt selects) builds on a copy of the last build, for looking at; such a build is never published.
    Raises WarehouseError naming what broke; LeaseLost while another build goes on for too long.
    """
    began = time.monotonic()
    folder = settings.home.warehouse
    with engine.exclusive(folder, "build", patience_seconds, on_event) as lock:
        workshop = _empty(folder / ".building")
        try:
            job = dbt.Job(
                settings.dbt_project, workshop, settings.home.reports / "dbt", select, timeout_seconds, lock
            )
            as_of = _prepare(settings, job)
            done = dbt.run(job, on_event)
            tables = published_tables(job.reports / "manifest.json")
            built = BuildResult(
                id=_new_id(),
                path=folder / "unnamed",
                as_of=as_of,
                reports=job.reports,
                seconds=round(time.monotonic() - began, 2),
                tables=tables,
                select=select,
                models=done["models"],
                tests=done["tests"],
                warnings=sum(result["status"] == "warn" for result in done["results"]),
            )
            return _finish(job, built)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)


def last_build(settings: Settings) -> BuildResult:
    """The newest whole build. Raises WarehouseError where there is none or its file can't be opened."""
    for record in _records(settings.home.warehouse):
        built = BuildResult.load(record)
        if built.select is None:
            require_openable(built)
            return built
    raise WarehouseError(
        "there is no build yet", where=str(settings.home.warehouse), hint="run `muster build`"
    )


def require_openable(built: BuildResult) -> None:
    """A file that never opens again is thrown away: it is made anew from the lake (V2, F41, F42)."""
    built.fingerprint  # noqa: B018 - raises where the file is gone
    try:
        with engine.attached(built.path, built.path.parent / engine.SPILL) as opened:
            opened.execute("select count(*) from information_schema.tables").fetchall()
    except WarehouseError as error:
        if "lock" in error.message:  # somebody looks at it with a tool of his own; the file is whole
            raise
        _remove(built.record)
        raise WarehouseError(
            f"the warehouse file can't be opened and was thrown away ({error.message})",
            where=built.id,
            hint="run `muster build`: it makes a new one from the lake",
        ) from None


def published_tables(manifest: Path) -> tuple[PublishedTable, ...]:
    """Every model of the layers that are published, as dbt's manifest lists them."""
    nodes = json.loads(manifest.read_text())["nodes"].values()
    found = []
    for node in nodes:
        if node["resource_type"] != "model" or node["config"]["materialized"] == "ephemeral":
            continue
        layer, name = node["fqn"][1], node["alias"]
        if layer in dbt.LAYERS:
            if not all(is_slug(part) for part in name.split("__")):
                raise WarehouseError(
                    f"the model '{name}' can't be published under this name", hint="see docs/naming.md"
                )
            found.append(PublishedTable(name, node["schema"], layer))
    return tuple(sorted(found, key=lambda table: table.name))


def _prepare(settings: Settings, job: dbt.Job) -> datetime:
    """The new file with schema `raw` over what is committed at this moment; gives the evaluation time."""
    lake = Lake(settings.home.lake)
    manifests = lake.manifests()
    if not manifests:
        raise WarehouseError(
            "the lake holds nothing yet", where=str(lake.root), hint="run `muster extract` first"
        )
    base = last_build(settings).path if job.select else None
    _require_space(job.workshop, sum(manifest.bytes for manifest in manifests), base)
    if base:
        shutil.copyfile(base, job.file)
    with engine.attached(job.file, job.workshop / engine.SPILL, writable=True) as opened:
        raw.create(opened, lake, manifests, settings.platform, job.project)
    return raw.as_of(manifests)


def _require_space(folder: Path, lake_bytes: int, base: Path | None) -> None:
    needed = lake_bytes * SPILL_FACTOR + (base.stat().st_size if base else 0)
    try:
        files.require_space(folder, needed)
    except LakeError as error:
        raise WarehouseError(error.message, where=error.where, hint=error.hint) from None


def _finish(job: dbt.Job, built: BuildResult) -> BuildResult:
    """Look once into the finished file, give it its name, write the record last; older builds go."""
    folder = job.workshop.parent
    with engine.attached(job.file, job.workshop / engine.SPILL, writable=True) as opened:
        there = {
            name for (name,) in opened.execute("select table_name from information_schema.tables").fetchall()
        }
        opened.execute(f"checkpoint {engine.CATALOG}")
    lost = [table.name for table in built.tables if table.name not in there]
    if lost and built.select is None:
        raise WarehouseError(f"dbt said it was done, but {', '.join(lost)} is missing", where=built.id)
    kept = tuple(table for table in built.tables if table.name in there)
    finished = replace(built, path=folder / f"{built.id}.duckdb", tables=kept)
    files.replace(job.file, finished.path)
    finished.save()
    _prune(folder)
    return finished


def _prune(folder: Path) -> None:
    """Keep the newest builds; files without a record, and records without a file, go too."""
    kept = {record.stem for record in _records(folder)[:KEPT]}
    for path in folder.iterdir():
        if (
            path.is_file()
            and path.suffix in (".duckdb", ".json", ".wal")
            and path.name.split(".")[0] not in kept
        ):
            path.unlink(missing_ok=True)


def _records(folder: Path) -> list[Path]:
    """Records of builds, newest first: their ids begin with the time."""
    return sorted((path for path in folder.glob("build-*.json") if path.name.count(".") == 1), reverse=True)


def _remove(record: Path) -> None:
    for path in record.parent.glob(f"{record.stem}.*"):
        path.unlink(missing_ok=True)


def _empty(folder: Path) -> Path:
    """The workshop, without what a killed build left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _new_id() -> str:
    return f"build-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:6]}"
