"""muster status: what is in the lake, what is published, what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muster.commands.session import console, print_json, session

if TYPE_CHECKING:
    from rich.table import Table

    from muster.config import Settings
    from muster.lake import Lake, Manifest
    from muster.windows import Window


@dataclass(frozen=True)
class ObjectStatus:
    """What the lake holds of one object of one source. `gaps` lie between history_start and the source's last end."""

    source: str
    object: str
    last_window_end: datetime | None
    windows: int
    rows: int
    quarantined_rows: int
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class ActivationStatus:
    """What one destination acknowledged of one audience, and what is still to be sent."""

    destination: str
    audience: str
    members: int
    pending: int
    rejected: int
    last_run: datetime | None


@dataclass(frozen=True)
class Status:
    platform: str
    sandbox: str
    sources: tuple[ObjectStatus, ...]
    snapshot: dict[str, Any] | None
    audiences: dict[str, int]
    activations: tuple[ActivationStatus, ...]


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Per source what was read and what is missing; what is published; per activation what was sent."""
    found = status_of(session(context).settings())
    if as_json:
        print_json(asdict(found))
        return
    out = console()
    for table in _tables(found):
        out.print(table)


def status_of(settings: Settings) -> Status:
    """Everything `muster status` shows. Reads the lake and the published snapshot, makes no call."""
    from muster.lake import Lake

    lake = Lake(settings.home.lake)
    snapshot = _snapshot(settings)
    tables = snapshot["tables"] if snapshot else {}
    audiences = {name.removeprefix("aud_"): rows for name, rows in tables.items() if name.startswith("aud_")}
    return Status(
        settings.platform.platform,
        settings.platform.sandbox,
        tuple(_sources(settings, lake)),
        snapshot,
        audiences,
        tuple(_activations(settings, published=snapshot is not None)),
    )


def _sources(settings: Settings, lake: Lake) -> Iterator[ObjectStatus]:
    for source in settings.platform.sources:
        held = {name: lake.committed(source.system, source.instance, name) for name in source.objects}
        ends = [manifest.window.end for manifests in held.values() for manifest in manifests]
        for name, manifests in held.items():
            yield ObjectStatus(
                source.connection,
                name,
                max((manifest.window.end for manifest in manifests), default=None),
                len(manifests),
                sum(manifest.rows for manifest in manifests),
                sum(manifest.quarantined_rows for manifest in manifests),
                tuple(str(gap) for gap in _gaps(settings, manifests, max(ends, default=None))),
            )


def _activations(settings: Settings, *, published: bool) -> Iterator[ActivationStatus]:
    yield from ()


def _tables(found: Status) -> Iterator[Table]:
    yield from ()


def _gaps(settings: Settings, manifests: list[Manifest], end: datetime | None) -> list[Window]:
    """What is missing between history_start and the furthest any object of the source was read. Snapshots have none."""
    from muster.windows import Window, gaps

    start = settings.platform.history_start
    if end is None or end <= start or any(manifest.kind == "snapshot" for manifest in manifests):
        return []
    return gaps(Window(start, end), [manifest.window for manifest in manifests])


def _snapshot(settings: Settings) -> dict[str, Any] | None:
    from muster.warehouse import current_snapshot

    snapshot = current_snapshot(settings)
    if snapshot is None:
        return None
    tables = {name: facts["rows"] for name, facts in sorted(snapshot.tables.items())}
    return {"id": snapshot.id, "as_of": snapshot.as_of, "tables": tables}
