"""Rule B7: how an audience may be evaluated follows from its definition, and every clause that forbids streaming is named.

Streaming-eligible: people, by their own attributes and by events of the last 24 hours or less, with something
that is asked for and not only things that must not have happened. Everything else is batch.
"""

from __future__ import annotations

from collections.abc import Iterator

from muster.audiences.model import (
    Age,
    Compare,
    Condition,
    Entity,
    Event,
    Group,
    Method,
    Place,
    Reason,
    Related,
)

STREAMING_WINDOW = Age(24, "hours")


def derive(entity: Entity, where: Condition, entity_at: Place) -> tuple[Method, tuple[Reason, ...]]:
    """The method, and what forbids streaming in the order of the file."""
    reasons = list(_reasons(entity, where, entity_at))
    return ("batch" if reasons else "streaming-eligible"), tuple(reasons)


def _reasons(entity: Entity, where: Condition, entity_at: Place) -> Iterator[Reason]:
    if entity == "account":
        yield Reason(entity_at, "audiences of accounts are evaluated in batch")
    yield from _clauses(where)
    if _has_event(where) and not _asks_for_something(where):
        yield Reason(where.at, "all it asks is that events did not happen")


def _clauses(condition: Condition) -> Iterator[Reason]:
    if isinstance(condition, Group):
        for part in condition.parts:
            yield from _clauses(part)
    elif isinstance(condition, Related):
        yield Reason(condition.at, f"it follows the relation '{condition.relation.name}' to other entities")
    elif isinstance(condition, Event):
        if condition.within is None:
            yield Reason(
                condition.at,
                f"its events have no `within`, and streaming looks back {STREAMING_WINDOW} at most",
            )
        elif condition.within.oldest.hours > STREAMING_WINDOW.hours:
            yield Reason(
                condition.at,
                f"its events go back {condition.within.oldest}, and streaming looks back {STREAMING_WINDOW} at most",
            )


def _has_event(condition: Condition) -> bool:
    if isinstance(condition, Group):
        return any(_has_event(part) for part in condition.parts)
    return isinstance(condition, Event)


def _asks_for_something(condition: Condition, negated: bool = False) -> bool:
    """Whether anything but the absence of events decides."""
    if isinstance(condition, Group):
        return any(
            _asks_for_something(part, negated != (condition.kind == "none")) for part in condition.parts
        )
    if isinstance(condition, Event):
        return condition.quantity.is_negation == negated
    return isinstance(condition, Compare)
