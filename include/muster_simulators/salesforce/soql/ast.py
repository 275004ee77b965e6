"""The tree of a query. Equal queries are equal trees; positions are kept beside them for error messages only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Path:
    """A field, perhaps of a parent: `Email`, `Owner.Email`. Names as written; `at` is the place in the text."""

    names: tuple[str, ...]
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class FieldsOf:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)` or `FIELDS(CUSTOM)`."""

    which: str


@dataclass(frozen=True)
class DateWord:
    """A date literal such as `TODAY` or `LAST_N_DAYS:7`: a range of whole UTC days."""

    word: str
    days: int | None = None


# A number is always a Decimal, so that True and 1 can't be taken for each other.
Literal = str | bool | Decimal | datetime | date | DateWord | None


@dataclass(frozen=True)
class Compare:
    """`path op value`; op is one of = != < <= > >= like."""

    path: Path
    op: str
    value: Literal


@dataclass(frozen=True)
class In:
    path: Path
    values: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True)
class Includes:
    """Of multi-select picklists: any of the values, where `A;B` asks for both."""

    path: Path
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class And:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Or:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    part: Condition


Condition = Compare | In | Includes | And | Or | Not


@dataclass(frozen=True)
class Order:
    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """`items` is empty for `SELECT COUNT()`."""

    items: tuple[Path | FieldsOf, ...]
    sobject: str
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    alias: str | None = None
    at: int = field(default=0, compare=False)

    @property
    def is_count(self) -> bool:
        return not self.items
