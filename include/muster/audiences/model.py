"""What a definition means, free of YAML and of any SQL dialect: the typed tree between parser and compiler.

    Audience
    └── where: Condition
        ├── Group     all, any or none of its parts
        ├── Compare   one field against a value
        ├── Related   how many of the things along a named relation satisfy a condition of their own
        └── Event     how often something happened, in a span of time before the evaluation

Every condition is either true or false for a person, account, opportunity or list: a missing value makes a
comparison false, never "unknown". Places (`at`) take no part in comparisons.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from muster.audiences.catalogue import Field, Relation
from muster.config.document import PathTuple

Entity = Literal["person", "account"]
Method = Literal["batch", "streaming-eligible"]
Unit = Literal["hours", "days", "weeks"]
HOURS: dict[str, int] = {"hours": 1, "days": 24, "weeks": 168}


@dataclass(frozen=True)
class Place:
    """Where something stands in its file."""

    path: PathTuple = ()
    line: int = 1

    def __str__(self) -> str:
        """`where / all 2 / where`: positions count from 1."""
        text = ""
        for part in self.path:
            text += f" {part + 1}" if isinstance(part, int) else f" / {part}"
        return text.removeprefix(" / ")


NOWHERE = Place()


@dataclass(frozen=True)
class Age:
    """A length of time. A day is 24 hours, whatever the clocks of a country do."""

    amount: int
    unit: Unit

    @property
    def hours(self) -> int:
        return self.amount * HOURS[self.unit]

    @property
    def days(self) -> int:
        return self.hours // 24

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.removesuffix('s') if self.amount == 1 else self.unit}"


ZERO = Age(0, "days")


@dataclass(frozen=True)
class Span:
    """Half-open, counted back from the evaluation: as_of - oldest <= t < as_of - newest."""

    oldest: Age
    newest: Age = ZERO

    def __str__(self) -> str:
        if self.newest.amount == 0:
            return f"the last {self.oldest}"
        return f"{self.oldest} to {self.newest} ago"


Scalar = str | int | float | bool | date | datetime
Value = Scalar | Age | Span | tuple[Scalar, ...]


@dataclass(frozen=True)
class Quantity:
    """How many: `at_least`, `at_most` or `exactly` n; `all` for every one, of which there is at least one."""

    kind: Literal["at_least", "at_most", "exactly", "all"]
    number: int = 1

    @property
    def is_negation(self) -> bool:
        """True where having none satisfies it."""
        return self.kind == "at_most" or (self.kind == "exactly" and self.number == 0)

    def __str__(self) -> str:
        short = {("at_least", 1): "any", ("at_most", 0): "none", ("exactly", 0): "none", ("all", 1): "all"}
        return short.get((self.kind, self.number)) or f"{self.kind.replace('_', ' ')} {self.number}"


ANY, ALL, NONE = Quantity("at_least", 1), Quantity("all"), Quantity("at_most", 0)


@dataclass(frozen=True)
class Group:
    kind: Literal["all", "any", "none"]
    parts: tuple[Condition, ...]
    at: Place = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Compare:
    """`is_link`: the field belongs to the relation itself (a role), not to what it leads to."""

    field: Field
    operator: str
    value: Value
    ignore_case: bool = False
    is_link: bool = False
    at: Place = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Related:
    relation: Relation
    quantity: Quantity = ANY
    where: Condition | None = None
    at: Place = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Event:
    """Without `within`: everything before the evaluation time counts."""

    types: tuple[str, ...]
    quantity: Quantity = ANY
    within: Span | None = None
    where: Condition | None = None
    at: Place = dataclasses.field(default=NOWHERE, compare=False)


Condition = Group | Compare | Related | Event


@dataclass(frozen=True)
class Reason:
    """A clause that forbids streaming, and why."""

    at: Place
    text: str


@dataclass(frozen=True)
class Audience:
    """One definition, checked. `method` is derived from it (rule B7), `reasons` say what forbids streaming."""

    slug: str
    name: str
    description: str
    entity: Entity
    where: Condition
    method: Method
    reasons: tuple[Reason, ...] = ()
    is_streaming: bool = False
    path: Path = dataclasses.field(default=Path(), compare=False)
    entity_line: int = dataclasses.field(default=1, compare=False)


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and everything inside it, outermost first."""
    yield condition
    inner = condition.parts if isinstance(condition, Group) else (getattr(condition, "where", None),)
    for part in inner:
        if part is not None:
            yield from walk(part)
