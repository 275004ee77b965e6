"""muster activate: bring each destination to what its audiences are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from muster.commands.extract import chosen
from muster.commands.session import Session, progress, run_id, say, session
from muster.errors import MusterError

if TYPE_CHECKING:
    from muster.activation import ActivationResult
    from muster.activation.plan import Plan
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
    approve: Annotated[
        str | None,
        typer.Option(
            "--approve", metavar="PLAN_ID", help="Carry out exactly this plan, though the breaker holds it."
        ),
    ] = None,
) -> None:
    """Send the difference between what a destination should hold and what it has acknowledged."""
    if approve and not (destination and audience):
        raise ApprovalError("--approve is for one plan", hint="name its destination and its --audience too")
    current = session(context)
    settings = current.settings()
    names = [entry.name for entry in settings.platform.destinations]
    for name in chosen([destination] if destination else None, names, "destination"):
        known = settings.platform.audiences_of(name)
        if destination is None and audience is not None and audience not in known:
            continue
        for slug in chosen([audience] if audience else None, known, f"audience of {name}"):
            activate_one(current, settings, name, slug, dry_run=dry_run, approve=approve)


def activate_one(
    current: Session,
    settings: Settings,
    destination: str,
    slug: str,
    *,
    dry_run: bool = False,
    approve: str | None = None,
) -> ActivationResult:
    """One audience in one destination, with progress; the end is one line of counts, or the plan of a dry run."""
    from muster.activation import activate as activate_audience

    with progress(f"activate {destination} {slug}") as report:
        result = activate_audience(
            settings, destination, slug, current.resolver,
            run_id=run_id(), attempt=1, dry_run=dry_run, approve=approve, on_progress=report,
        )  # fmt: skip
    if dry_run:
        show(result.plan)
        return result
    counts = {name: getattr(result, name) for name in COUNTS}
    shown = ", ".join(
        f"{count:,} {name}" for name, count in counts.items() if count or name in ("added", "removed")
    )
    say(f"activate {destination} {slug}: {shown}")
    return result


def show(plan: Plan) -> None:
    """What an activation would do now, and whether the breaker would let it."""
    roles = ", ".join(f"{count:,} {role}" for role, count in plan.counts.items() if count) or "nobody"
    calls = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in plan.expected_calls.items())
    say(f"activate {plan.destination} {plan.audience} (dry run): {plan.desired_count:,} wanted: {roles}")
    say(f"  {plan.id}, of snapshot {plan.snapshot_id}; at most {calls}")
    for finding in plan.findings:
        if finding.is_held:
            say(f"  held by the breaker: {finding.message}")


class ApprovalError(MusterError):
    """An approval that names no single plan."""

    exit_code = 2


COUNTS = ("added", "updated", "removed", "already", "unmatched", "ambiguous", "rejected", "calls", "writes")
