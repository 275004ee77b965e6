"""`muster`: the command line. Wiring only; the commands are in muster.commands, what they call is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from muster.commands import backfill, source
from muster.commands.activate import activate
from muster.commands.build import audit, build, publish
from muster.commands.compile import compile_audiences, new_audience
from muster.commands.extract import extract
from muster.commands.lookup import lookup
from muster.commands.quarantine import quarantine
from muster.commands.quota import quota
from muster.commands.rollback import rollback
from muster.commands.run import run
from muster.commands.session import Session, report_failure, session
from muster.commands.status import status
from muster.commands.validate import validate


class Guarded(TyperGroup):
    """The one place where errors become a text and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nothing is above this but the shell
            raise typer.Exit(report_failure(error, debug=session(ctx).debug)) from None


app = typer.Typer(
    name="muster",
    cls=Guarded,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed, 2 configuration, 3 source, 4 lake, 5 warehouse, 6 held by a guardrail, "
    "7 another run holds the work, 8 destination, 70 unexpected, 130 interrupted.",
)


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Where everything is kept; default $MUSTER_HOME, else .muster.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration folder; default $MUSTER_CONFIG, else include/config."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
) -> None:
    """People, accounts and opportunities made into audiences, and audiences kept where they are used.

    The same functions as the DAGs, one command each.
    """
    context.obj = Session(home=home, config=config, debug=debug)


def _add(function: Callable[..., None], name: str, example: str) -> None:
    app.command(name, epilog=f"Example: {example}")(function)


_add(validate, "validate", "muster validate --json")
_add(extract, "extract", "muster extract marketo__emea --interval 2026-03-02")
app.add_typer(backfill.commands(), name="backfill", epilog="Example: muster backfill status")
app.add_typer(source.commands(), name="source", epilog="Example: muster source check")
_add(quarantine, "quarantine", "muster quarantine replay marketo__emea --object leads --drop-nul")
_add(compile_audiences, "compile", "muster compile --check")
_add(new_audience, "new-audience", "muster new-audience webinar_guests")
_add(build, "build", "muster build --select dim_people+")
_add(audit, "audit", "muster audit")
_add(publish, "publish", "muster publish")
_add(rollback, "rollback", "muster rollback 20260304T000000Z-a6f24f2c903d")
_add(activate, "activate", "muster activate marketo__emea --audience pricing_page_intent --dry-run")
_add(run, "run", "muster run --interval 2026-03-02")
_add(status, "status", "muster status --json")
_add(quota, "quota", "muster quota --json")
_add(lookup, "lookup", "muster lookup ann@example.com")


def main() -> None:
    app()
