"""muster rollback: make an earlier snapshot the one in force."""

from __future__ import annotations

from typing import Annotated

import typer

from muster.commands.session import say, session


def rollback(
    context: typer.Context,
    snapshot: Annotated[
        str | None,
        typer.Argument(metavar="[SNAPSHOT]", help="The id of a kept snapshot; without it they are listed."),
    ] = None,
) -> None:
    """Move the pointer back to an earlier snapshot. Nothing is rebuilt; the next activation sends what differs."""
    from muster.warehouse import current_snapshot, snapshots
    from muster.warehouse import rollback as roll_back

    settings = session(context).settings()
    if snapshot is not None:
        found = roll_back(settings, snapshot)
        say(f"in force: {found.id}, as of {found.as_of.isoformat()}")
        return
    current = current_snapshot(settings)
    for one in snapshots(settings):
        mark = "  in force" if current and one.id == current.id else ""
        say(f"{one.id}  as of {one.as_of.isoformat()}, published {one.published_at:%Y-%m-%d %H:%M} UTC{mark}")
