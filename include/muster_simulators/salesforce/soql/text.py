"""The tree as text again; parsing that text gives the same tree."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from muster_simulators.salesforce.soql.ast import (
    And,
    Compare,
    Condition,
    DateWord,
    FieldsOf,
    In,
    Includes,
    Literal,
    Not,
    Or,
    Order,
    Query,
)

_QUOTED = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def to_text(query: Query) -> str:
    """One line, keywords in capitals, parentheses wherever the language wants them."""
    items = [f"FIELDS({item.which})" if isinstance(item, FieldsOf) else str(item) for item in query.items]
    parts = ["SELECT", ", ".join(items) or "COUNT()", "FROM", query.sobject]
    if query.alias:
        parts.append(query.alias)
    if query.where is not None:
        parts.append(f"WHERE {condition_text(query.where)}")
    if query.order:
        parts.append("ORDER BY " + ", ".join(_order(each) for each in query.order))
    if query.limit is not None:
        parts.append(f"LIMIT {query.limit}")
    if query.offset is not None:
        parts.append(f"OFFSET {query.offset}")
    return " ".join(parts)


def condition_text(condition: Condition) -> str:
    match condition:
        case And(parts):
            return " AND ".join(_inner(part) for part in parts)
        case Or(parts):
            return " OR ".join(_inner(part) for part in parts)
        case Not(part):
            return f"NOT {_inner(part)}"
        case In(path, values, negated):
            return f"{path} {'NOT IN' if negated else 'IN'} ({', '.join(map(literal_text, values))})"
        case Includes(path, values, negated):
            word = "EXCLUDES" if negated else "INCLUDES"
            return f"{path} {word} ({', '.join(map(literal_text, values))})"
        case Compare(path, "like", str(value)):
            return f"{path} LIKE {_pattern_text(value)}"
        case Compare(path, op, value):
            return f"{path} {op} {literal_text(value)}"


def _inner(condition: Condition) -> str:
    text = condition_text(condition)
    return f"({text})" if isinstance(condition, And | Or | Not) else text


def _order(order: Order) -> str:
    direction = "DESC" if order.descending else "ASC"
    return f"{order.path} {direction} NULLS {'LAST' if order.nulls_last else 'FIRST'}"


def literal_text(value: Literal) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case DateWord(word, days):
            return word if days is None else f"{word}:{days}"
        case str():
            return f"'{value.translate(_QUOTED)}'"


def _pattern_text(value: str) -> str:
    """A LIKE pattern keeps its escapes of wildcards and backslashes as written; the rest is quoted as usual."""
    parts = re.split(r"(\\[\\%_])", value)
    return f"'{''.join(part if at % 2 else part.translate(_QUOTED) for at, part in enumerate(parts))}'"
