"""A condition, bound to one object's fields, as a function of a record.

Logic is two-valued as in SOQL: a comparison with an empty field is false, `!=` and `NOT IN` are true for it.
Text doesn't mind the case; ids do, and only their first 15 characters count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from muster_simulators.salesforce.errors import ApiError, invalid_field
from muster_simulators.salesforce.fields import COMPOUND, NUMBERS, Field, Getter, Record
from muster_simulators.salesforce.soql import (
    And,
    Compare,
    Condition,
    DateWord,
    In,
    Includes,
    Literal,
    Not,
    Or,
    Path,
)

Test = Callable[[Record], bool]
Resolve = Callable[[Path], tuple[Field, Getter]]
"""Where a path leads: its field and how to read it from a record of the queried object."""

_ORDERED = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "!=": ne}
_IDS = ("id", "reference")


def compile_condition(condition: Condition, resolve: Resolve, now: datetime) -> Test:
    """Raises ApiError where the field, operator and value don't go together."""
    match condition:
        case And(parts):
            tests = [compile_condition(part, resolve, now) for part in parts]
            return lambda record: all(test(record) for test in tests)
        case Or(parts):
            tests = [compile_condition(part, resolve, now) for part in parts]
            return lambda record: any(test(record) for test in tests)
        case Not(part):
            test = compile_condition(part, resolve, now)
            return lambda record: not test(record)
        case Includes():
            return _includes(condition, resolve)
        case In():
            return _in(condition, resolve)
        case Compare():
            return _compare(condition, resolve, now)


def bad_operator(field: Field) -> ApiError:
    return ApiError(
        400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field '{field.name}'"
    )


def _filterable(path: Path, resolve: Resolve) -> tuple[Field, Getter]:
    field, getter = resolve(path)
    if not field.filterable or field.type in COMPOUND:
        raise invalid_field(f"field '{field.name}' can not be filtered in a query call")
    return field, _comparable(field, getter)


def _comparable(field: Field, getter: Getter) -> Getter:
    """The value in the form that literals of this field are brought to."""
    if field.type == "datetime":
        return lambda record: _whole_seconds(getter(record))
    if field.type == "boolean":
        return getter
    if field.type == "date":
        return lambda record: _date(getter(record))
    if field.type in NUMBERS:
        return lambda record: _float(getter(record))
    if field.type in _IDS:
        return lambda record: (getter(record) or "")[:15] or None
    return lambda record: _folded(getter(record))


def _whole_seconds(value: datetime | None) -> datetime | None:
    return value.replace(microsecond=0) if value is not None and value.microsecond else value


def _date(value: date | None) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _folded(value: str | None) -> str | None:
    return value.casefold() or None if value else None


# ---- literals ----------------------------------------------------------------------------------------------


def _literal(field: Field, value: Literal) -> Any:
    """The literal in comparable form. Raises ApiError when it is of another type than the field."""
    if value is None:
        return None
    if field.type in NUMBERS:
        return float(_typed(field, value, Decimal))
    if field.type == "boolean":
        return _typed(field, value, bool)
    if field.type == "datetime":
        return _typed(field, value, datetime)
    if field.type == "date":
        if isinstance(value, datetime):
            raise _wrong_type(field)
        return _typed(field, value, date)
    text = _typed(field, value, str)
    if field.type in _IDS:
        if not re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", text):
            raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
        return text[:15]
    return text.casefold() or None


def _typed(field: Field, value: Literal, wanted: type) -> Any:
    if not isinstance(value, wanted):
        raise _wrong_type(field)
    return value


def _wrong_type(field: Field) -> ApiError:
    shown = {"datetime": "dateTime", "reference": "ID", "id": "ID"}.get(field.type, field.type)
    quoted = field.type not in NUMBERS and field.type not in ("boolean", "date", "datetime")
    rule = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
    shown = "string" if quoted and field.type not in _IDS else shown
    return invalid_field(
        f"value of filter criterion for field '{field.name}' must be of type {shown} and {rule}"
    )


def days_of(word: DateWord, today: date) -> tuple[date, date]:
    """The half-open range of days that a date word names."""
    one, count = timedelta(days=1), timedelta(days=word.days or 0)
    first = today.replace(day=1)
    return {
        "TODAY": (today, today + one),
        "YESTERDAY": (today - one, today),
        "TOMORROW": (today + one, today + 2 * one),
        "THIS_MONTH": (first, (first + timedelta(days=32)).replace(day=1)),
        "LAST_MONTH": ((first - one).replace(day=1), first),
        "LAST_N_DAYS": (today - count, today + one),
        "NEXT_N_DAYS": (today + one, today + one + count),
    }[word.word]


# ---- comparisons -------------------------------------------------------------------------------------------


def _compare(condition: Compare, resolve: Resolve, now: datetime) -> Test:
    field, getter = _filterable(condition.path, resolve)
    op, value = condition.op, condition.value
    _check_operator(field, op)
    if op == "like":
        return _like(getter, str(value))
    if isinstance(value, DateWord):
        return _in_days(field, getter, op, value, now)
    wanted = _literal(field, value)
    if wanted is None:
        if op not in ("=", "!="):
            raise bad_operator(field)
        return (
            (lambda record: getter(record) is None)
            if op == "="
            else (lambda record: getter(record) is not None)
        )
    return _ordered(getter, op, wanted)


def _check_operator(field: Field, op: str) -> None:
    limited = field.type in ("boolean", "multipicklist") and op not in ("=", "!=")
    texts = field.type not in NUMBERS and field.type not in (
        *_IDS,
        "boolean",
        "date",
        "datetime",
        "multipicklist",
    )
    if limited or (op == "like" and not texts):
        raise bad_operator(field)


def _ordered(getter: Getter, op: str, wanted: Any) -> Test:
    if op == "=":
        return lambda record: getter(record) == wanted
    if op == "!=":
        return lambda record: getter(record) != wanted
    holds = _ORDERED[op]

    def test(record: Record) -> bool:
        value = getter(record)
        return value is not None and holds(value, wanted)

    return test


def _in_days(field: Field, getter: Getter, op: str, word: DateWord, now: datetime) -> Test:
    if field.type not in ("date", "datetime"):
        raise _wrong_type(field)
    first, after = days_of(word, now.astimezone(UTC).date())
    start: Any = first
    end: Any = after
    if field.type == "datetime":
        start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, after))
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda value: start <= value < end,
        "!=": lambda value: not start <= value < end,
        "<": lambda value: value < start,
        "<=": lambda value: value < end,
        ">": lambda value: value >= end,
        ">=": lambda value: value >= start,
    }
    holds, empty = tests[op], op == "!="

    def test(record: Record) -> bool:
        value = getter(record)
        return empty if value is None else holds(value)

    return test


def _like(getter: Getter, pattern: str) -> Test:
    """`%` any text, `_` any character, backslash before them takes the meaning away."""
    wildcards = {"%": ".*", "_": "."}
    parts = re.findall(r"\\[\\%_]|.", pattern.casefold(), re.DOTALL)
    expression = "".join(wildcards.get(part) or re.escape(part[-1]) for part in parts)
    matches = re.compile(expression, re.DOTALL).fullmatch

    def test(record: Record) -> bool:
        value = getter(record)
        return value is not None and matches(value) is not None

    return test


def _in(condition: In, resolve: Resolve) -> Test:
    field, getter = _filterable(condition.path, resolve)
    if field.type in ("boolean", "multipicklist") or any(
        isinstance(value, DateWord) for value in condition.values
    ):
        raise bad_operator(field)
    wanted = frozenset(_literal(field, value) for value in condition.values)
    if condition.negated:
        return lambda record: getter(record) not in wanted
    return lambda record: getter(record) in wanted


def _includes(condition: Includes, resolve: Resolve) -> Test:
    field, getter = _filterable(condition.path, resolve)
    if field.type != "multipicklist":
        raise bad_operator(field)
    wanted = [frozenset(value.casefold().split(";")) for value in condition.values]

    def includes(record: Record) -> bool:
        chosen = frozenset((getter(record) or "").split(";"))
        return any(every <= chosen for every in wanted)

    if condition.negated:
        return lambda record: not includes(record)
    return includes
