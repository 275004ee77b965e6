"""muster validate: everything a person wrote, judged before anything happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from muster.commands.session import Session, print_json, say, session
from muster.errors import ConfigError, Problem

T = TypeVar("T")


def validate(
    context: typer.Context,
    connections: Annotated[
        bool, typer.Option(help="Check too that every connection named is defined (no call is made).")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check platform.yml, the guardrails, the audiences and the connections; report every problem at once."""
    current = session(context)
    problems, checked = _collect(current, connections=connections)
    if as_json:
        print_json(
            {
                "problems": [_plain(problem) for problem in problems],
                "checked": [str(path) for path in checked],
            }
        )
        raise typer.Exit(ConfigError.exit_code if problems else 0)
    if problems:
        raise ConfigError(problems)
    for path in checked:
        say(f"ok  {path}")
    say("ok  connections" if connections else "--  connections not checked")


def _collect(current: Session, *, connections: bool) -> tuple[list[Problem], list[Path]]:
    """The problems of all files, without doubles, in file and line order; and the files read."""
    from muster.audiences import check_activations, load_audiences
    from muster.config import check_connections, load
    from muster.config.mapping_files import listed_sources, load_mappings
    from muster.mapping import custom_columns
    from muster.quality import load_guardrails

    folder = current.config_dir()
    platform, guardrails, audiences = folder / "platform.yml", folder / "guardrails.yml", folder / "audiences"
    found: list[Problem] = []
    settings = _tried(lambda: load(folder, home=current.home), found)
    _tried(lambda: load_guardrails(guardrails), found)
    mappings = settings and _tried(
        lambda: load_mappings(listed_sources(settings.platform), settings.mappings_dir), found
    )
    custom = custom_columns(mappings or [])
    defined = _tried(lambda: load_audiences(audiences, custom=custom), found)
    if settings is not None and defined is not None:
        found += check_activations(defined, settings.platform)
    if connections:
        found += check_connections(platform, current.resolver)
    read = [*sorted(audiences.glob("*.yml")), *sorted((folder / "sources").glob("*.yml"))]
    return sorted(dict.fromkeys(found)), [platform, guardrails, *read]


def _tried(read: Callable[[], T], found: list[Problem]) -> T | None:
    """What `read` gives; its problems go to `found`."""
    try:
        return read()
    except ConfigError as error:
        found += error.problems
        return None


def _plain(problem: Problem) -> dict[str, str | int]:
    return {"path": str(problem.path), "line": problem.line, "message": problem.message, "hint": problem.hint}
