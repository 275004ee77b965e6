"""What a person writes in guardrails.yml, and which scopes each guardrail must be measured for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from muster.config import Document, Platform, read_document
from muster.config.problems import problems_of
from muster.errors import ConfigError, Problem
from muster.naming import is_slug

Severity = Literal["warn", "fail", "stop"]
ScopeKind = Literal["all", "source", "source_object", "audience", "named"]
Number = Annotated[float, Field(strict=False, allow_inf_nan=False)]


def _slug(value: str) -> str:
    if not is_slug(value):
        raise ValueError(
            f"'{value}' must be lower-case words joined by single underscores, at most 60 characters"
        )
    return value


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(Strict):
    """Both ends belong to what is allowed; an end that isn't given is open."""

    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.min is None and self.max is None:
            raise ValueError("needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    def __str__(self) -> str:
        if self.min is not None and self.max is not None:
            return f"{self.min:g} to {self.max:g}"
        return f"at least {self.min:g}" if self.min is not None else f"at most {self.max:g}"


class Guardrail(Strict):
    """One number and its limits. `severity` says what happens outside of `fail`; warn never holds a build."""

    id: Annotated[str, AfterValidator(_slug)]
    title: str = Field(min_length=1)
    measured_by: Literal["build", "audit"]
    measure: str = Field(min_length=1)
    scope: ScopeKind
    scopes: list[str] = []
    exempt: list[str] = []
    severity: Severity
    warn: Limits | None = None
    fail: Limits | None = None
    default_from: str = Field(min_length=1)
    advice: str = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Guardrail:
        if (self.scope == "named") != bool(self.scopes):
            raise ValueError("'scopes' belongs to scope: named, and only there")
        if self.severity == "warn" and (self.warn is None or self.fail is not None):
            raise ValueError("severity: warn needs limits under 'warn', and none under 'fail'")
        if self.severity != "warn" and self.fail is None:
            raise ValueError(f"severity: {self.severity} needs limits under 'fail'")
        return self

    def is_exempt(self, scope: str) -> bool:
        return any(fnmatchcase(scope, pattern) for pattern in self.exempt)


class _File(Strict):
    guardrails: list[Guardrail] = Field(min_length=1)


@dataclass(frozen=True)
class Scopes:
    """What this sandbox has, for guardrails whose scopes follow from the configuration."""

    sources: tuple[str, ...]
    source_objects: tuple[str, ...]
    audiences: tuple[str, ...]

    def of(self, guardrail: Guardrail) -> tuple[str, ...]:
        """Every scope the guardrail must have a measure for."""
        return {
            "all": ("all",),
            "source": self.sources,
            "source_object": self.source_objects,
            "audience": self.audiences,
            "named": tuple(guardrail.scopes),
        }[guardrail.scope]


def scopes_of(platform: Platform, audiences: Iterable[str]) -> Scopes:
    return Scopes(
        tuple(source.connection for source in platform.sources),
        tuple(f"{source.connection}.{name}" for source in platform.sources for name in source.all_objects),
        tuple(sorted(audiences)),
    )


def load_guardrails(path: Path) -> tuple[Guardrail, ...]:
    """Every guardrail of the file. Raises ConfigError with every problem, each with its line."""
    problems: list[Problem] = []
    document = read_document(path, problems)
    found: tuple[Guardrail, ...] = ()
    if document is not None:
        try:
            found = tuple(_File.model_validate(document.value).guardrails)
        except ValidationError as error:
            problems += problems_of(error, document, _File)
        problems += _written_twice(document)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return found


def _written_twice(document: Document) -> list[Problem]:
    """An id is written once, wherever else the file is wrong."""
    entries = document.value.get("guardrails") if isinstance(document.value, dict) else None
    seen: dict[str, int] = {}
    problems = []
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        name = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            continue
        place = ("guardrails", index, "id")
        if name in seen:
            problems.append(document.problem(place, f"id: '{name}' is used already in line {seen[name]}"))
        seen.setdefault(name, document.line(place))
    return problems
