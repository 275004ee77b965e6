"""The search: filter groups, one sort, pages by offset up to the limit of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from muster_simulators.hubspot.errors import invalid
from muster_simulators.hubspot.portal import Portal, require
from muster_simulators.hubspot.schema import ObjectType
from muster_simulators.store import Record

GROUPS, FILTERS, ALL_FILTERS = 5, 6, 18
Found = tuple[str, Record]
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda one, other: bool(one == other),
    "NEQ": lambda one, other: bool(one != other),
    "LT": lambda one, other: bool(one < other),
    "LTE": lambda one, other: bool(one <= other),
    "GT": lambda one, other: bool(one > other),
    "GTE": lambda one, other: bool(one >= other),
}
OPERATORS = frozenset({*COMPARE, "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY"})


def search(portal: Portal, kind: ObjectType, asked: Mapping[str, Any]) -> dict[str, Any]:
    """One page of results. Raises ApiError 400 for what the search refuses."""
    groups = _groups(kind, asked)
    limit, after = _whole(asked.get("limit", 10), "limit"), _whole(asked.get("after") or 0, "after")
    if not 0 <= limit <= portal.options.search_limit:
        raise invalid(f"limit must be between 0 and {portal.options.search_limit}")
    if after + limit > portal.options.most_results:
        raise invalid(
            f"after + limit: paging ends at {portal.options.most_results} results for any given query"
        )
    found = [one for one in portal.indexed(kind) if _matches(portal, kind, one, groups)]
    found = _sorted(portal, kind, found, asked.get("sorts") or [])
    page = found[after : after + limit]
    names = portal.wanted(kind, asked.get("properties"))
    answer: dict[str, Any] = {
        "total": len(found),
        "results": [portal.show(kind, key, row, names) for key, row in page],
    }
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _whole(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(f"{name} is not a number") from None


def _groups(kind: ObjectType, asked: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    groups = [list(group.get("filters") or []) for group in asked.get("filterGroups") or []]
    if len(groups) > GROUPS or any(len(group) > FILTERS for group in groups):
        raise invalid(f"at most {GROUPS} filter groups with {FILTERS} filters each")
    if sum(map(len, groups)) > ALL_FILTERS:
        raise invalid(f"at most {ALL_FILTERS} filters in all")
    for one in (one for group in groups for one in group):
        name = str(one.get("propertyName"))
        require(kind, name, f"There was a problem with the request: Property named '{name}' does not exist.")
        if one.get("operator") not in OPERATORS:
            raise invalid(f"Invalid operator {one.get('operator')}")
    return groups


def _matches(portal: Portal, kind: ObjectType, found: Found, groups: list[list[Mapping[str, Any]]]) -> bool:
    return not groups or any(all(_holds(portal, kind, found, one) for one in group) for group in groups)


def _holds(portal: Portal, kind: ObjectType, found: Found, one: Mapping[str, Any]) -> bool:
    name, operator = str(one["propertyName"]), str(one["operator"])
    text = portal.value(kind, *found, name)
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (text not in (None, "")) == (operator == "HAS_PROPERTY")
    if text is None:
        return operator in ("NEQ", "NOT_IN")
    own = _value(kind, name, text)
    if operator in ("IN", "NOT_IN"):
        given = {_value(kind, name, str(value)) for value in one.get("values") or []}
        return (own in given) == (operator == "IN")
    low = _value(kind, name, str(one.get("value")))
    if operator == "BETWEEN":
        return bool(low <= own <= _value(kind, name, str(one.get("highValue"))))
    return COMPARE[operator](own, low)


def _value(kind: ObjectType, name: str, text: str) -> Any:
    """What is compared: numbers as numbers, moments as milliseconds, text without case."""
    kind_of = require(kind, name, "").type
    try:
        if kind_of == "number":
            return float(text) if "." in text or "e" in text.lower() else int(text)
        if kind_of in ("date", "datetime"):
            return int(text) if text.lstrip("-").isdigit() else _milliseconds(text)
    except ValueError:
        raise invalid(f"'{text}' is not a value of {name}") from None
    return text.lower()


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _sorted(portal: Portal, kind: ObjectType, found: Sequence[Found], sorts: Sequence[Any]) -> list[Found]:
    """By one property at most; without a sort by creation, which ids follow."""
    if len(sorts) > 1:
        raise invalid("only one sort is allowed")
    if not sorts:
        return list(found)
    given = sorts[0] if isinstance(sorts[0], Mapping) else {"propertyName": sorts[0]}
    name = str(given["propertyName"])
    require(kind, name, f"Property named '{name}' does not exist.")

    def place(one: Found) -> tuple[bool, Any]:
        text = portal.value(kind, *one, name)
        return (text is None, 0 if text is None else _value(kind, name, text))

    return sorted(found, key=place, reverse=given.get("direction") == "DESCENDING")
