"""muster rollback: make an earlier snapshot the one in force."""

from __future__ import annotations

from typing import Annotated

import typer

from muster.commands.session import say, session


def rollback(
    context: typer.Context,
    snapshot: Annotated[
        str, typer.Argument(help="The id of a kept snapshot; `muster status` shows the one in force.")
    ],
) -> None:
    """Move the pointer back to an earlier snapshot. Nothing is rebuilt; the next activation sends what differs."""
    from muster.warehouse import rollback as roll_back

    found = roll_back(session(context).settings(), snapshot)
    say(f"in force: {found.id}, as of {found.as_of.isoformat()}")
