"""A person's word for a plan that the breaker holds: for exactly that plan, and for as long as it is the plan.

`muster activate <destination> --audience <slug> --approve <plan id>` carries it out. What it began is written
down, so a retry of it, from Airflow too, needs no second approval; the next snapshot makes another plan.
"""

from __future__ import annotations

from muster.activation.breaker import enforce
from muster.activation.ledger import Ledger
from muster.activation.plan import Plan
from muster.errors import GuardrailHeld


def is_free(plan: Plan, ledger: Ledger, approve: str | None) -> bool:
    """Whether the breaker lets it pass, or a person did, now or when it was begun."""
    return not plan.is_held or approve == plan.id or ledger.has_begun(plan.id)


def refuse_other(plan: Plan, approve: str | None) -> None:
    """Raises GuardrailHeld when the plan that was approved isn't the plan of now."""
    if approve in (None, plan.id):
        return
    raise GuardrailHeld(
        f"'{approve}' was approved, but the plan of the published snapshot {plan.snapshot_id} is {plan.id}; nothing was sent",
        where=_where(plan),
        hint=f"look at {plan.path or 'the plan (--dry-run)'} and approve that one, or leave --approve out",
    )


def hold(plan: Plan) -> None:
    """Raises GuardrailHeld with the numbers and the way on, if the breaker holds the plan."""
    enforce(plan.findings, plan_id=plan.id, where=_where(plan), report=str(plan.path))


def _where(plan: Plan) -> str:
    return f"{plan.destination} / {plan.audience}"
