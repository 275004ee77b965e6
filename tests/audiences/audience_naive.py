"""A second reading of the language: rows and loops, no SQL. What the compiled SQL must agree with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from audience_world import World

from muster.audiences.catalogue import ENTITIES, MODELS, EntityKind, Relation
from muster.audiences.model import Age, Audience, Compare, Condition, Event, Group, Quantity, Related, Span

Row = dict[str, Any]


def members(audience: Audience, world: World, as_of: datetime) -> set[str]:
    kind = ENTITIES[audience.entity]
    judge = _Judge(world, as_of)
    return {row[kind.key] for row in world[MODELS[kind.table]] if judge.holds(audience.where, kind, row, {})}


class _Judge:
    def __init__(self, world: World, as_of: datetime) -> None:
        self.world, self.as_of = world, as_of

    def holds(self, condition: Condition, kind: EntityKind, row: Row, link: Row) -> bool:
        if isinstance(condition, Group):
            found = [self.holds(part, kind, row, link) for part in condition.parts]
            return {"all": all, "any": any, "none": lambda many: not any(many)}[condition.kind](found)  # type: ignore[operator]
        if isinstance(condition, Compare):
            return self._compare(condition, link if condition.is_link else row)
        if isinstance(condition, Related):
            return self._related(condition, kind, row)
        return self._event(condition, row)

    def _related(self, condition: Related, kind: EntityKind, row: Row) -> bool:
        target = ENTITIES[condition.relation.target]
        satisfied: dict[str, bool] = {}
        for link, other in self._follow(condition.relation, row):
            good = condition.where is None or self.holds(condition.where, target, other, link)
            satisfied[other[target.key]] = satisfied.get(other[target.key], False) or good
        return _enough(condition.quantity, sum(satisfied.values()), len(satisfied))

    def _follow(self, relation: Relation, row: Row) -> Iterator[tuple[Row, Row]]:
        target = ENTITIES[relation.target]
        others = self.world[MODELS[target.table]]
        if relation.bridge is None:
            yield from (({}, other) for other in others if _same(row[relation.own], other[relation.theirs]))
            return
        for link in self.world[MODELS[relation.bridge.table]]:
            if _same(row[relation.own], link[relation.bridge.own]):
                for other in others:
                    if _same(link[relation.bridge.target], other[relation.theirs]):
                        yield link, other

    def _event(self, condition: Event, row: Row) -> bool:
        span = condition.within
        latest = self.as_of - (timedelta(hours=span.newest.hours) if span else timedelta())
        earliest = (
            self.as_of - timedelta(hours=span.oldest.hours) if span else datetime.min.replace(tzinfo=UTC)
        )
        count = 0
        for event in self.world["fct_activities"]:
            mine = event["person_key"] == row["person_key"] and event["activity_type"] in condition.types
            if mine and earliest <= event["activity_at"] < latest:
                count += condition.where is None or self.holds(condition.where, _NOTHING, event, {})
        return _enough(condition.quantity, count, count)

    def _compare(self, condition: Compare, row: Row) -> bool:
        field = condition.field
        given = row[field.source]
        if field.attribute:
            given = None if given is None else json.loads(given).get(field.attribute)
        empty = given is None or (field.type in ("text", "texts") and not given.strip(" "))
        if condition.operator in ("is_empty", "is_not_empty"):
            return empty == (condition.operator == "is_empty")
        if empty:
            return False
        if condition.operator in ("within", "within_next", "older_than"):
            return self._in_time(given, condition.operator, condition.value)
        fold: Callable[[Any], Any] = (lambda v: v.lower()) if condition.ignore_case else (lambda v: v)
        value = condition.value
        folded = tuple(fold(v) for v in value) if isinstance(value, tuple) else fold(value)
        return _TESTS[condition.operator](fold(given), folded)

    def _in_time(self, given: Any, operator: str, value: Any) -> bool:
        now: Any = self.as_of.date() if not isinstance(given, datetime) else self.as_of
        if operator == "older_than":
            return bool(given < now - _delta(value))
        if operator == "within_next":
            return bool(now <= given < now + _delta(value))
        assert isinstance(value, Span)
        return bool(now - _delta(value.oldest) <= given < now - _delta(value.newest))


def _delta(age: Age) -> timedelta:
    return timedelta(hours=age.hours)


def _same(left: Any, right: Any) -> bool:
    return left is not None and left == right


def _enough(quantity: Quantity, count: int, total: int) -> bool:
    return {
        "at_least": count >= quantity.number,
        "at_most": count <= quantity.number,
        "exactly": count == quantity.number,
        "all": 0 < total == count,
    }[quantity.kind]


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda given, value: given == value,
    "not_equals": lambda given, value: given != value,
    "in": lambda given, value: given in value,
    "not_in": lambda given, value: given not in value,
    "contains": lambda given, value: value in given,
    "starts_with": lambda given, value: given.startswith(value),
    "ends_with": lambda given, value: given.endswith(value),
    "includes": lambda given, value: value in given.split(";"),
    "greater_than": lambda given, value: given > value,
    "less_than": lambda given, value: given < value,
    "at_least": lambda given, value: given >= value,
    "at_most": lambda given, value: given <= value,
    "between": lambda given, value: value[0] <= given <= value[1],
    "since": lambda given, value: given >= value,
    "before": lambda given, value: given < value,
}
_NOTHING = EntityKind("event", "events", "activities", "activity_key", "", ())
