"""Activate: bring one destination to what one audience is now. The twin is `muster activate <destination>`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from muster_airflow.hooks.source import resolve
from muster_airflow.links import LedgerLink, OverviewLink
from muster_airflow.runtime import quiet, settings_now

if TYPE_CHECKING:
    from airflow.sdk import Context

COUNTS = ("added", "updated", "removed", "already", "unmatched", "ambiguous", "rejected", "calls", "writes")


class ActivateAudience(BaseOperator):
    """Send the difference between the published audience and what the destination has acknowledged."""

    template_fields: Sequence[str] = ("audience",)
    operator_extra_links = (LedgerLink(), OverviewLink())
    ui_color = "#f3e8f0"

    def __init__(self, *, destination: str, audience: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.destination = destination
        self.audience = audience

    def execute(self, context: Context) -> dict[str, int]:
        from muster.activation import activate

        run, ti = context["dag_run"], context["ti"]
        with quiet("httpx", "httpcore"):
            result = activate(
                settings_now(), self.destination, self.audience, resolve,
                run_id=run.run_id, attempt=ti.try_number, on_progress=lambda step: self.log.info("%s", step),
            )  # fmt: skip
        counts = {name: int(getattr(result, name)) for name in COUNTS}
        self.log.info(
            "%s in %s: %s", self.audience, self.destination, ", ".join(f"{v} {k}" for k, v in counts.items())
        )
        return counts
