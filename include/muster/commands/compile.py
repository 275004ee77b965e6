"""muster compile: audience definitions into the dbt models that evaluate them."""

from __future__ import annotations

from typing import Annotated

import typer

from muster.commands.session import say, session
from muster.errors import MusterError


class StaleModelsError(MusterError):
    """The models in dbt_project are not those of the definitions."""

    exit_code = 2


def compile_audiences(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a model isn't what its definition gives.")
    ] = False,
) -> None:
    """Write the models of audiences/*.yml and of their destinations into dbt_project."""
    from muster.audiences import load_audiences, write_models

    settings = session(context).settings()
    audiences = load_audiences(settings.audiences_dir)
    stale = write_models(audiences, settings.platform, settings.dbt_project, check=check)
    if check and stale:
        names = "\n".join(f"  {path}" for path in stale)
        raise StaleModelsError(f"{len(stale)} models are out of date\n{names}", hint="run `muster compile`")
    say(f"{len(audiences)} audiences compiled, {len(stale)} files {'out of date' if check else 'changed'}")
