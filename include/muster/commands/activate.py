"""muster activate: bring each destination to what its audiences are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from muster.commands.extract import chosen
from muster.commands.session import Session, progress, run_id, say, session

if TYPE_CHECKING:
    from muster.activation import ActivationResult
    from muster.config import Settings


def activate(
    context: typer.Context,
    destination: Annotated[
        str | None, typer.Argument(metavar="[DESTINATION]", help="Where to; default every destination.")
    ] = None,
    audience: Annotated[str | None, typer.Option("--audience", help="Only this audience.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the difference and write nothing, there or here.")
    ] = False,
) -> None:
    """Send the difference between what a destination should hold and what it has acknowledged."""
    current = session(context)
    settings = current.settings()
    names = [entry.name for entry in settings.platform.destinations]
    for name in chosen([destination] if destination else None, names, "destination"):
        known = settings.platform.audiences_of(name)
        if destination is None and audience is not None and audience not in known:
            continue
        for slug in chosen([audience] if audience else None, known, f"audience of {name}"):
            activate_one(current, settings, name, slug, dry_run=dry_run)


def activate_one(
    current: Session, settings: Settings, destination: str, slug: str, *, dry_run: bool = False
) -> ActivationResult:
    """One audience in one destination, with progress; the end is one line of counts."""
    from muster.activation import activate as activate_audience

    with progress(f"activate {destination} {slug}") as report:
        result = activate_audience(
            settings, destination, slug, current.resolver,
            run_id=run_id(), attempt=1, dry_run=dry_run, on_progress=report,
        )  # fmt: skip
    counts = {name: getattr(result, name) for name in COUNTS}
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count or name in ("added", "removed"))
    say(f"activate {destination} {slug}{' (dry run)' if dry_run else ''}: {shown}")
    return result


COUNTS = ("added", "removed", "already", "unmatched", "ambiguous", "rejected", "calls", "writes")
