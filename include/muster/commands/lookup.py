"""muster lookup: one person or account, with everything it was made of."""

from __future__ import annotations

from typing import Annotated

import typer

from muster.commands.session import session


def lookup(
    context: typer.Context,
    value: Annotated[str, typer.Argument(help="An e-mail address, record key, person key or account key.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show the golden record, its source records, accounts, opportunities, audiences and last activities.

    Reads the published snapshot. What it prints is personal data: it goes to this terminal and nowhere else.
    """
