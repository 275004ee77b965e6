"""muster source: what a source really has, before a line of mapping is written or a row is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muster.commands.extract import chosen
from muster.commands.session import Session, console, print_json, say, session
from muster.errors import ConfigError, MusterError, Problem

if TYPE_CHECKING:
    from muster.config import AnySource, Document, Settings
    from muster.sources.base import Peek, Source

Connected = Annotated[str, typer.Argument(help="Connection id of a source in platform.yml.")]


def preview(
    context: typer.Context,
    connection: Connected,
    object_name: Annotated[
        str | None, typer.Argument(metavar="OBJECT", help="One object; default: each.")
    ] = None,
    rows: Annotated[int, typer.Option(min=0, max=100, help="How many rows to show, masked.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show the columns that are really there, the first rows masked, and how the source's mapping fits.

    Values are shown as shapes only: `a***@e***.com`, `Xxxxx`. Reads a few rows, commits nothing. A mapped field
    that isn't there is an error with its file and line.
    """
    current = session(context)
    settings = current.settings()
    (config,) = _configs(settings, [connection])
    names = chosen([object_name] if object_name else None, list(config.all_objects), "object")
    document, problems = _mapping(settings, connection)
    found: dict[str, Peek] = {}
    with _opened(current, settings, config) as source:
        for name in names:
            found[name] = source.peek(name, rows)
    problems += misfits(document, {name: one.kinds for name, one in found.items()}, config.all_objects)
    used = _uses(document)
    if as_json:
        print_json(_described(found, used, problems))
    else:
        for name, one in found.items():
            _print(name, one, used.get(name, {}))
        if document is None and not problems:
            say(f"no mapping yet: {mapping_path(settings, connection)}")
    if problems:
        raise ConfigError(problems)


def check(
    context: typer.Context,
    connection: Annotated[
        str | None, typer.Argument(help="Connection id of a source; default: each.")
    ] = None,
) -> None:
    """Sign in to a source, look at its objects and judge its mapping; reads no rows, commits nothing.

    Every source is tried; what is wrong with each is told at the end.
    """
    current = session(context)
    settings = current.settings()
    failures: list[MusterError] = []
    for config in _configs(settings, [connection] if connection else None):
        try:
            for line in _checked(current, settings, config):
                say(f"ok  {config.connection}  {line}")
        except MusterError as error:
            say(f"!!  {config.connection}  {error.message.splitlines()[0]}")
            failures.append(error)
    for other in failures[1:]:
        typer.echo(f"muster: {other}", err=True)
    if failures:
        raise failures[0]


def _checked(current: Session, settings: Settings, config: AnySource) -> Iterator[str]:
    """One line per thing that is right. Raises the first error, and ConfigError with every misfit of the mapping."""
    from muster.sources.files.source import FilesReader
    from muster.sources.sql.source import SqlReader

    document, problems = _mapping(settings, config.connection)
    kinds: dict[str, Mapping[str, str]] = {}
    with _opened(current, settings, config) as source:
        yield f"answers; its clock says {source.server_time():%Y-%m-%d %H:%M:%S} UTC"
        if isinstance(source, FilesReader | SqlReader):
            for name in config.all_objects:
                found = source.peek(name, 0)
                kinds[name] = found.kinds
                yield f"{name}: {len(found.kinds)} columns in {found.origin}"
    problems += misfits(document, kinds, config.all_objects)
    if problems:
        raise ConfigError(problems)
    yield "mapping fits" if document is not None else "no mapping of its own"


def mapping_path(settings: Settings, connection: str) -> Path:
    """Where a source's mapping is written."""
    return settings.config_dir / "sources" / f"{connection}.yml"


def _mapping(settings: Settings, connection: str) -> tuple[Document | None, list[Problem]]:
    """The mapping as written and what keeps it from being read; None where there is none."""
    from muster.config import read_document

    path, problems = mapping_path(settings, connection), list[Problem]()
    return (read_document(path, problems) if path.is_file() else None), problems


def misfits(
    document: Document | None, columns: Mapping[str, Collection[str]], objects: Collection[str]
) -> list[Problem]:
    """What a mapping names that isn't there, each with its line."""
    from muster.config.mapping_check import check_mapping, check_objects

    if document is None:
        return []
    found = [*check_objects(document.value, objects), *check_mapping(document.value, columns)]
    return [document.problem(one.path, one.message, one.hint) for one in found]


@contextmanager
def _opened(current: Session, settings: Settings, config: AnySource) -> Iterator[Source]:
    from muster.sources import open_source
    from muster.state import Gates

    with open_source(config, current.resolver(config.connection), gates=Gates.of(settings)) as source:
        yield source


def _configs(settings: Settings, connections: list[str] | None) -> list[AnySource]:
    """The sources named, or all. Raises UnknownNameError."""
    known = [source.connection for source in settings.platform.sources]
    return [settings.platform.source(name) for name in chosen(connections, known, "source")]


def _uses(document: Document | None) -> dict[str, dict[str, list[str]]]:
    """By object and source field: what the mapping makes of it."""
    from muster.config.mapping_check import objects_of, source_fields

    found: dict[str, dict[str, list[str]]] = {}
    for name, wanted in objects_of(document.value if document else None).items():
        uses = found.setdefault(name, {})
        for path, field in source_fields(wanted):
            label = str(path[1]) if path[0] == "fields" else str(path[0])
            uses.setdefault(field, []).append(label)
    return found


def _described(
    found: Mapping[str, Peek], used: Mapping[str, Mapping[str, list[str]]], problems: list[Problem]
) -> dict[str, Any]:
    from muster.sources.kinds import masked

    return {
        "objects": {
            name: {
                "origin": one.origin,
                "columns": [
                    {"name": column, "kind": kind, "mapped_to": used.get(name, {}).get(column, [])}
                    for column, kind in one.kinds.items()
                ],
                "rows": [{column: masked(value) for column, value in row.items()} for row in one.rows],
            }
            for name, one in found.items()
        },
        "problems": [str(problem) for problem in problems],
    }


def _print(name: str, found: Peek, used: Mapping[str, list[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from muster.sources.kinds import masked

    titles = ("column", "kind", "mapped to", *(f"row {number}" for number in range(1, len(found.rows) + 1)))
    table = Table(*titles, title=f"{name}: {found.origin}", title_justify="left", header_style="dim")
    for column, kind in found.kinds.items():
        shown = [masked(row.get(column)) for row in found.rows]
        table.add_row(*(Text(text) for text in (column, kind, ", ".join(used.get(column, [])), *shown)))
    console().print(table)


def commands() -> typer.Typer:
    """`muster source ...`."""
    group = typer.Typer(no_args_is_help=True, help="Look at a source before it is read.")
    group.command("preview", epilog="Example: muster source preview files__events people")(preview)
    group.command("check", epilog="Example: muster source check sql__crm")(check)
    return group
