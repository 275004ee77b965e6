"""muster quarantine: what was put aside, and its way back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from muster.commands.extract import chosen
from muster.commands.session import console, say, session

if TYPE_CHECKING:
    from muster.config import Settings
    from muster.lake import Lake


class Action(StrEnum):
    LIST = "list"
    REPLAY = "replay"


def quarantine(
    context: typer.Context,
    action: Annotated[
        Action, typer.Argument(help="Show what is aside, or try to read it again.")
    ] = Action.LIST,
    connections: Annotated[
        list[str] | None, typer.Argument(metavar="[CONNECTION]...", help="Of these sources; default all.")
    ] = None,
    object_name: Annotated[str | None, typer.Option("--object", help="Only of this object.")] = None,
    drop_nul: Annotated[
        bool, typer.Option("--drop-nul", help="Replay: leave NUL bytes out of the values.")
    ] = False,
    keep_escapes: Annotated[
        bool,
        typer.Option(
            "--keep-escapes", help=r"Replay: let bytes that are not UTF-8 become text such as \xed."
        ),
    ] = False,
) -> None:
    """Rows that could not be read: how many, of which window, and why. Values are not shown: they may be personal.

    A replay reads them again with the parser of today, and commits those that can be read now to their window.
    """
    from muster.lake import Lake

    settings = session(context).settings()
    lake = Lake(settings.home.lake)
    names = chosen(connections, [source.connection for source in settings.platform.sources], "source")
    if action is Action.LIST:
        _list(settings, lake, names, object_name)
        return
    _replay(settings, lake, names, object_name, drop_nul=drop_nul, keep_escapes=keep_escapes)


def _list(settings: Settings, lake: Lake, names: list[str], object_name: str | None) -> None:
    from rich.table import Table

    from muster.lake.replay import put_aside

    table = Table("source", "object", "window", "reason", "rows", title="Put aside", title_justify="left")
    for name in names:
        config = settings.platform.source(name)
        for found in (one for one in config.all_objects if object_name in (None, one)):
            for manifest in lake.committed(config.system, config.instance, found):
                reasons = Counter(aside.reason for aside in put_aside(lake, manifest))
                for reason, count in sorted(reasons.items()):
                    table.add_row(name, found, str(manifest.window), reason, f"{count:,}")
    if table.row_count:
        console().print(table)
    else:
        say("nothing is in quarantine")


def _replay(
    settings: Settings,
    lake: Lake,
    names: list[str],
    object_name: str | None,
    *,
    drop_nul: bool,
    keep_escapes: bool,
) -> None:
    from muster.sources.replay import Mending, replay

    mending = Mending(drop_nul, keep_escapes)
    run_id = f"replay__{datetime.now(UTC).strftime('%Y%m%dT%H%M%S')}"
    found = [
        (name, one)
        for name in names
        for wanted in settings.platform.source(name).all_objects
        if object_name in (None, wanted)
        for one in replay(lake, settings.platform.source(name), wanted, mending, run_id=run_id)
    ]
    for name, one in found:
        left = "".join(f"; {count:,} still aside: {reason}" for reason, count in sorted(one.reasons.items()))
        say(f"{name} {one.manifest.object} {one.manifest.window}: {one.rows:,} rows came back{left}")
    if not found:
        say("nothing is in quarantine")
