"""What was measured, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from muster.quality.guardrails import Guardrail, Limits, Scopes, Severity

Verdict = Literal["ok", "warn", "fail", "missing"]


@dataclass(frozen=True)
class Measure:
    guardrail_id: str
    scope: str
    value: float | None


@dataclass(frozen=True)
class Finding:
    """One guardrail in one scope. `measured` is None where there is no measure, or more than one."""

    guardrail_id: str
    scope: str
    title: str
    severity: Severity
    verdict: Verdict
    measured: float | None
    limits: str
    advice: str

    @property
    def is_held(self) -> bool:
        """Does it keep the build from being published? A measure that is missing does, whatever the severity."""
        return self.verdict in ("fail", "missing")

    def __str__(self) -> str:
        number = "not measured" if self.measured is None else f"measured {self.measured:,.6g}"
        return f"{self.guardrail_id} of {self.scope}: {number}, allowed {self.limits} ({self.severity})"


@dataclass(frozen=True)
class Question:
    """A number and the limits it is held against; what one expectation asks."""

    guardrail: Guardrail
    scope: str
    level: Severity
    limits: Limits
    value: float | None

    @property
    def column(self) -> str:
        return f"{self.guardrail.id} · {self.scope}"


def questions(guardrails: Iterable[Guardrail], scopes: Scopes, measures: Sequence[Measure]) -> list[Question]:
    """Every limit of every guardrail in every scope it must hold in; exempt scopes are not asked about."""
    values: dict[tuple[str, str], list[float]] = {}
    for measure in measures:
        if measure.value is not None and math.isfinite(measure.value):
            values.setdefault((measure.guardrail_id, measure.scope), []).append(measure.value)
    asked = []
    for guardrail in guardrails:
        levels: list[tuple[Severity, Limits | None]] = [
            ("warn", guardrail.warn),
            (guardrail.severity, guardrail.fail),
        ]
        for scope in scopes.of(guardrail):
            found = values.get((guardrail.id, scope), [])
            value = found[0] if len(found) == 1 else None
            if not guardrail.is_exempt(scope):
                asked += [
                    Question(guardrail, scope, level, limits, value) for level, limits in levels if limits
                ]
    return asked


def finding(asked: Sequence[Question], held: Sequence[bool]) -> Finding:
    """The verdict on one guardrail in one scope, from the answers to each of its limits."""
    first = asked[0]
    broken = [question for question, is_met in zip(asked, held, strict=True) if not is_met]
    worst = max(broken, key=lambda question: question.level != "warn", default=None)
    verdict: Verdict = "ok" if worst is None else "warn" if worst.level == "warn" else "fail"
    return Finding(
        guardrail_id=first.guardrail.id,
        scope=first.scope,
        title=first.guardrail.title,
        severity=first.guardrail.severity,
        verdict="missing" if first.value is None else verdict,
        measured=first.value,
        limits=str((worst or asked[-1]).limits),
        advice=first.guardrail.advice,
    )
