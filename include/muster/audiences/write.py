"""Bring dbt_project to what the definitions say: write what changed, take away what is no longer defined."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from muster.audiences import generate
from muster.audiences.model import Audience
from muster.config import MarketoDestination, Platform
from muster.config.problems import suggest
from muster.errors import ConfigError, MusterError, Problem

AUDIENCES, ACTIVATION = Path("models/audiences"), Path("models/activation")
SUFFIXES = (".sql", ".yml")


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
    wanted = planned(audiences, platform)
    stale = [path for path, text in wanted.items() if _current(dbt_project, path) != text]
    gone = [path for path in _generated(dbt_project) if path not in wanted]
    if not check:
        for path in stale:
            _replace(dbt_project / path, wanted[path])
        for path in gone:
            (dbt_project / path).unlink()
    return [dbt_project / path for path in sorted([*stale, *gone])]


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


def _current(dbt_project: Path, path: Path) -> str | None:
    """The text that is there now, None without a file. Raises MusterError where it isn't ours to replace."""
    place = dbt_project / path
    if not place.parent.resolve().is_relative_to(dbt_project.resolve()):
        raise MusterError(
            "the folder of generated models leads out of the dbt project", where=str(place.parent)
        )
    if place.is_symlink() or (place.exists() and not _is_ours(place)):
        raise MusterError(
            "a file that `muster compile` did not write stands where a model belongs",
            where=str(place),
            hint="rename it, or remove it if its definition replaces it",
        )
    return place.read_text(encoding="utf-8") if place.exists() else None


def _generated(dbt_project: Path) -> Iterator[Path]:
    for folder in (AUDIENCES, ACTIVATION):
        for place in sorted((dbt_project / folder).glob("*")):
            if place.suffix in SUFFIXES and place.is_file() and not place.is_symlink() and _is_ours(place):
                yield folder / place.name


def _is_ours(place: Path) -> bool:
    with place.open("rb") as file:
        first = file.readline(500)
    return first.lstrip(b"-# ").startswith(generate.MARK.encode())


def _replace(place: Path, text: str) -> None:
    """Whoever reads sees the old file or the new one, never a part."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
