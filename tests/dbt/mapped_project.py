"""A copy of the dbt project with the staging of further sources, compiled from mappings as `muster compile` does."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from raw_warehouse import PROJECT

from muster.config.mapping_files import SHIPPED, Listed, load_mappings
from muster.mapping import write_mappings

MAPPINGS = Path(__file__).with_name("mappings")


def compiled(
    folder: Path, sources: Mapping[str, tuple[str, ...]], own: Mapping[str, str] | None = None
) -> Path:
    """The project for these connections and their objects. `own`: a user's mapping files, by connection."""
    shipped, mine, project = folder / "shipped", folder / "sources", folder / "dbt_project"
    for system in ("marketo", "salesforce"):
        place = shipped / system / "mapping.yml"
        place.parent.mkdir(parents=True)
        shutil.copy(SHIPPED / system / "mapping.yml", place)
    (shipped / "dynamics").mkdir()
    shutil.copy(MAPPINGS / "dynamics.yml", shipped / "dynamics" / "mapping.yml")
    mine.mkdir()
    for connection, text in (own or {}).items():
        (mine / f"{connection}.yml").write_text(text)
    shutil.copytree(PROJECT, project)
    listed = [Listed(connection, names) for connection, names in sources.items()]
    write_mappings(load_mappings(listed, mine, shipped=shipped), project, shipped=shipped)
    return project
