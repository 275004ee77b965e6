"""`make docs`: write docs/reference from the code itself, so that no command, setting, source or DAG is undocumented.

python -m tools.reference            write the pages
python -m tools.reference --check    list the pages that are not what the code says; exit 1 if there is one
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Made by `make docs` from the code; change the code, not this page. -->"


def pages() -> dict[str, str]:
    """File name -> text of every generated page that this module owns."""
    return {
        "commands.md": _page("Commands", _commands()),
        "settings.md": _page("Settings: platform.yml", _settings()),
        "guardrails.md": _page("Guardrails", _guardrails()),
        "dags.md": _page("DAGs, pools and assets", _dags()),
    }


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([f"# {title}", "", NOTE, "", *lines]).rstrip() + "\n"


# ---- commands ----------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    from muster.cli import app

    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="muster")
    yield from cleandoc(group.help or "").splitlines()
    yield ""
    yield str(getattr(group, "epilog", ""))
    yield ""
    yield from _options(group)
    for name, command in _leaves(group, context):
        yield f"## muster {name}"
        yield ""
        yield from cleandoc(command.help or "").splitlines()
        yield ""
        yield from _options(command)
        yield f"{command.epilog}"
        yield ""


def _leaves(group: Any, context: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """(name as it is typed, command) of every command, those of groups included."""
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _leaves(command, context, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _options(command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if parameter.name != "help"]
    if not shown:
        return
    yield "| | what it does |"
    yield "| --- | --- |"
    for parameter in shown:
        names = (
            [parameter.metavar or str(parameter.name).upper()]
            if parameter.param_type_name == "argument"
            else parameter.opts
        )
        names += parameter.secondary_opts
        yield f"| `{', '.join(names)}` | {getattr(parameter, 'help', '') or ''} |"
    yield ""


# ---- settings ----------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
    from muster.config import hubspot, limits, models, tables

    yield "`include/config/platform.yml`, checked by `muster validate`. An unknown key is an error, and so is a text where"
    yield "a number belongs. Credentials are never in it: `connection` names an Airflow connection."
    yield ""
    parts = (
        models.Platform,
        models.Schedule,
        models.MarketoSource,
        models.SalesforceSource,
        models.DynamicsSource,
        models.HubSpotSource,
        tables.FilesSource,
        tables.FileObject,
        tables.SqlSource,
        tables.SqlObject,
        models.MarketoDestination,
        models.FilesDestination,
        hubspot.HubSpotLimits,
        limits.MarketoLimits,
        limits.SalesforceLimits,
    )
    for model in (*parts, models.Breaker, models.Activation):
        yield f"## {_heading(model)}"
        yield ""
        yield from cleandoc(model.__doc__ or "").splitlines()
        yield ""
        yield from _fields(model)
        yield ""


def _heading(model: type[BaseModel]) -> str:
    names = {
        "Platform": "The file",
        "Schedule": "schedule",
        "MarketoLimits": "limits of a Marketo",
        "SalesforceLimits": "limits of a Salesforce",
        "HubSpotLimits": "limits of a HubSpot account",
        "Breaker": "breaker",
        "Activation": "activations[]",
        "FileObject": "objects of a files source",
        "SqlObject": "objects of a sql source",
    }
    if model.__name__ in names:
        return names[model.__name__]
    kind = "sources[]" if model.__name__.endswith("Source") else "destinations[]"
    return f"{kind} of type {get_args(model.model_fields['type'].annotation)[0]}"


def _fields(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        if name == "type":
            continue
        meaning = " ".join((field.description or "").split())
        yield f"| `{name}` | {_type(field.annotation)} | {_default(field)} | {meaning} |"


def _type(annotation: Any) -> str:
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if get_origin(annotation) is dict:
        return "names, each with a set of keys"
    if get_origin(annotation) is list:
        return f"list of {_type(arguments[0])}"
    if arguments and all(isinstance(argument, str) for argument in arguments):
        return ", ".join(f"`{argument}`" for argument in arguments)
    if arguments and not isinstance(annotation, type):
        return (
            _type(arguments[0])
            if len(arguments) == 1 or not isinstance(arguments[1], type)
            else "one of the below"
        )
    names = {
        "str": "text",
        "bool": "true or false",
        "int": "whole number",
        "float": "number",
        "datetime": "date or time with offset",
    }
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, "set of keys")


def _default(field: FieldInfo) -> str:
    if field.is_required() or field.default is PydanticUndefined:
        return "required"
    if isinstance(field.default, BaseModel):
        return "see below"
    value = field.default
    return (
        ""
        if value is None
        else f"`{', '.join(map(str, value)) if isinstance(value, list) else value}`"
        if value != []
        else ""
    )


# ---- guardrails --------------------------------------------------------------------------------------------


def _guardrails() -> Iterator[str]:
    from muster.quality import load_guardrails

    yield "`include/config/guardrails.yml`: what is measured after each build, with the limits. `warn` is shown, `fail` and"
    yield "`stop` keep the build from being published: yesterday's snapshot stays in force."
    yield ""
    yield "| guardrail | measured | per | severity | limits | what to do |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in load_guardrails(ROOT / "include" / "config" / "guardrails.yml"):
        per, advice = one.scope.replace("_", " and "), " ".join(one.advice.split())
        yield f"| `{one.id}` | {one.title} | {per} | {one.severity} | {_limits(one)} | {advice} |"


def _limits(one: Any) -> str:
    return ", ".join(
        f"{level} outside {limits}" for level, limits in (("warn", one.warn), ("fail", one.fail)) if limits
    )


# ---- DAGs --------------------------------------------------------------------------------------------------


def _dags() -> Iterator[str]:
    from muster.config import load
    from muster.naming import (
        BACKFILL_DAG,
        BUILD_DAG,
        activate_dag,
        extract_dag,
        published_asset,
        raw_asset,
        stream_dag,
    )

    settings = load(ROOT / "include" / "config")
    platform = settings.platform
    raw = [raw_asset(platform.platform, platform.sandbox, source.connection) for source in platform.sources]
    published = published_asset(platform.platform, platform.sandbox)
    yield "Made from the shipped `platform.yml`; other files give other DAGs."
    yield ""
    yield "| DAG | runs | tasks | updates |"
    yield "| --- | --- | --- | --- |"
    for source, asset in zip(platform.sources, raw, strict=True):
        yield f"| `{extract_dag(source.connection)}` | `{platform.schedule.cron}`, catching up | plan, extract (mapped), finish | `{asset}` |"
    yield f"| `{stream_dag('<connection>')}` | every `stream_minutes` of a Marketo that sets it | read_changes | |"
    yield f"| `{BACKFILL_DAG}` | by hand, with a form | plan, extract (mapped), finish | the raw asset of the source it read |"
    yield f"| `{BUILD_DAG}` | when every source has new raw data | build, audit, publish | `{published}` |"
    for destination in platform.destinations:
        audiences = ", ".join(platform.audiences_of(destination.name))
        yield f"| `{activate_dag(destination.name)}` | when a snapshot is published | export (mapped: {audiences}) | |"
    yield ""
    yield "## Pools"
    yield ""
    yield "| pool | slots | why |"
    yield "| --- | --- | --- |"
    yield from (f"| `{name}` | {slots} | {why} |" for name, slots, why in _pools(settings))


def _pools(settings: Any) -> list[tuple[str, int, str]]:
    from muster_airflow.pools import pools_of

    return [(pool.name, pool.slots, pool.description) for pool in pools_of(settings)]


def main(arguments: list[str]) -> int:
    from muster.audiences.reference import write_documents

    is_check = "--check" in arguments
    wanted = {FOLDER / name: text for name, text in pages().items()}
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    if not is_check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path in stale:
            path.write_text(wanted[path])
    stale += write_documents(ROOT, check=is_check)
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'out of date; run make docs' if is_check else 'written'}")
    return 1 if stale and is_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
