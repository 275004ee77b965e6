"""Does a mapping fit what a source really has? Every field that a mapping takes must be a column that is there.

    misfits = check_mapping(document.value, {"people": ["id", "last_name"]})
    problems = [document.problem(one.path, one.message, one.hint) for one in misfits]

Plain data in, plain data out: how a mapping is read, and which columns there are, is somebody else's work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from muster.config.document import PathTuple
from muster.config.problems import suggest


@dataclass(frozen=True)
class Misfit:
    """One place of a mapping that names what isn't there. `path` leads to it, as in Document.line."""

    path: PathTuple
    message: str
    hint: str = ""


def check_mapping(mapping: Any, columns: Mapping[str, Collection[str]]) -> list[Misfit]:
    """Every field of the objects in `columns` that is no column. Other objects, and other mistakes, are left alone."""
    found = []
    for name, wanted in objects_of(mapping).items():
        if name not in columns:
            continue
        there = set(columns[name])
        for path, field in source_fields(wanted):
            if field not in there:
                place = ("objects", name, *path)
                found.append(Misfit(place, f"{name} has no field '{field}'", _near(field, there)))
    return found


def check_objects(mapping: Any, known: Collection[str]) -> list[Misfit]:
    """Every object of the mapping that the source isn't asked to read."""
    return [
        Misfit(("objects", name), f"the source reads no object '{name}'", suggest(name, known))
        for name in objects_of(mapping)
        if name not in known
    ]


def objects_of(mapping: Any) -> dict[str, Any]:
    """The objects of a mapping as written; none where it has another shape."""
    objects = mapping.get("objects") if isinstance(mapping, dict) else None
    return objects if isinstance(objects, dict) else {}


def source_fields(wanted: Any) -> Iterator[tuple[PathTuple, str]]:
    """(place below the object, source field) of everything that one object's mapping takes from the source."""
    if not isinstance(wanted, dict):
        return
    for index, field in enumerate(_listed(wanted.get("key"))):
        if isinstance(field, str):
            yield (("key", index) if isinstance(wanted["key"], list) else ("key",)), field
    if isinstance(wanted.get("version"), str):
        yield ("version",), wanted["version"]
    deleted = wanted.get("deleted")
    if isinstance(deleted, dict) and isinstance(deleted.get("field"), str):
        yield ("deleted", "field"), deleted["field"]
    fields = wanted.get("fields")
    for name, given in fields.items() if isinstance(fields, dict) else ():
        if isinstance(given, str):
            yield ("fields", name), given
        elif isinstance(given, dict) and isinstance(given.get("field"), str):
            yield ("fields", name, "field"), given["field"]
    for index, field in enumerate(_listed(wanted.get("custom"))):
        if isinstance(field, str):
            yield ("custom", index), field


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _near(field: str, there: Collection[str]) -> str:
    """The column that differs by case only, else one that is near, else a short list."""
    same = next((one for one in sorted(there) if one.casefold() == field.casefold()), None)
    return f"did you mean '{same}'?" if same else suggest(field, there)
