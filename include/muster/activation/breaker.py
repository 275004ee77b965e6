"""The circuit breaker: before the first call, does this difference look like an accident? (F75, B14)

A bad join empties an audience, or doubles it, long before anybody looks. What crosses a limit is held with the
numbers and the way on: look at the plan, then approve exactly that plan by its id.
"""

from __future__ import annotations

from dataclasses import dataclass

from muster.config import Breaker
from muster.errors import GuardrailHeld

MIN_ADDED = 100


@dataclass(frozen=True)
class Numbers:
    """What is judged. `known`: the audience's size when it was last sent; 0 on a first activation."""

    desired: int
    known: int
    held: int
    added: int
    removed: int


@dataclass(frozen=True)
class Finding:
    """One rule of the breaker and what it says."""

    rule: str
    is_held: bool
    message: str


def judge(numbers: Numbers, limits: Breaker) -> list[Finding]:
    """Every rule's verdict, held or not, for the plan's report."""
    return [_emptied(numbers), _shrunk(numbers, limits), _grown(numbers, limits)]


def enforce(findings: list[Finding], *, plan_id: str, where: str, report: str) -> None:
    """Raises GuardrailHeld with the numbers and what to do, unless every rule passes."""
    held = [finding.message for finding in findings if finding.is_held]
    if not held:
        return
    destination, audience = where.split(" / ")
    raise GuardrailHeld(
        f"held by the breaker, nothing was sent: {'; '.join(held)}",
        where=where,
        hint=f"look at {report}; if this is wanted: "
        f"muster activate {destination} --audience {audience} --approve {plan_id}",
    )


def _emptied(n: Numbers) -> Finding:
    is_held = n.desired == 0 and n.held > 0
    return Finding("emptied", is_held, f"the audience goes from {n.held:,} members to {n.desired:,}")


def _shrunk(n: Numbers, limits: Breaker) -> Finding:
    share = n.removed / n.held if n.held else 0.0
    is_held = share > limits.max_removed_share and n.removed >= limits.min_removed
    message = f"{n.removed:,} of {n.held:,} members would be removed ({share:.0%}; the limit is {limits.max_removed_share:.0%})"
    return Finding("shrunk", is_held, message)


def _grown(n: Numbers, limits: Breaker) -> Finding:
    is_held = n.known > 0 and n.desired > limits.max_growth * n.known and n.added > MIN_ADDED
    message = f"the audience would grow from {n.known:,} to {n.desired:,} members (the limit is {limits.max_growth:g} times)"
    return Finding("grown", is_held, message)
