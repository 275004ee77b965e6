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
    from rich.text import Text

    from muster.config import Settings
    from muster.lake import Lake, Manifest
    from muster.windows import Window

Row = dict[str, Any] | None
_NUMBERS = ("windows", "rows", "quarantined", "drift", "members", "pending", "rejected", "unknown")


@dataclass(frozen=True)
class ObjectStatus:
    """What the lake holds of one object of one source.

    `gaps` lie between history_start and the end of the source's newest nightly or backfill window: deltas run ahead
    for some objects only. `drift_events`: fields that were added, dropped, renamed or retyped since the first reading.
    """

    source: str
    object: str
    last_window_end: datetime | None
    windows: int
    rows: int
    quarantined_rows: int
    drift_events: int
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class ActivationStatus:
    """What one destination acknowledged of one audience, and what is still to be sent. `unfinished`: held or interrupted."""

    destination: str
    audience: str
    members: int
    pending: int
    rejected: int
    unknown: int
    last_run: datetime | None
    unfinished: str


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
        tuple(_activations(settings, lake)),
    )


def _sources(settings: Settings, lake: Lake) -> Iterator[ObjectStatus]:
    from muster.lake import drift

    for source in settings.platform.sources:
        held = {name: lake.committed(source.system, source.instance, name) for name in source.all_objects}
        ends = [one.window.end for manifests in held.values() for one in manifests if one.run_kind != "delta"]
        for name, manifests in held.items():
            yield ObjectStatus(
                source.connection,
                name,
                max((manifest.window.end for manifest in manifests), default=None),
                len(manifests),
                sum(manifest.rows for manifest in manifests),
                sum(manifest.quarantined_rows for manifest in manifests),
                drift.count(lake, source.connection, name),
                tuple(str(gap) for gap in _gaps(settings, manifests, max(ends, default=None))),
            )


def _activations(settings: Settings, lake: Lake) -> Iterator[ActivationStatus]:
    from muster.activation.ledger import count, load

    for activation in settings.platform.activations:
        ledger = load(lake, activation.destination, activation.audience)
        begun, completed = ledger.runs.get("begun"), ledger.completed()
        held = ledger.runs.get("held")
        yield ActivationStatus(
            activation.destination,
            activation.audience,
            ledger.held_count,
            count(ledger.members, "state", "pending"),
            count(ledger.members, "verdict", "rejected"),
            ledger.unknown_count,
            completed["recorded_at"] if completed else None,
            _unfinished(begun, completed, held),
        )


def _unfinished(begun: Row, completed: Row, held: Row) -> str:
    """What became of the last run that did not end: held by the breaker (with the plan's id), or interrupted."""
    last = (completed["epoch"], completed["seq"]) if completed else (0, 0)
    if held and (held["epoch"], held["seq"]) > last:
        return f"held: {held['plan_id']}"
    if begun and (begun["epoch"], begun["seq"]) > last:
        return "interrupted"
    return ""


def _tables(found: Status) -> Iterator[Table | Text]:
    from rich.text import Text

    sources = _table(
        f"Sources of {found.platform}/{found.sandbox}",
        "source",
        "object",
        "read until",
        "windows",
        "rows",
        "quarantined",
        "drift",
        "gaps",
    )
    for row in found.sources:
        gaps = f"{len(row.gaps)}: {row.gaps[0]}" if row.gaps else ""
        _add(
            sources,
            row.source,
            row.object,
            row.last_window_end,
            row.windows,
            row.rows,
            row.quarantined_rows,
            row.drift_events,
            gaps,
        )
    yield sources
    snapshot = found.snapshot
    if snapshot is None:
        yield Text("Nothing is published yet: run muster build, then muster publish", "bold")
        return
    published = _table(f"Published: {snapshot['id']}, as of {_text(snapshot['as_of'])}", "table", "rows")
    for name, rows in snapshot["tables"].items():
        _add(published, name, rows)
    yield published
    sent = _table(
        "Destinations", "destination", "audience", "members", "pending", "rejected", "unknown", "last run", ""
    )
    for one in found.activations:
        _add(
            sent,
            one.destination,
            one.audience,
            one.members,
            one.pending,
            one.rejected,
            one.unknown,
            one.last_run,
            one.unfinished,
        )
    yield sent


def _table(title: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for name in columns:
        table.add_column(name, justify="right" if name in _NUMBERS else "left")
    return table


def _add(table: Table, *values: object) -> None:
    table.add_row(*(_text(value) for value in values))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)


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
