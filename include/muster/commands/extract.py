"""muster extract: read what is missing of one source, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from muster.commands.session import Session, interval, progress, say, session
from muster.errors import MusterError

if TYPE_CHECKING:
    from muster.config import Settings
    from muster.lake import Manifest, RunKind
    from muster.windows import Window


WITH_DELTAS = ("marketo",)


class UnknownNameError(MusterError):
    """A name on the command line that the configuration doesn't hold."""

    exit_code = 2


IntervalOption = Annotated[
    str | None,
    typer.Option(
        "--interval",
        metavar="START[/END]",
        help="The data interval: 2026-03-02, or <start>/<end>. Default: the latest one that is over.",
    ),
]


def extract(
    context: typer.Context,
    connections: Annotated[
        list[str] | None, typer.Argument(metavar="[CONNECTION]...", help="Sources to read; default all.")
    ] = None,
    interval_text: IntervalOption = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Only the interval's own gaps, not all since history_start.")
    ] = False,
    deltas: Annotated[
        bool,
        typer.Option(
            "--deltas",
            help="Only what changed since the last commit, until now; default: the Marketos.",
        ),
    ] = False,
) -> None:
    """Read what isn't committed yet and commit it to the lake, one window of one object at a time.

    A window that is committed is not read again: running this twice makes no call the second time.
    """
    current = session(context)
    settings = current.settings()
    known = [source.connection for source in settings.platform.sources]
    if deltas:
        if backfill or interval_text:
            raise typer.BadParameter("--deltas takes neither an interval nor --backfill")
        able = [source.connection for source in settings.platform.sources if source.system in WITH_DELTAS]
        for connection in chosen(connections, able, "source with deltas"):
            extract_deltas_of(current, settings, connection)
        return
    kind: RunKind = "backfill" if backfill else "nightly"
    for connection in chosen(connections, known, "source"):
        extract_one(current, settings, connection, interval(settings, interval_text), kind)


def extract_deltas_of(current: Session, settings: Settings, connection: str) -> None:
    """The five-minute path of one source; the end is one line of counts."""
    from muster.sources import extract_deltas

    with progress(f"extract {connection}") as report:
        manifests = extract_deltas(settings, connection, current.resolver, on_progress=report)
    say(_counts(connection, manifests))


def extract_one(current: Session, settings: Settings, connection: str, window: Window, kind: RunKind) -> None:
    """One source, with progress; the end is one line of counts."""
    from muster.sources import extract as extract_source

    with progress(f"extract {connection}") as report:
        manifests = extract_source(settings, connection, window, kind, current.resolver, on_progress=report)
    say(_counts(connection, manifests))


def _counts(connection: str, manifests: Sequence[Manifest]) -> str:
    rows = sum(manifest.rows for manifest in manifests)
    quarantined = sum(manifest.quarantined_rows for manifest in manifests)
    tail = f", {quarantined:,} quarantined" if quarantined else ""
    return f"extract {connection}: {len(manifests):,} windows, {rows:,} rows{tail}"


def chosen(given: list[str] | None, known: list[str], what: str) -> list[str]:
    """The names given, or all that are known. Raises UnknownNameError with a suggestion."""
    from muster.config import suggest

    for name in given or []:
        if name not in known:
            raise UnknownNameError(f"there is no {what} '{name}'", hint=suggest(name, known))
    return list(given or known)
