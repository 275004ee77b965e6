"""Read the mappings of all configured sources: shipped defaults, a user's files over them, every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from muster.config.document import Document, PathTuple, read_document
from muster.config.mapping import MappingFile, ObjectMapping, custom_column
from muster.config.mapping_model import ENTITIES, Entity
from muster.config.models import Platform
from muster.config.problems import problems_of, suggest
from muster.errors import ConfigError, Problem
from muster.naming import split_connection

SHIPPED = Path(__file__).resolve().parents[1] / "sources"
ADDED = ("record_key", "record_id", "source_instance", "source_object", "extracted_at", "object_rank")


@dataclass(frozen=True)
class Listed:
    """A connection and the objects that are read of it, as platform.yml lists them."""

    connection: str
    objects: tuple[str, ...]

    @property
    def system(self) -> str:
        return split_connection(self.connection)[0]


@dataclass(frozen=True)
class SourceMapping:
    """What one connection's objects become. An object that isn't here has no mapping."""

    connection: str
    objects: Mapping[str, ObjectMapping]
    unmapped: tuple[str, ...] = ()

    @property
    def system(self) -> str:
        return split_connection(self.connection)[0]


def listed_sources(platform: Platform) -> list[Listed]:
    return [Listed(source.connection, source.all_objects) for source in platform.sources]


def load_mappings(sources: Sequence[Listed], folder: Path, *, shipped: Path = SHIPPED) -> list[SourceMapping]:
    """The mapping of every source. `folder`: the user's <connection>.yml files. Raises ConfigError."""
    reader = _Reader(folder, shipped)
    found = [reader.read(source) for source in sources]
    reader.problems += _strangers(folder, sources)
    if not reader.problems:
        reader.problems += _disagreements(reader)
    if reader.problems:
        raise ConfigError(list(dict.fromkeys(reader.problems)))
    return found


def shipped_mapping(system: str, *, shipped: Path = SHIPPED) -> MappingFile:
    """The default of a system, empty where none is shipped. Raises ConfigError."""
    reader = _Reader(Path(), shipped)
    layer = reader.layer(shipped / system / "mapping.yml")
    if reader.problems:
        raise ConfigError(reader.problems)
    return layer.file if layer else MappingFile()


@dataclass(frozen=True)
class _Layer:
    """One mapping file, and where its lines are."""

    document: Document
    file: MappingFile


@dataclass
class _Reader:
    folder: Path
    shipped: Path
    problems: list[Problem] = field(default_factory=list)
    layers: dict[Path, _Layer | None] = field(default_factory=dict)
    judged: dict[tuple[str, str], list[tuple[str, ObjectMapping, Problem]]] = field(default_factory=dict)

    def layer(self, path: Path) -> _Layer | None:
        if path not in self.layers:
            self.layers[path] = self._parsed(path) if path.is_file() else None
        return self.layers[path]

    def _parsed(self, path: Path) -> _Layer | None:
        document = read_document(path, self.problems)
        if document is None:
            return None
        try:
            return _Layer(document, MappingFile.model_validate(document.value))
        except ValidationError as error:
            self.problems += problems_of(error, document, MappingFile)
            return None

    def read(self, source: Listed) -> SourceMapping:
        default = self.layer(self.shipped / source.system / "mapping.yml")
        own = self.layer(self.folder / f"{source.connection}.yml")
        if own is not None:
            self.problems += _unlisted(own, source)
        merged: dict[str, ObjectMapping] = {}
        for name in source.objects:
            chosen = _merged(name, default, own)
            if chosen is None:
                continue
            mapping, layers = chosen
            place = _Place(name, layers)
            merged[name] = mapping
            self.problems += _judge(mapping, place, source)
            here = place.problem(("entity",), "")
            self.judged.setdefault((source.system, name), []).append((source.connection, mapping, here))
        return SourceMapping(
            source.connection, merged, tuple(name for name in source.objects if name not in merged)
        )


@dataclass(frozen=True)
class _Place:
    """Where an object's mapping is written: the user's file first, then the default."""

    object: str
    layers: tuple[_Layer, ...]

    def problem(self, keys: PathTuple, message: str, hint: str = "") -> Problem:
        document = next(
            (one.document for one in self.layers if self._holds(one, keys)), self.layers[0].document
        )
        return document.problem(("objects", self.object, *keys), message, hint)

    def _holds(self, layer: _Layer, keys: PathTuple) -> bool:
        value = layer.document.value["objects"].get(self.object)
        for key in keys:
            is_there = isinstance(value, dict) and key in value
            if isinstance(value, list) and isinstance(key, int):
                is_there = key < len(value)
            if not is_there:
                return False
            value = value[key]
        return True


def _merged(
    name: str, default: _Layer | None, own: _Layer | None
) -> tuple[ObjectMapping, tuple[_Layer, ...]] | None:
    layers = tuple(one for one in (own, default) if one is not None and name in one.file.objects)
    if not layers:
        return None
    mappings = [one.file.objects[name] for one in layers]
    return (mappings[0].over(mappings[1]) if len(mappings) == 2 else mappings[0]), layers


def _unlisted(own: _Layer, source: Listed) -> Iterator[Problem]:
    for name in own.file.objects:
        if name not in source.objects:
            yield own.document.problem(
                ("objects", name),
                f"{source.connection} reads no object '{name}'",
                suggest(name, source.objects) or "list it in platform.yml",
                key=True,
            )


def _judge(mapping: ObjectMapping, place: _Place, source: Listed) -> Iterator[Problem]:
    """What only the merged mapping shows."""
    entity = ENTITIES.get(mapping.entity or "")
    if entity is None:
        said = f"unknown entity '{mapping.entity}'" if mapping.entity else "says no entity"
        yield place.problem(("entity",), f"{place.object}: {said}", suggest(mapping.entity or "", ENTITIES))
        return
    if not mapping.key:
        yield place.problem(("key",), f"{place.object}: says no key: the fields that identify a row")
    yield from _fields(mapping, entity, place)
    for name, spec in mapping.filled.items():
        if spec.object is not None and spec.object not in source.objects:
            yield place.problem(
                ("fields", name),
                f"{name}: {source.connection} reads no object '{spec.object}'",
                suggest(spec.object, source.objects),
            )
    if mapping.custom and not entity.has_custom:
        yield place.problem(("custom",), f"custom: {entity.name} have no custom fields in the profile")
    first: dict[str, str] = {}
    for index, name in enumerate(mapping.custom):
        known = first.setdefault(custom_column(name), name)
        if known != name:
            yield place.problem(
                ("custom", index), f"custom: '{name}' and '{known}' would both be {custom_column(name)}"
            )


def _fields(mapping: ObjectMapping, entity: Entity, place: _Place) -> Iterator[Problem]:
    names = [one.name for one in entity.fields]
    for name in mapping.filled:
        if name not in names:
            yield place.problem(
                ("fields", name), f"{entity.name} have no field '{name}'", suggest(name, names)
            )
    for name in entity.required:
        if name not in mapping.filled:
            yield place.problem(("fields",), f"{place.object}: {entity.name} need the field '{name}'")
    for name in mapping.columns:
        if name in (*names, *ADDED):
            yield place.problem(
                ("columns", name), f"columns: '{name}' is a field of the model", "put it under `fields`"
            )


def _strangers(folder: Path, sources: Sequence[Listed]) -> Iterator[Problem]:
    known = {source.connection for source in sources}
    for path in sorted(folder.glob("*.y*ml")):
        if path.suffix != ".yml":
            yield Problem(
                path, 1, "mappings are files named <connection>.yml", f"rename it to {path.stem}.yml"
            )
        elif path.stem not in known:
            yield Problem(path, 1, f"platform.yml has no source '{path.stem}'", suggest(path.stem, known))


def _disagreements(reader: _Reader) -> Iterator[Problem]:
    """One table of the lake is one kind of thing, whichever connection its rows come from."""
    for (_, name), found in reader.judged.items():
        connection, first, _ = found[0]
        for _, mapping, here in found[1:]:
            if mapping.entity != first.entity:
                yield Problem(
                    here.path,
                    here.line,
                    f"{name}: {mapping.entity} here, but {first.entity} in {connection}, and both are one table",
                    "give one of the objects another name",
                )
