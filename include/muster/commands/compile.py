"""muster compile and new-audience: definitions and mappings, and the dbt models that they become."""

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
        bool,
        typer.Option("--check", help="Write nothing; fail where a model isn't what its definition gives."),
    ] = False,
) -> None:
    """Write the models of audiences/*.yml, of their destinations and of the sources' mappings into dbt_project."""
    from muster.audiences import load_audiences, write_models
    from muster.config.mapping_files import listed_sources, load_mappings
    from muster.mapping import custom_columns, write_mappings

    settings = session(context).settings()
    mappings = load_mappings(listed_sources(settings.platform), settings.mappings_dir)
    audiences = load_audiences(settings.audiences_dir, custom=custom_columns(mappings))
    changed = write_mappings(mappings, settings.dbt_project, check=check)
    changed += write_models(audiences, settings.platform, settings.dbt_project, check=check)
    if check and changed:
        names = "\n".join(f"  {path}" for path in changed)
        noun = "file is" if len(changed) == 1 else "files are"
        raise StaleModelsError(f"{len(changed)} {noun} out of date\n{names}", hint="run `muster compile`")
    for path in changed:
        say(f"{'wrote  ' if path.exists() else 'removed'} {path}")
    for audience in audiences:
        say(f"{audience.slug}: {audience.entity}, {audience.method}")
    say(f"{len(audiences)} audiences, {len(changed)} files changed")


def new_audience(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Lower-case words joined by _, such as webinar_guests.")],
) -> None:
    """Start a new audience: a commented file in audiences/ that is valid as it stands."""
    from muster.audiences import scaffold

    path = scaffold(session(context).config_dir() / "audiences", name)
    say(f"wrote {path}; edit it, then run `muster compile`")
