"""From one YAML file to an Audience: shape, names and types are judged together, and every problem is kept.

Names are looked up in the catalogue of the entity at hand, so an unknown field, relation or operator comes back
with its line and the nearest known one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from muster.audiences import method, values
from muster.audiences.catalogue import AUDIENCE_ENTITIES, ENTITIES
from muster.audiences.conditions import MAX_DEPTH, Custom, Reader, Scope
from muster.audiences.model import Audience, Condition, Entity, Place
from muster.config.document import Document, read_document
from muster.config.problems import suggest
from muster.errors import ConfigError, Problem
from muster.naming import is_slug

KEYS = ("audience", "name", "description", "entity", "evaluate", "where")
EVALUATE = ("auto", "batch", "streaming")
MAX_NAME, MAX_DESCRIPTION = 120, 2_000

__all__ = ["EVALUATE", "KEYS", "MAX_DEPTH", "load_audiences", "read_audience"]


def load_audiences(folder: Path, *, custom: Custom = MappingProxyType({})) -> list[Audience]:
    """Every <slug>.yml of the folder, by slug. `custom`: further fields, by entity. Raises ConfigError with every problem of every file."""
    problems: list[Problem] = []
    found = [read_audience(path, problems, custom) for path in sorted(folder.glob("*.yml"))]
    problems += [
        Problem(path, 1, "audiences are files named <slug>.yml", f"rename it to {path.stem}.yml")
        for path in folder.glob("*.yaml")
    ]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return [audience for audience in found if audience is not None]


def read_audience(
    path: Path, problems: list[Problem], custom: Custom = MappingProxyType({})
) -> Audience | None:
    """One file. What is wrong with it is appended to `problems`; then the result is None."""
    known = len(problems)
    document = read_document(path, problems)
    if document is None:
        return None
    found = _Head(document, problems, custom).read()
    return found if len(problems) == known else None


class _Head:
    """The keys of the whole file; the condition under `where` is muster.audiences.conditions' business."""

    def __init__(self, document: Document, problems: list[Problem], custom: Custom) -> None:
        self.document, self.problems, self.custom = document, problems, custom
        self.raw: dict[str, Any] = document.value if isinstance(document.value, dict) else {}

    def read(self) -> Audience | None:
        if not self.raw:
            self._note((), "must be a set of keys", f"keys: {', '.join(KEYS)}")
            return None
        for key in self.raw:
            if key not in KEYS:
                self._note(
                    (key,), f"unknown key '{key[:60]}'", suggest(key, set(KEYS) - set(self.raw)), key=True
                )
        slug = self._slug()
        name = self._text("name", MAX_NAME)
        description = self._text("description", MAX_DESCRIPTION, lines=True)
        entity = self._choice("entity", AUDIENCE_ENTITIES)
        evaluate = self._choice("evaluate", EVALUATE, default="auto")
        where = self._where(entity)
        if where is None or entity is None:
            return None
        return self._audience(slug, name, description, entity, evaluate == "streaming", where)  # type: ignore[arg-type]

    def _audience(
        self, slug: str, name: str, description: str, entity: Entity, is_streaming: bool, where: Condition
    ) -> Audience:
        entity_at = Place(("entity",), self.document.line(("entity",), key=True))
        found, reasons = method.derive(entity, where, entity_at)
        if is_streaming:
            asked = self.document.line(("evaluate",), key=True)
            for reason in reasons:
                message = f"B7: `evaluate: streaming` (line {asked}) is not possible because of this clause, {reason.at}"
                self.problems.append(
                    Problem(
                        self.document.path,
                        reason.at.line,
                        f"{message}: {reason.text}",
                        "leave `evaluate` out",
                    )
                )
        return Audience(
            slug,
            name,
            description,
            entity,
            where,
            found,
            reasons,
            is_streaming,
            self.document.path,
            entity_at.line,
        )

    def _slug(self) -> str:
        stem, given = self.document.path.stem, self.raw.get("audience")
        if not is_slug(stem):
            self._note((), f"the file's name '{stem}' must be lower-case words joined by single underscores")
        elif "audience" not in self.raw:
            self._note((), "'audience' is missing", f"audience: {stem}")
        elif given != stem:
            self._note(("audience",), "audience: must be the file's name", f"audience: {stem}")
        return stem

    def _text(self, key: str, limit: int, *, lines: bool = False) -> str:
        if key not in self.raw:
            self._note((), f"'{key}' is missing")
            return ""
        try:
            return values.plain_text(self.raw[key], limit=limit, lines=lines).strip()
        except ValueError as error:
            self._note((key,), f"{key}: {error}")
            return ""

    def _choice(self, key: str, known: Iterable[str], default: str | None = None) -> str | None:
        if key not in self.raw:
            if default is None:
                self._note((), f"'{key}' is missing", f"one of {', '.join(known)}")
            return default
        given = self.raw[key]
        if given in tuple(known):
            return str(given)
        self._note((key,), f"{key}: unknown value '{str(given)[:60]}'", suggest(given, known))
        return None

    def _where(self, entity: str | None) -> Condition | None:
        if "where" not in self.raw:
            self._note((), "'where' is missing", "it holds the condition that members satisfy")
            return None
        if entity is None:
            return None
        return Reader(self.document, self.problems, self.custom).read(
            self.raw["where"], ("where",), Scope(ENTITIES[entity])
        )

    def _note(self, path: tuple[str, ...], message: str, hint: str = "", *, key: bool = False) -> None:
        self.problems.append(self.document.problem(path, message, hint, key=key))
