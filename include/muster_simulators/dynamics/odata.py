"""The part of OData that readers use: `$filter` with comparisons, `and`, `or`, parentheses; `$orderby`; `$expand` of attributes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from muster_simulators.dynamics.attributes import Attribute
from muster_simulators.dynamics.errors import bad_query
from muster_simulators.dynamics.tables import Table

Predicate = Callable[[Mapping[str, Any]], bool]
TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[()])|(?P<word>[^\s()',]+))", re.DOTALL)
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class Filter:
    """One `$filter`, parsed. Raises ApiError 400 for what it can't read."""

    def __init__(self, text: str, table: Table) -> None:
        self._tokens, self._table, self._at = _tokens(text), table, 0
        self.matches = self._either()
        if self._at < len(self._tokens):
            raise bad_query(f"Syntax error at '{self._tokens[self._at]}' in the filter.")

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda row: any(part(row) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Predicate:
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise bad_query("A parenthesis of the filter is not closed.")
            return inner
        attribute, sign = self._table.property(self._next()), self._next()
        return _comparison(attribute, sign, _literal(self._next(), attribute))

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise bad_query("The filter ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(text: str) -> list[str]:
    found, at = list[str](), 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise bad_query(f"Syntax error at position {at} in the filter.")
        found.append(match[0].strip() if match["text"] is None else match["text"])
        at = match.end()
    return found


def _comparison(attribute: Attribute, sign: str, literal: Any) -> Predicate:
    name = attribute.property_name
    if sign in ("eq", "ne"):
        return lambda row: (_comparable(row.get(name)) == literal) is (sign == "eq")
    if sign not in COMPARE:
        raise bad_query(f"'{sign}' is not an operator of the filter.")
    compare = COMPARE[sign]

    def holds(row: Mapping[str, Any]) -> bool:
        value = _comparable(row.get(name))
        return value is not None and literal is not None and compare(value, literal)

    return holds


def _comparable(value: Any) -> Any:
    """Moments without fractions, texts without case: the database's own way."""
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, str):
        return value.lower()
    return value


def _literal(text: str, attribute: Attribute) -> Any:
    """Raises ApiError 400 for a value that isn't of the column's type."""
    if text == "null":
        return None
    try:
        if attribute.type == "DateTime":
            return _moment(text, is_date=attribute.is_date_only)
        if attribute.type in ("Integer", "BigInt", "Picklist", "State", "Status"):
            return int(text)
        if attribute.type in ("Money", "Decimal", "Double"):
            return float(text)
        if attribute.type == "Boolean":
            return {"true": True, "false": False}[text]
    except (ValueError, KeyError):
        raise bad_query(f"'{text}' is not a value of {attribute.property_name}.") from None
    if GUID.fullmatch(text):
        return text.lower()
    if text.startswith("'"):
        return text[1:-1].replace("''", "'").lower()
    raise bad_query(f"'{text}' is not a value of {attribute.property_name}.")


def _moment(text: str, *, is_date: bool) -> date | datetime:
    if is_date:
        return date.fromisoformat(text)
    value = datetime.fromisoformat(text)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def ordering(text: str | None, table: Table) -> list[tuple[str, bool]]:
    """(property, is it descending) of each part; the key comes last, so that the order is whole."""
    found = []
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, _, direction = part.strip().partition(" ")
        if direction.strip() not in ("", "asc", "desc"):
            raise bad_query(f"'{direction}' is not a direction.")
        found.append((table.property(name).property_name, direction.strip() == "desc"))
    return [*found, (table.key, False)]


def ordered(rows: list[Mapping[str, Any]], by: list[tuple[str, bool]]) -> list[Mapping[str, Any]]:
    """Empty values first, as the database has them."""
    for name, is_descending in reversed(by):
        rows = sorted(
            rows,
            key=lambda row: (
                row.get(name) is not None,
                _comparable(row.get(name)) if row.get(name) is not None else 0,
            ),
            reverse=is_descending,
        )
    return rows


def selected(text: str | None, table: Table) -> list[Attribute]:
    """The attributes of `$select`, all of them without one. The key always comes."""
    if not text:
        return list(table.by_property.values())
    names = dict.fromkeys([*(name.strip() for name in text.split(",")), table.key])
    return [table.property(name) for name in names]


def expanded_attributes(text: str | None) -> list[str] | None:
    """`Attributes($select=A,B)` -> [A, B]; [] for all properties; None where attributes aren't asked for."""
    match = re.fullmatch(r"Attributes(?:\(\$select=([\w,]+)\))?", text or "")
    if text and match is None:
        raise bad_query("Only Attributes can be expanded.")
    return None if match is None else [name for name in (match[1] or "").split(",") if name]
