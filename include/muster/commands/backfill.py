"""muster backfill: what loading the past would cost, loading it, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from muster.commands.session import console, print_json, progress, run_id, say, session
from muster.errors import MusterError

if TYPE_CHECKING:
    from datetime import datetime

    from muster.config import Settings
    from muster.sources.backfill_plan import BackfillPlan

ConnectionArgument = Annotated[str, typer.Argument(help="The source.")]
ObjectsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--object", help="Only this object; can be given several times. Default: all that have a past."
    ),
]


class NoPlanError(MusterError):
    """There is no plan that could be run."""

    exit_code = 2


def plan(
    context: typer.Context,
    connection: ConnectionArgument,
    start: Annotated[str, typer.Option("--start", help="The first day, such as 2025-01-01.")],
    end: Annotated[
        str, typer.Option("--end", help="The day after the last one: it is not part of the range.")
    ],
    objects: ObjectsOption = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe/--no-probe",
            help="Read the newest day of an object that was never read, to measure it; else a usual size is assumed.",
        ),
    ] = True,
    is_split: Annotated[
        bool,
        typer.Option("--split", help="Write a plan that is too long as parts that fit, most recent first."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Cut what is missing into windows and tell what reading them costs: bytes, calls, hours, days of quota.

    The plan is a file in reports/backfills. One that needs more than 7 days is refused (exit 6) with the numbers
    and the choices: fewer objects, a shorter range, more quota, or parts.
    """
    from muster.sources.backfill import plan_backfill
    from muster.sources.backfill_plan import save

    current = session(context)
    settings = current.settings()
    resolver = current.resolver if probe else None
    bounds = _instant(start, "--start"), _instant(end, "--end")
    with progress(f"backfill plan {connection}") as report:
        made = plan_backfill(
            settings,
            connection,
            objects or [],
            *bounds,
            resolver=resolver,
            on_progress=None if as_json else report,
        )
    save(settings, made)
    plans = _split(settings, made) if is_split else [made]
    if as_json:
        typer.echo("".join(one.to_json() for one in plans), nl=False)
    elif is_split or not made.is_refused:
        for one in plans:
            _show(one)
    if not is_split:
        made.require_fits()


def run(
    context: typer.Context,
    plan_id: Annotated[
        str | None,
        typer.Argument(metavar="[PLAN]", help="Which plan; default the latest one with something left."),
    ] = None,
) -> None:
    """Read what is left of a plan, the most recent window first. End it at any time and run it again to go on.

    When the day's quota is used up it ends with exit 3 and names the reset.
    """
    from muster.sources.backfill import run_backfill
    from muster.sources.progress import progress_of

    current = session(context)
    settings = current.settings()
    chosen = _chosen(settings, plan_id)
    with progress(f"backfill {chosen.id}") as report:
        read = run_backfill(settings, chosen, current.resolver, on_progress=report, run_id=run_id())
    say(f"backfill {chosen.id}: {len(read):,} windows, {sum(one.rows for one in read):,} rows")
    say(str(progress_of(settings, chosen)))


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Per plan: done, left, expected end, and what is left of today's quota. Asks the manifests, makes no call."""
    from muster.sources.progress import all_progress

    found = all_progress(session(context).settings())
    if as_json:
        print_json([one.to_dict() for one in found])
        return
    if not found:
        say("No backfill is planned: run muster backfill plan")
        return
    from rich.table import Table

    table = Table(title="Backfills", title_justify="left", title_style="bold", header_style="dim")
    for name in (
        "plan",
        "state",
        "windows",
        "rows read",
        "MB left",
        "expected end",
        "MB of quota left today",
    ):
        table.add_column(name, justify="left" if name in ("plan", "state", "expected end") else "right")
    for one in found:
        table.add_row(
            one.id,
            one.state,
            f"{one.windows_done:,} of {one.windows_done + one.windows_left:,}",
            f"{one.rows_done:,}",
            f"{one.bytes_left / 1e6:,.1f}",
            f"{one.expected_end:%Y-%m-%d %H:%M} UTC" if one.expected_end else "",
            "" if one.quota_left_bytes is None else f"{one.quota_left_bytes / 1e6:,.1f}",
        )
    console().print(table)


def _instant(text: str, option: str) -> datetime:
    from muster.config.models import instant

    try:
        return instant(text)
    except ValueError as error:
        raise NoPlanError(f"{option}: '{text}' {error}") from None


def _split(settings: Settings, made: BackfillPlan) -> list[BackfillPlan]:
    from muster.sources.backfill import split
    from muster.sources.backfill_plan import save

    parts = split(settings, made)
    for one in parts:
        save(settings, one)
    return parts


def _show(made: BackfillPlan) -> None:
    from muster.sources.choices import dates

    say(f"{made.id}: {', '.join(made.request.objects)}, {dates(made.request.window)}")
    for line in made.summary():
        say(f"  {line}")
    say(f"  run it: muster backfill run {made.id}")


def _chosen(settings: Settings, plan_id: str | None) -> BackfillPlan:
    """The plan of that id, else the latest one that fits and isn't done. Raises NoPlanError."""
    from muster.config import suggest
    from muster.sources.backfill import remaining
    from muster.sources.backfill_plan import saved

    plans = saved(settings)
    if plan_id is not None:
        found = next((one for one in plans if one.id == plan_id), None)
        if found is None:
            raise NoPlanError(
                f"there is no plan '{plan_id}'", hint=suggest(plan_id, [one.id for one in plans])
            )
        return found
    for one in plans:
        if not one.is_refused and remaining(settings, one):
            return one
    raise NoPlanError(
        "no plan has anything left to read", hint="muster backfill plan <source> --start ... --end ..."
    )


def commands() -> typer.Typer:
    """`muster backfill ...`."""
    group = typer.Typer(
        no_args_is_help=True, help="Load the past of a source: a plan with its price, then the windows."
    )
    group.command(
        "plan",
        epilog="Example: muster backfill plan marketo__emea --start 2025-01-01 --end 2026-01-01 --object leads",
    )(plan)
    group.command("run", epilog="Example: muster backfill run")(run)
    group.command("status", epilog="Example: muster backfill status --json")(status)
    return group
