"""Read the configuration folder: every problem of it at once, or Settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from muster.config.connections import ConnectionResolver
from muster.config.document import Document, read_document
from muster.config.models import Platform
from muster.config.problems import problems_of
from muster.config.settings import Settings, home_root
from muster.config.topology import check, entries
from muster.errors import ConfigError, MusterError, Problem
from muster.naming import Home


def load(config_dir: Path, *, home: Path | None = None) -> Settings:
    """platform.yml of this folder, its references checked. `home`: else $MUSTER_HOME, else ./.muster.

    Raises ConfigError with every problem of the file.
    """
    folder = config_dir.resolve()
    platform = load_platform(folder / "platform.yml", audiences=folder / "audiences")
    return Settings(platform, Home(home_root(home), platform.platform, platform.sandbox), folder)


def load_platform(path: Path, *, audiences: Path | None = None) -> Platform:
    """One platform.yml. With `audiences`, a folder of <slug>.yml, activations must name one of them.

    Raises ConfigError with every problem, each with the line of the offending key or value.
    """
    problems: list[Problem] = []
    platform = None
    document = read_document(path, problems)
    if document is not None:
        platform = _validate(document, problems)
        problems += check(document, audience_slugs(audiences))
    if problems or platform is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    return platform


def audience_slugs(folder: Path | None) -> set[str] | None:
    """The slugs a folder of audiences defines: the names of its files. None without a folder to look in."""
    return None if folder is None else {file.stem for file in folder.glob("*.yml")}


def check_connections(platform_file: Path, resolver: ConnectionResolver) -> list[Problem]:
    """Every connection id that doesn't resolve, at the line that names it. No call is made, no secret shown.

    Works on a file with other problems too; those that keep it from being read are among the result.
    """
    problems: list[Problem] = []
    document = read_document(platform_file, problems)
    if document is None:
        return problems
    problems.clear()
    for section in ("sources", "destinations"):
        for entry in entries(document, section):
            connection_id = entry.text("connection")
            try:
                if connection_id:
                    resolver(connection_id)
            except MusterError as error:
                hint = error.hint or "add it in Airflow or in the environment"
                problems.append(entry.problem(("connection",), error.message, hint))
    return sorted(problems)


def _validate(document: Document, problems: list[Problem]) -> Platform | None:
    try:
        return Platform.model_validate(document.value)
    except ValidationError as error:
        problems += problems_of(error, document, Platform)
        return None
