"""Every generated file of the mappings and its text, by its path inside the dbt project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muster import compiled
from muster.config.mapping import ObjectMapping
from muster.config.mapping_files import SHIPPED, SourceMapping, shipped_mapping
from muster.config.mapping_model import ENTITIES
from muster.mapping import describe, profile, union
from muster.mapping.sql import Group, conditions_of, identifier, jinja, staging_model

# What models written by hand read: always staged, whether platform.yml has such a source or not.
WRITTEN_FOR: Mapping[str, tuple[str, ...]] = {
    "marketo": ("leads", "companies", "opportunities", "opportunity_roles"),
    "salesforce": (
        "accounts",
        "contacts",
        "leads",
        "opportunities",
        "opportunity_contact_roles",
        "account_contact_relations",
    ),
}
# What is staged by hand altogether.
BY_HAND: Mapping[str, tuple[str, ...]] = {
    "marketo": (
        "activities",
        "deleted_leads",
        "static_lists",
        "lead_changes",
        "sales_persons",
        "programs",
        "program_members",
        "smart_campaigns",
        "named_accounts",
        "custom_contract_c",
    ),
    "salesforce": ("deleted_records",),
}
STAGING, UNIONS, MACROS = Path("models/staging"), Path("models/intermediate/mapped"), Path("macros")
FOLDERS = ("models/staging/*", "models/staging/*/mapped", UNIONS.as_posix(), MACROS.as_posix())


@dataclass(frozen=True)
class Staged:
    """One object of a system, from every connection that reads it."""

    system: str
    object: str
    groups: tuple[Group, ...]

    @property
    def name(self) -> str:
        return f"{self.system}__{self.object}"

    @property
    def model(self) -> str:
        return f"stg_{self.name}"

    @property
    def mapping(self) -> ObjectMapping:
        return self.groups[0].mapping

    @property
    def is_written_for(self) -> bool:
        return self.object in WRITTEN_FOR.get(self.system, ())


def write_mappings(
    mappings: Sequence[SourceMapping], dbt_project: Path, *, shipped: Path = SHIPPED, check: bool = False
) -> list[Path]:
    """The files that were not what they should be; written, or removed, unless `check`."""
    staged = staged_objects(mappings, shipped=shipped)
    changed = compiled.write(
        dbt_project, planned(staged, bare_objects(mappings, staged)), FOLDERS, check=check
    )
    return sorted([*changed, *profile.write(dbt_project, custom_columns(mappings), check=check)])


def staged_objects(mappings: Sequence[SourceMapping], *, shipped: Path = SHIPPED) -> list[Staged]:
    """What is staged from mappings, in a fixed order."""
    groups: dict[tuple[str, str], list[Group]] = {}
    for system, names in WRITTEN_FOR.items():
        default = shipped_mapping(system, shipped=shipped)
        for name in names:
            groups[system, name] = [Group((), default.objects[name])]
    for source in sorted(mappings, key=lambda one: one.connection):
        for name, mapping in source.objects.items():
            if name not in BY_HAND.get(source.system, ()):
                group = Group((source.connection,), mapping, _suffixes(source, mapping))
                groups.setdefault((source.system, name), []).append(group)
    return [Staged(*place, tuple(_together(found))) for place, found in sorted(groups.items())]


def _suffixes(source: SourceMapping, mapping: ObjectMapping) -> dict[str, str]:
    """Of the objects that ids of this one refer to."""
    named = {spec.object for spec in mapping.filled.values() if spec.object}
    return {name: source.objects[name].suffix or "" for name in sorted(named) if name in source.objects}


def _together(groups: Iterable[Group]) -> list[Group]:
    """Connections with one mapping are read as one; the default alone remains where nobody configured it."""
    found: list[Group] = []
    for group in groups:
        for place, known in enumerate(found):
            if (known.mapping, known.suffixes) == (group.mapping, group.suffixes):
                found[place] = Group((*known.connections, *group.connections), known.mapping, known.suffixes)
                break
        else:
            found.append(group)
    return [one for one in found if one.connections] or found[:1]


def bare_objects(mappings: Sequence[SourceMapping], staged: Sequence[Staged]) -> list[tuple[str, str]]:
    """What is read but mapped to nothing: it is counted, so that reconciliation holds, and staged nowhere."""
    known = {(one.system, one.object) for one in staged}
    known |= {(system, name) for system, names in BY_HAND.items() for name in names}
    return sorted(
        {
            (source.system, name)
            for source in mappings
            for name in source.unmapped
            if (source.system, name) not in known
        }
    )


def custom_columns(mappings: Sequence[SourceMapping]) -> dict[str, list[str]]:
    """The custom columns of people, accounts and opportunities, whatever source they come from."""
    found: dict[str, set[str]] = {name: set() for name, entity in ENTITIES.items() if entity.has_custom}
    for source in mappings:
        for mapping in source.objects.values():
            if mapping.custom:
                found[mapping.entity or ""] |= set(mapping.custom_columns)
    return {name: sorted(columns) for name, columns in found.items()}


def planned(staged: Sequence[Staged], bare: Sequence[tuple[str, str]]) -> dict[Path, str]:
    files: dict[Path, str] = {}
    for one in staged:
        folder = STAGING / one.system
        files[folder / f"{one.model}.sql"] = staging_model(
            one.system, one.object, one.groups, is_written_for=one.is_written_for
        )
        files[folder / f"{one.model}.yml"] = describe.staging_yml(one)
    for system in sorted({one.system for one in staged} | {system for system, _ in bare}):
        folder = STAGING / system / "mapped" if system in BY_HAND else STAGING / system
        of_system = [one for one in staged if one.system == system]
        counted = [name for of, name in bare if of == system]
        files[folder / "_sources.yml"] = describe.sources_yml(system, of_system, counted)
    for entity in ENTITIES.values():
        chosen = [one for one in staged if one.mapping.entity == entity.name and not one.is_written_for]
        files[UNIONS / f"int_mapped__{entity.name}.sql"] = union.union_model(entity, chosen)
        files[UNIONS / f"int_mapped__{entity.name}.yml"] = union.union_yml(entity, chosen)
    files[MACROS / "mapped.sql"] = _macros(staged, bare)
    return files


def _macros(staged: Sequence[Staged], bare: Sequence[tuple[str, str]]) -> str:
    """What written macros and models ask of the mappings."""
    entries = []
    for one in staged:
        for number, group in enumerate(one.groups):
            keys = ", ".join(jinja(identifier(name)) for name in group.mapping.key)
            others = [c for g in one.groups[1:] for c in g.connections] if number == 0 else group.connections
            only = (
                f", '{'except' if number == 0 else 'only'}': {list(others)!r}" if len(one.groups) > 1 else ""
            )
            if conditions := conditions_of(group.mapping):
                only += f", 'where': {jinja(' and '.join(conditions))}"
            entries.append(
                f"    {{'system': '{one.system}', 'object': '{one.object}', 'key': [{keys}]{only}}},\n"
            )
    entries += [f"    {{'system': '{system}', 'object': '{name}', 'key': []}},\n" for system, name in bare]
    columns: dict[str, set[str]] = {name: set() for name, entity in ENTITIES.items() if entity.has_custom}
    for one in staged:
        for group in one.groups:
            if group.mapping.custom:
                columns[one.mapping.entity or ""] |= set(group.mapping.custom_columns)
    listed = "".join(f"    '{name}': {sorted(found)!r},\n" for name, found in columns.items())
    return (
        f"{{#- {compiled.MARK}: what the mappings of the sources say.\n"
        "    Every raw object that is staged from a mapping, with its key; without a key it is counted only. -#}\n"
        f"{{%- macro mapped_objects() -%}}\n{{{{ return([\n{''.join(entries)}]) }}}}\n{{%- endmacro -%}}\n\n"
        "{#- The custom fields that pass through to the profile. -#}\n"
        f"{{%- macro custom_columns(entity) -%}}\n{{{{ return({{\n{listed}}}[entity]) }}}}\n{{%- endmacro -%}}\n"
    )
