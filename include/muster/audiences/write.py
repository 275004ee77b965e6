"""Bring dbt_project to what the definitions say: write what changed, take away what is no longer defined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muster import compiled
from muster.audiences import generate
from muster.audiences.model import Audience
from muster.config import MarketoDestination, Platform
from muster.config.problems import suggest
from muster.errors import ConfigError, Problem

AUDIENCES, ACTIVATION = Path("models/audiences"), Path("models/activation")


def write_models(
    audiences: Sequence[Audience], platform: Platform, dbt_project: Path, *, check: bool = False
) -> list[Path]:
    """The files that were not what they should be; written, or removed, unless `check`.

    Only files with our header are replaced or removed. Raises ConfigError where an activation can't be,
    MusterError where a file of a person stands in the way.
    """
    problems = check_activations(audiences, platform)
    if problems:
        raise ConfigError(problems)
    folders = (AUDIENCES.as_posix(), ACTIVATION.as_posix())
    return compiled.write(dbt_project, planned(audiences, platform), folders, check=check)


def planned(audiences: Sequence[Audience], platform: Platform) -> dict[Path, str]:
    """Every generated file and its text, by its path inside the dbt project."""
    ordered = sorted(audiences, key=lambda audience: audience.slug)
    known = {audience.slug: audience for audience in ordered}
    files: dict[Path, str] = {}
    for audience in ordered:
        files |= _under(AUDIENCES, generate.audience_files(audience))
    files |= _under(AUDIENCES, generate.sizes_files(ordered))
    for destination in platform.destinations:
        slugs = platform.audiences_of(destination.name)
        for slug in slugs:
            files |= _under(ACTIVATION, generate.sync_files(known[slug], destination))
        if slugs:
            files |= _under(ACTIVATION, generate.exposure_file(destination, slugs))
    return files


def check_activations(audiences: Sequence[Audience], platform: Platform) -> list[Problem]:
    """What is wrong between definitions and activations, such as accounts on the way to Marketo (B11)."""
    known = {audience.slug: audience for audience in audiences}
    problems = []
    for activation in platform.activations:
        audience, destination = known.get(activation.audience), platform.destination(activation.destination)
        if audience is None:
            message = f"activations: there is no audience '{activation.audience}'"
            problems.append(Problem(Path("platform.yml"), 1, message, suggest(activation.audience, known)))
        elif audience.entity == "account" and isinstance(destination, MarketoDestination):
            message = f"B11: this audience of accounts is to be kept in {destination.name}, and Marketo takes people only"
            hint = "send it to files, or define an audience of the people of these accounts"
            problems.append(Problem(audience.path, audience.entity_line, message, hint))
    return problems


def _under(folder: Path, files: dict[str, str]) -> dict[Path, str]:
    return {folder / name: text for name, text in files.items()}
